"""Only so many calls at once; the rest wait their turn, and tenants take turns."""

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause

_RETRY_AFTER = 1.0


class FairLimiter:
    """A number of slots, and a line for each tenant before them.

    A slot that becomes free goes to the tenants in turn, and within a tenant to whoever came first. When all lines
    together are full, the tenant with the longest gives up its newest place to a tenant with a shorter one.

    Args:
        slots: how many may hold one at once.
        waiting: how many may wait.
    """

    def __init__(self, slots: int, waiting: int) -> None:
        self._free = slots
        self._places = waiting
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(line) for line in self._lines.values())

    async def acquire(self, tenant: str, deadline: Deadline) -> None:
        """Take a slot, or wait for one until the deadline.

        Raises:
            Failure: CAPACITY_EXHAUSTED when there is no room to wait, or no slot became free in time.
        """
        if self._free:
            self._free -= 1
            return
        place = self._stand_in_line(tenant)
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
        """Give a slot back: to the tenant whose turn it is, or for whoever comes."""
        while self._lines:
            tenant, line = self._lines.popitem(last=False)
            place = line.popleft()
            if line:
                self._lines[tenant] = line
            if not place.done():
                place.set_result(None)
                return
        self._free += 1

    def _stand_in_line(self, tenant: str) -> "asyncio.Future[None]":
        if self.waiting >= self._places:
            self._make_room(tenant)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(tenant, deque()).append(place)
        return place

    def _make_room(self, tenant: str) -> None:
        longest = max(self._lines, key=lambda each: len(self._lines[each]), default=tenant)
        if len(self._lines.get(longest, ())) <= len(self._lines.get(tenant, ())) + 1:
            raise _exhausted()
        newest = self._lines[longest].pop()
        # One that was cancelled in this turn of the loop is yet to leave the line.
        if not newest.done():
            newest.set_exception(_exhausted())

    def _leave(self, tenant: str, place: "asyncio.Future[None]") -> None:
        if place.done() and not place.cancelled() and place.exception() is None:
            # The slot came in the moment of leaving.
            self.release()
            return
        line = self._lines.get(tenant)
        if line is not None and place in line:
            line.remove(place)
            if not line:
                del self._lines[tenant]


@asynccontextmanager
async def acquire_all(slots: "tuple[FairLimiter, ...]", tenant: str, deadline: Deadline) -> AsyncIterator[None]:
    """Hold a slot of each kind, taken in their order.

    Raises:
        Failure: CAPACITY_EXHAUSTED.
    """
    taken: list[FairLimiter] = []
    try:
        for each in slots:
            await each.acquire(tenant, deadline)
            taken.append(each)
        yield
    finally:
        for each in reversed(taken):
            each.release()


def _exhausted() -> Failure:
    return Failure(Cause.CAPACITY_EXHAUSTED, retry_after=_RETRY_AFTER)
