"""Locks of documents, so that the changes of a process to one document come one after the other."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from math import isinf
from weakref import WeakValueDictionary

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause


class DocumentLocks:
    """One lock for each document that is being changed."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, tenant: str, names: Iterable[str], deadline: Deadline) -> AsyncIterator[None]:
        """Hold the locks of some documents of a tenant.

        Raises:
            Failure: STORE_TIMEOUT when they are not free by the deadline.
        """
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout_at(None if isinf(deadline.at) else deadline.at):
                    # All changes lock in one order, so that no two wait for each other.
                    for each in sorted(names):
                        await held.enter_async_context(self._locks.setdefault((tenant, each), asyncio.Lock()))
            except TimeoutError:
                raise Failure(Cause.STORE_TIMEOUT) from None
            yield
