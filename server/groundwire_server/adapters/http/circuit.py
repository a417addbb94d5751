"""One model's record at its provider, and whether it is to be asked."""

import logging
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.clock import Clock

_LOG = logging.getLogger(__name__)

FAILURES: Final = frozenset({Cause.MODEL_UNAVAILABLE, Cause.MODEL_SLOW_START, Cause.MODEL_INTERRUPTED})
"""What counts against a model. Any other end shows that it is there, but for a caller's time running out, which says
nothing: callers with little time must not take a model away from the others."""


class State(StrEnum):
    """A circuit's."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerOptions:
    """When a circuit opens and for how long.

    Attributes:
        window_seconds: how long an end counts.
        least: ends in the window below which the circuit stays closed.
        share: of failures among them, from which on it opens.
        open_seconds: until a probe is let through; doubled each time that a probe fails.
        most_seconds: the longest of these.
    """

    window_seconds: float = 30.0
    least: int = 5
    share: float = 0.5
    open_seconds: float = 5.0
    most_seconds: float = 60.0


class Circuit:
    """One model's record at one provider.

    Args:
        name: for the log.
        options: when it opens.
        clock: whose time it is.

    Attributes:
        options: when it opens.
    """

    def __init__(self, name: str, options: BreakerOptions, clock: Clock) -> None:
        self._name = name
        self.options = options
        self._clock = clock
        self._ends: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._pause = options.open_seconds
        self._opens_at: float | None = None
        self._era = 0
        self._probe: int | None = None

    def now(self) -> float:
        """The time on its clock."""
        return self._clock.now()

    @property
    def state(self) -> State:
        """As it is now."""
        if self._opens_at is None:
            return State.CLOSED
        return State.OPEN if self._clock.now() < self._opens_at else State.HALF_OPEN

    def enter(self) -> int:
        """A call wants through; the number that it gets tells its end apart from those of other times.

        Raises:
            Failure: MODEL_UNAVAILABLE, with the time until it may be tried.
        """
        match self.state:
            case State.CLOSED:
                return self._era
            case State.HALF_OPEN if self._probe is None:
                self._era += 1
                self._probe = self._era
                return self._era
            case _:
                wait = (self._opens_at or 0.0) - self._clock.now()
                raise Failure(Cause.MODEL_UNAVAILABLE, retry_after=wait if wait > 0 else self.options.open_seconds)

    def leave(self, entered: int, *, failed: bool | None) -> None:
        """A call has ended.

        Args:
            entered: the number that it got.
            failed: None for an end that says nothing about the model, such as a caller's own leaving.
        """
        if entered != self._era:
            # It began before the circuit opened and knows nothing of what has been since.
            return
        if entered == self._probe:
            self._probe = None
            if failed is not None:
                self._judge(failed=failed)
        elif failed is not None and self._opens_at is None:
            self._count(failed=failed)

    def _judge(self, *, failed: bool) -> None:
        if failed:
            self._pause = min(self.options.most_seconds, self._pause * 2)
            self._open()
        else:
            self._pause = self.options.open_seconds
            self._opens_at = None
            _LOG.info("Model %s answers again: its circuit is closed.", self._name)

    def _count(self, *, failed: bool) -> None:
        now = self._clock.now()
        self._ends.append((now, failed))
        self._failures += failed
        while self._ends[0][0] <= now - self.options.window_seconds:
            _, gone = self._ends.popleft()
            self._failures -= gone
        count = len(self._ends)
        if failed and count >= self.options.least and self._failures >= self.options.share * count:
            self._open()

    def _open(self) -> None:
        self._ends.clear()
        self._failures = 0
        self._era += 1
        self._opens_at = self._clock.now() + self._pause
        _LOG.warning("Model %s keeps failing: it is not asked for %.0f s.", self._name, self._pause)


def counts(failure: Failure) -> bool | None:
    """Whether a failure counts against the model; None when it says nothing about it."""
    return None if failure.cause is Cause.MODEL_TIMEOUT else failure.cause in FAILURES
