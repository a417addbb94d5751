"""Threads without threads, for tests in virtual time: the time of another thread is the world's."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.adapters.resilience.fair_threads import FairThreads

P = ParamSpec("P")
T = TypeVar("T")


class InlineExecutor(Executor):
    """Does each job where it is submitted.

    Attributes:
        jobs: how many it has done.
    """

    def __init__(self) -> None:
        self.jobs = 0

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Do a job."""
        self.jobs += 1
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as raised:  # noqa: BLE001  # as a thread would
            future.set_exception(raised)
        return future


def inline_threads(executor: InlineExecutor | None = None) -> FairThreads:
    """Threads that are taken in turn, and work where they are asked to."""
    options = ConcurrencyOptions(max_concurrent=1, queue_size=1000)
    return FairThreads(executor or InlineExecutor(), FairLimiter(options))
