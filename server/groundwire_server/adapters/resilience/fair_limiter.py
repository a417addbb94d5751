"""How many calls there may be at once; the rest wait, and slots are shared fairly among tenants and their subjects."""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from enum import StrEnum, auto
from typing import Final, Self

from pydantic import Field, model_validator

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.fairness.adaptive_limit import AdaptiveLimit
from groundwire_server.domain.fairness.fair_slots import FairSlots, QueuePlace
from groundwire_server.domain.fairness.recent_times import RecentTimes
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.options import Options
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.recording import unrecorded
from groundwire_server.telemetry import metrics

_RETRY_LEAST: Final = 1.0
_RETRY_MOST: Final = 60.0
"""Seconds after which a refused call may come again, whatever is expected."""

_SHRUNK_TO: Final = 0.7
"""What remains of a limit that proved too high; as in TCP CUBIC, so that it is not far below what can be borne."""


class ConcurrencyOptions(Options):
    """Calls in flight; workers divide them, and slots are shared fairly among tenants and their subjects."""

    max_concurrent: int = Field(64, ge=1, le=10_000, description="Calls in flight.")
    queue_size: int = Field(
        256, ge=0, le=100_000, description="Calls that may wait for a slot, within their deadlines."
    )


class AdaptiveConcurrencyOptions(ConcurrencyOptions):
    """Calls of a provider in flight: fewer for a while when it shows that there are too many."""

    min_concurrent: int = Field(
        1, ge=1, le=10_000, description="Calls in flight however slow their provider gets; at most `max_concurrent`."
    )
    adaptive: bool = Field(
        True,
        description="Allow fewer calls for a while when their provider answers 429 or is slow to begin; how long "
        "answers are does not count.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.min_concurrent > self.max_concurrent:
            raise ValueError("min_concurrent must be at most max_concurrent")
        return self


class Refusal(StrEnum):
    """Why a limiter refused a call; the label of a metric.

    Attributes:
        QUEUE_FULL: others had more right to a place.
        DISPLACED: it had a place, and left it to a call with more right to it.
        HOPELESS: no slot was to be expected in time.
        LATE: it waited until it was too late to begin.
    """

    QUEUE_FULL = auto()
    DISPLACED = auto()
    HOPELESS = auto()
    LATE = auto()


class _Waiter(QueuePlace):
    """A call in the queue, which is woken when it has a slot."""

    __slots__ = ("woken",)

    def __init__(self, requester: Requester) -> None:
        super().__init__(requester)
        self.woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class FairLimiter:
    """The slots of something scarce, and the queue before them.

    A call begins at once where a slot is free for its tenant. Otherwise it waits for its turn, until it is too late to
    begin; where no slot is to be expected by then, it is refused at once. When the queue is full, the least urgent
    call leaves, or the newest of the tenant that has most.

    Args:
        options: how many slots and places there are.
        weight: returns the weight of a tenant's share.
        name: in metrics.
        recorder: takes waits and refusals, and watches the slots.
    """

    def __init__(
        self,
        options: ConcurrencyOptions,
        weight: Callable[[str], float] = lambda tenant: 1.0,
        name: str = "",
        recorder: Metrics | None = None,
    ) -> None:
        self._slots: FairSlots[_Waiter] = FairSlots(options.max_concurrent, options.queue_size, weight)
        self._adaptive: AdaptiveLimit | None = None
        if isinstance(options, AdaptiveConcurrencyOptions) and options.adaptive:
            self._adaptive = AdaptiveLimit(options.min_concurrent, options.max_concurrent)
        self._name = name
        self._metrics = recorder or unrecorded().metrics
        self._metrics.watch(metrics.SLOTS_LIMIT, self, lambda each: [((name,), each.limit)])
        self._metrics.watch(metrics.SLOTS_USED, self, lambda each: [((name,), each.used)])
        self._metrics.watch(metrics.SLOTS_WAITING, self, lambda each: [((name,), each.waiting)])
        self._times = RecentTimes()
        self._held: OrderedDict[_Hold, float] = OrderedDict()

    def __repr__(self) -> str:
        """Return how many slots are taken, and how many calls of how many tenants wait."""
        waiting = f"{self.waiting} calls of {self._slots.tenants_waiting} tenants wait"
        return f"<FairLimiter: {self.used} of {self.limit} slots taken, {waiting}>"

    @property
    def limit(self) -> int:
        """How many slots there are."""
        return self._slots.limit

    @property
    def used(self) -> int:
        """How many slots are taken."""
        return self._slots.used

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return self._slots.waiting

    def hold(self, requester: Requester, until: Deadline) -> "_Hold":
        """Return what holds a slot, entered with `async with`.

        Args:
            requester: on whose behalf.
            until: when it is too late to begin. A slot that is free is taken all the same.

        Raises (on entering):
            Failure: CAPACITY_EXHAUSTED when the queue is full, or no slot became free in time.
        """
        return _Hold(self, requester, until)

    def resize(self, limit: int) -> None:
        """Set how many slots there are; what is taken beyond them stays until it is given back."""
        self._slots.limit = limit
        self._admit()

    def expected_wait(self, requester: Requester, now: float) -> float:
        """Return how many seconds a call that came now would wait at the least; 0 where a slot is free or all is new.

        It goes by what quick calls took lately: what is refused by it could not have been served in time.
        """
        slots = self._slots
        if slots.used < slots.limit and not slots.waiting:
            return 0.0
        quick = self._times.quick(now)
        oldest = next(iter(self._held.values()), now)
        rounds = (slots.position(requester) - 1) // max(1, slots.limit)
        return max(0.0, oldest + quick - now) + rounds * quick

    def bears(self) -> None:
        """Let the limit grow after a call that was begun in good time, where it is in demand."""
        if self._adaptive is not None and self.used + 1 >= self.limit:
            self._adaptive.grow(1.0 / self.limit)
            if self._adaptive.value != self.limit:
                self.resize(self._adaptive.value)

    def suffers(self) -> None:
        """Shrink the limit after a sign that there are too many calls."""
        now = asyncio.get_running_loop().time()
        if self._adaptive is not None and self._adaptive.shrink(_SHRUNK_TO, self.used, now):
            self.resize(self._adaptive.value)

    async def enter(self, hold: "_Hold") -> None:
        """Take a slot, or wait for one."""
        now = asyncio.get_running_loop().time()
        if self._slots.waiting:
            # What was kept free for others may be free for all by now.
            self._admit()
        if not self._slots.take(hold.requester, now):
            await self._wait(hold, now)
            waited = asyncio.get_running_loop().time() - now
            self._metrics.record(metrics.SLOTS_WAIT, waited, self._name, hold.requester.priority)
            now += waited
        self._held[hold] = now

    def leave(self, hold: "_Hold", *, completed: bool) -> None:
        """Give a slot back: to the call whose turn it is, or to the next one."""
        began, now = self._held.pop(hold), asyncio.get_running_loop().time()
        if completed:
            self._times.add(now - began, now)
        self._slots.release(hold.requester, now - began)
        if self._slots.waiting:
            self._admit()

    async def _wait(self, hold: "_Hold", now: float) -> None:
        requester, until = hold.requester, hold.until
        if now + self.expected_wait(requester, now) > until.at:
            raise self._refused(Refusal.HOPELESS, requester)
        if self._slots.waiting >= self._slots.size:
            self._make_room(requester)
        waiter = _Waiter(requester)
        self._slots.enqueue(waiter)
        try:
            async with asyncio.timeout_at(None if math.isinf(until.at) else until.at):
                await waiter.woken
        except TimeoutError:
            self._abandon(waiter)
            raise self._refused(Refusal.LATE, requester) from None
        except asyncio.CancelledError:
            self._abandon(waiter)
            raise

    def _make_room(self, requester: Requester) -> None:
        shed = self._slots.to_shed(requester)
        if shed is None:
            raise self._refused(Refusal.QUEUE_FULL, requester)
        self._slots.leave(shed)
        # One that was cancelled in this turn of the loop finds itself gone from the queue.
        if not shed.woken.done():
            shed.woken.set_exception(self._refused(Refusal.DISPLACED, shed.requester))

    def _admit(self) -> None:
        """Wake those who have a slot now."""
        now = asyncio.get_running_loop().time()
        while (waiter := self._slots.next(now)) is not None:
            if waiter.woken.done():
                # It was cancelled in this turn of the loop and is yet to leave.
                self._slots.release(waiter.requester)
            else:
                waiter.woken.set_result(None)

    def _abandon(self, waiter: _Waiter) -> None:
        if waiter.waits:
            self._slots.leave(waiter)
        elif waiter.woken.done() and not waiter.woken.cancelled() and waiter.woken.exception() is None:
            # The slot came in the moment of leaving.
            self._slots.release(waiter.requester)
            self._admit()

    def _refused(self, why: Refusal, requester: Requester) -> Failure:
        self._metrics.add(metrics.SLOTS_REFUSED, 1, self._name, requester.priority, why)
        now = asyncio.get_running_loop().time()
        wait = self.expected_wait(requester, now)
        return Failure(Cause.CAPACITY_EXHAUSTED, retry_after=min(max(wait, _RETRY_LEAST), _RETRY_MOST))


class _Hold:
    """One slot of a limiter, from its beginning to its end.

    Attributes:
        requester: on whose behalf.
        until: when it is too late to begin.
    """

    __slots__ = ("_limiter", "requester", "until")

    def __init__(self, limiter: FairLimiter, requester: Requester, until: Deadline) -> None:
        self._limiter = limiter
        self.requester = requester
        self.until = until

    async def __aenter__(self) -> None:
        await self._limiter.enter(self)

    async def __aexit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        # The reader of a stream that has ended closes it.
        self._limiter.leave(self, completed=kind is None or kind is GeneratorExit)


class HeldSlots:
    """A slot of each of several limiters, taken in their order.

    Args:
        limiters: whose slots are held.
        requester: on whose behalf.
        until: when it is too late to begin.
    """

    __slots__ = ("_holds", "_limiters", "_requester", "_until")

    def __init__(self, limiters: Sequence[FairLimiter], requester: Requester, until: Deadline) -> None:
        self._limiters = limiters
        self._requester = requester
        self._until = until
        self._holds: list[_Hold] = []

    async def __aenter__(self) -> None:
        try:
            for limiter in self._limiters:
                hold = limiter.hold(self._requester, self._until)
                await hold.__aenter__()
                self._holds.append(hold)
        except BaseException:
            await self.__aexit__(asyncio.CancelledError, None, None)
            raise

    async def __aexit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        while self._holds:
            await self._holds.pop().__aexit__(kind, raised, trace)
