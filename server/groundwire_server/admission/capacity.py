"""How much this process does at once: a number of calls that follows the event loop's lag, and a queue before it."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Final, Self

from pydantic import Field, model_validator

from groundwire_server.domain.admission import Applicant, Work
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.fairness.adaptive_limit import AdaptiveLimit
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.fairness.recent_times import RecentTimes
from groundwire_server.domain.vocabulary import Priority, Reason
from groundwire_server.options import Options
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.slots import Slots

_TICK: Final = 0.25
"""Seconds of which the mean lag is judged: a pause of the garbage collector is over by then."""

_LATE_IN_A_ROW: Final = 2
"""Ticks that the loop is late, one after the other, before the limit shrinks: one may have a reason of its own."""

_SHRUNK_LEAST: Final = 0.5
_GROWN_BY: Final = 1 / 32
"""What a limit grows by in a tick, at least by one: with a limit of hundreds, one by one would take minutes."""


class CapacityOptions(Options):
    """Calls that this process works on at once: answers, searches, checks and documents; others wait for their turn."""

    max_concurrent: int = Field(
        512, ge=1, le=10_000, description="Calls at once; each streamed answer is one until it ends."
    )
    min_concurrent: int = Field(
        8, ge=1, le=10_000, description="Calls at once however late the event loop is; at most `max_concurrent`."
    )
    max_lag_seconds: float = Field(
        0.02,
        gt=0,
        le=10,
        description="How late the event loop may be: above it fewer calls are worked on at once, below it more again.",
    )
    max_background: int = Field(
        8, ge=1, le=10_000, description="Documents that are stored and other calls in the background, at once."
    )
    queue_size: int = Field(
        1024, ge=0, le=100_000, description="Calls that may wait for their turn, within their deadlines."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        # The default gives way to a lower limit; a value that was set contradicts it.
        if "min_concurrent" in self.model_fields_set and self.min_concurrent > self.max_concurrent:
            raise ValueError("min_concurrent must be at most max_concurrent")
        return self


class Capacity:
    """The limit on what this process does at once.

    It is the process's own limit alone: a model that is full is the model's affair, and may have a fallback.

    Args:
        options: bounds of the limit.
        slots: of all calls.
        background: slots that calls in the background need as well: they must give way to the others.
        lag: how late the event loop is.
        clock: the event loop's.
    """

    def __init__(self, options: CapacityOptions, slots: Slots, background: Slots, lag: LoopLag, clock: Clock) -> None:
        self._options = options
        self._slots = slots
        self._background = background
        self._lag = lag
        self._clock = clock
        self._limit = AdaptiveLimit(options.min_concurrent, options.max_concurrent)
        self._times = {work: RecentTimes() for work in Work}
        self._ticked = clock.now()
        self._late = 0

    def __repr__(self) -> str:
        return f"<Capacity: {self._slots}, {self._background} in the background>"

    def hold(self, applicant: Applicant) -> "_Held":
        """Return what holds a slot while the applicant works, to be entered with `async with`.

        Raises (on entering):
            Rejection: OVERLOADED, at once where no slot is to be expected in time.
        """
        return _Held(self, applicant)

    def beat(self, lag: float) -> None:
        """Take in how late the event loop was, in seconds, and adapt the limit to it when it is time to."""
        now = self._clock.now()
        self._lag.add(lag, now)
        if now - self._ticked >= _TICK:
            self._ticked = now
            self._adapt(now)

    async def enter(self, held: "_Held") -> None:
        """Take what an applicant needs, or wait for it."""
        applicant, now = held.applicant, self._clock.now()
        asyncio.get_running_loop().call_soon(self._measured, now)
        reply_by = applicant.deadline.reply_by(applicant.arrived, self._lag.worst(now))
        begin_by = Deadline(reply_by.at - self._times[applicant.work].quick(now))
        requester = applicant.requester
        needed = (self._slots,) if requester.priority is Priority.INTERACTIVE else (self._background, self._slots)
        try:
            for slots in needed:
                hold = slots.hold(requester, begin_by)
                await hold.__aenter__()
                held.slots.append(hold)
        except Failure as failure:
            await self.leave(held, completed=False)
            raise Rejection(Reason.OVERLOADED, retry_after=failure.retry_after) from None
        except BaseException:
            await self.leave(held, completed=False)
            raise
        held.began = self._clock.now()

    async def leave(self, held: "_Held", *, completed: bool) -> None:
        """Give back what an applicant has taken."""
        while held.slots:
            await held.slots.pop().__aexit__(None if completed else asyncio.CancelledError, None, None)
        if completed:
            now = self._clock.now()
            self._times[held.applicant.work].add(now - held.began, now)

    def _measured(self, since: float) -> None:
        """Take in how long a call waited for its turn of the event loop."""
        self.beat(self._clock.now() - since)

    def _adapt(self, now: float) -> None:
        mean = self._lag.take_mean()
        if mean is None:
            return
        most = self._options.max_lag_seconds
        self._late = self._late + 1 if mean > most else 0
        if self._late >= _LATE_IN_A_ROW:
            self._limit.shrink(max(_SHRUNK_LEAST, most / mean), self._slots.used, now)
        elif not self._late and (self._slots.waiting or self._slots.used >= self._slots.limit):
            self._limit.grow(max(1.0, self._limit.value * _GROWN_BY))
        if self._limit.value != self._slots.limit:
            self._slots.resize(self._limit.value)


class _Held:
    """What one applicant holds.

    Attributes:
        applicant: who holds it.
        slots: what it has entered.
        began: when it was admitted, in seconds.
    """

    __slots__ = ("_capacity", "applicant", "began", "slots")

    def __init__(self, capacity: Capacity, applicant: Applicant) -> None:
        self._capacity = capacity
        self.applicant = applicant
        self.slots: list[AbstractAsyncContextManager[None]] = []
        self.began = 0.0

    async def __aenter__(self) -> None:
        await self._capacity.enter(self)

    async def __aexit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        await self._capacity.leave(self, completed=kind is None)
