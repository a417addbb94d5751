"""Threads that tenants take turns at."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from groundwire_server.adapters.resilience.fair_limiter import FairLimiter
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause

T = TypeVar("T")


class FairThreads:
    """The Threads of an executor, as many as a limiter has slots: nothing waits in the executor's own queue.

    A thread counts as taken until its work has ended, though its caller may have left before.

    Args:
        executor: has the threads.
        limiter: says whose turn it is.
    """

    def __init__(self, executor: Executor, limiter: FairLimiter) -> None:
        self._executor = executor
        self._limiter = limiter
        self._closed = False

    async def run(self, requester: Requester, until: Deadline, work: Callable[[], T]) -> T:
        """Do a piece of work in a thread, and return what it returns.

        Raises:
            Failure: CAPACITY_EXHAUSTED when no thread became free in time, or the threads have ended; whatever the
                work raises.
        """
        hold = self._limiter.hold(requester, until)
        await self._limiter.enter(hold)
        if self._closed:
            self._limiter.leave(hold, completed=False)
            raise Failure(Cause.CAPACITY_EXHAUSTED)

        def ended(future: "asyncio.Future[T]") -> None:
            self._limiter.leave(hold, completed=not future.cancelled() and future.exception() is None)

        running = asyncio.get_running_loop().run_in_executor(self._executor, work)
        running.add_done_callback(ended)
        return await asyncio.shield(running)

    def close(self, *, wait: bool = False) -> None:
        """Begin nothing more.

        Args:
            wait: until what the threads are doing is done, which otherwise finishes by itself.
        """
        self._closed = True
        self._executor.shutdown(wait=wait, cancel_futures=True)
