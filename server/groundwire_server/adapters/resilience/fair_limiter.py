"""How many calls there may be at once; the rest wait, and slots are shared fairly among tenants."""

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pydantic import Field

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.options import Options

_RETRY_AFTER = 1.0


class ConcurrencyOptions(Options):
    """Calls in flight; workers divide them, and slots are shared fairly among tenants."""

    max_concurrent: int = Field(64, ge=1, le=10_000, description="Calls in flight.")
    queue_size: int = Field(
        256, ge=0, le=100_000, description="Calls that may wait for a slot, within their deadlines."
    )


class FairLimiter:
    """A number of slots, and a queue for each tenant before them.

    A slot that becomes free goes to the tenants in turn, and within a tenant to its oldest call. When all queues
    together are full, the tenant with the longest gives up its newest place to a tenant with a shorter one.
    """

    def __init__(self, options: ConcurrencyOptions) -> None:
        self._options = options
        self._free = options.max_concurrent
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def __repr__(self) -> str:
        """Return how many slots are taken, and how many calls of how many tenants wait."""
        most = self._options.max_concurrent
        waiting = f"{self.waiting} calls of {len(self._queues)} tenants wait"
        return f"<FairLimiter: {most - self._free} of {most} slots taken, {waiting}>"

    @property
    def limit(self) -> int:
        """How many slots there are."""
        return self._options.max_concurrent

    @property
    def used(self) -> int:
        """How many slots are taken."""
        return self._options.max_concurrent - self._free

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return sum(len(queue) for queue in self._queues.values())

    async def acquire(self, tenant: str, deadline: Deadline) -> None:
        """Take a slot, or wait for one until the deadline.

        Raises:
            Failure: CAPACITY_EXHAUSTED when the queue is full, or no slot became free in time.
        """
        if self._free:
            self._free -= 1
            return
        place = self._enqueue(tenant)
        try:
            async with asyncio.timeout_at(None if math.isinf(deadline.at) else deadline.at):
                await place
        except TimeoutError:
            self._leave(tenant, place)
            raise _exhausted() from None
        except asyncio.CancelledError:
            self._leave(tenant, place)
            raise

    def release(self) -> None:
        """Give a slot back: to the tenant whose turn it is, or to the next call."""
        while self._queues:
            tenant, queue = self._queues.popitem(last=False)
            place = queue.popleft()
            if queue:
                self._queues[tenant] = queue
            if not place.done():
                place.set_result(None)
                return
        self._free += 1

    def _enqueue(self, tenant: str) -> "asyncio.Future[None]":
        if self.waiting >= self._options.queue_size:
            self._make_room(tenant)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(tenant, deque()).append(place)
        return place

    def _make_room(self, tenant: str) -> None:
        longest = max(self._queues, key=lambda each: len(self._queues[each]), default=tenant)
        if len(self._queues.get(longest, ())) <= len(self._queues.get(tenant, ())) + 1:
            raise _exhausted()
        newest = self._queues[longest].pop()
        # One that was cancelled in this turn of the loop is yet to leave the queue.
        if not newest.done():
            newest.set_exception(_exhausted())

    def _leave(self, tenant: str, place: "asyncio.Future[None]") -> None:
        if place.done() and not place.cancelled() and place.exception() is None:
            # The slot came in the moment of leaving.
            self.release()
            return
        queue = self._queues.get(tenant)
        if queue is not None and place in queue:
            queue.remove(place)
            if not queue:
                del self._queues[tenant]


@asynccontextmanager
async def acquire_all(limiters: Sequence[FairLimiter], tenant: str, deadline: Deadline) -> AsyncIterator[None]:
    """Hold a slot of each limiter, taken in their order.

    Raises:
        Failure: CAPACITY_EXHAUSTED.
    """
    taken: list[FairLimiter] = []
    try:
        for each in limiters:
            await each.acquire(tenant, deadline)
            taken.append(each)
        yield
    finally:
        for each in reversed(taken):
            each.release()


def _exhausted() -> Failure:
    return Failure(Cause.CAPACITY_EXHAUSTED, retry_after=_RETRY_AFTER)
