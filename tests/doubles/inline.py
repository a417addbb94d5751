"""An Executor without threads, for tests in virtual time: the time of another thread is the world's."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

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
