"""Whether a dependency is called, by how its last calls ended."""

import logging
from collections import OrderedDict, deque
from enum import StrEnum
from typing import Final, Self

from pydantic import Field

from groundwire_server.adapters.resilience.failure_classes import FailureClasses
from groundwire_server.domain.failure import Failure
from groundwire_server.options import Options
from groundwire_server.ports.clock import Clock

_LOG = logging.getLogger(__name__)

_TENANTS: Final = 128
"""Tenants whose last call is remembered, those of the latest calls."""


class CircuitState(StrEnum):
    """The states of a circuit, as spans have them."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOptions(Options):
    """When calls stop for a while because they keep failing."""

    window_seconds: float = Field(30.0, gt=0, le=3600, description="Seconds that the result of a call counts.")
    min_calls: int = Field(5, ge=1, le=10_000, description="Calls in the window before the circuit may open.")
    failure_ratio: float = Field(
        0.5, gt=0, le=1, description="Share of failures among them at which the circuit opens, from 0 to 1."
    )
    open_seconds: float = Field(
        5.0, gt=0, le=3600, description="Seconds until a single call probes it again; doubled when the probe fails."
    )
    max_seconds: float = Field(60.0, gt=0, le=3600, description="Longest time until a probe, in seconds.")


class Circuit:
    """The record of one dependency's calls: open, it lets none through until a probe is due.

    It stays closed unless the last calls of most tenants have failed: one whose prompts are too much for a model must
    not take it away from all.

    Args:
        name: names the dependency in the log.
        options: when the circuit opens, and for how long.
        failures: what the causes of failures say about the dependency.
        clock: the time.

    Attributes:
        options: when the circuit opens, and for how long.
    """

    def __init__(self, name: str, options: CircuitOptions, failures: FailureClasses, clock: Clock) -> None:
        self.options = options
        self._name = name
        self._failure_classes = failures
        self._clock = clock
        self._ends: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._last: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._pause = options.open_seconds
        self._probe_at: float | None = None
        self._era = 0
        self._probe: int | None = None

    def __repr__(self) -> str:
        """Return its state and what led to it."""
        counted = f"{self._failures} of {len(self._ends)} calls failed"
        return f"<Circuit {self._name}: {self.state}, {counted}, probed after {self._pause:g} s>"

    @property
    def state(self) -> CircuitState:
        """The state at this moment."""
        if self._probe_at is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self._clock.now() < self._probe_at else CircuitState.HALF_OPEN

    def guard(self, tenant: str) -> "GuardedCall":
        """Return what a tenant's call is made in: it is refused while the circuit is open, and its end is recorded."""
        return GuardedCall(self, tenant)

    def enter(self) -> int:
        """Let a call through; return the number of the era, which tells its end apart from those of other times.

        Raises:
            Failure: with the time until a probe, when the circuit is open or another call probes.
        """
        match self.state:
            case CircuitState.CLOSED:
                return self._era
            case CircuitState.HALF_OPEN if self._probe is None:
                self._era += 1
                self._probe = self._era
                return self._era
            case _:
                wait = (self._probe_at or 0.0) - self._clock.now()
                raise Failure(
                    self._failure_classes.unavailable, retry_after=wait if wait > 0 else self.options.open_seconds
                )

    def leave(self, entered: int, tenant: str, failure: Failure | None, *, succeeded: bool) -> None:
        """Record the end of a call.

        Args:
            entered: the number of its era.
            tenant: whose it was.
            failure: what it failed with, unless that says nothing about the dependency.
            succeeded: whether it was answered. A call of which neither is known, such as one that its caller left, says
                nothing.
        """
        failed = (False if succeeded else None) if failure is None else self._failure_classes.counts(failure)
        if entered != self._era:
            # It began before the circuit opened and knows nothing of what has been since.
            return
        if entered == self._probe:
            self._probe = None
            if failed is not None:
                self._judge_probe(failed=failed)
        elif failed is not None and self._probe_at is None:
            self._count(tenant, failed=failed)

    def _judge_probe(self, *, failed: bool) -> None:
        if failed:
            self._pause = min(self.options.max_seconds, self._pause * 2)
            self._open()
        else:
            self._pause = self.options.open_seconds
            self._probe_at = None
            _LOG.info("%s answers again: its circuit is closed.", self._name)

    def _count(self, tenant: str, *, failed: bool) -> None:
        now = self._clock.now()
        self._last[tenant] = now, failed
        self._last.move_to_end(tenant)
        if len(self._last) > _TENANTS:
            self._last.popitem(last=False)
        self._ends.append((now, failed))
        self._failures += failed
        while self._ends[0][0] <= now - self.options.window_seconds:
            _, gone = self._ends.popleft()
            self._failures -= gone
        count = len(self._ends)
        if failed and count >= self.options.min_calls and self._failures >= self.options.failure_ratio * count:
            since = now - self.options.window_seconds
            lately = [last_failed for at, last_failed in self._last.values() if at > since]
            if 2 * sum(lately) > len(lately):
                self._open()

    def _open(self) -> None:
        self._ends.clear()
        self._last.clear()
        self._failures = 0
        self._era += 1
        self._probe_at = self._clock.now() + self._pause
        _LOG.warning("%s keeps failing: it is not called for %.0f s.", self._name, self._pause)


class GuardedCall:
    """One call through a circuit, from its beginning to its end."""

    __slots__ = ("_circuit", "_entered", "_excused", "_succeeded", "_tenant")

    def __init__(self, circuit: Circuit, tenant: str) -> None:
        self._circuit = circuit
        self._tenant = tenant
        self._entered = 0
        self._excused = False
        self._succeeded = False

    def succeeded(self) -> None:
        """The dependency has answered, whatever becomes of the answer."""
        self._succeeded = True

    def excuse(self) -> None:
        """The failure to come says nothing about the dependency."""
        self._excused = True

    def __enter__(self) -> Self:
        self._entered = self._circuit.enter()
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        failure = raised if isinstance(raised, Failure) and not self._excused else None
        self._circuit.leave(self._entered, self._tenant, failure, succeeded=self._succeeded)
