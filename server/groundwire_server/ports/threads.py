"""Threads for work that takes the processor's time."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.requester import Requester

T = TypeVar("T")


class Threads(Protocol):
    """Threads that tenants take turns at."""

    async def run(self, requester: Requester, until: Deadline, work: Callable[[], T]) -> T:
        """Do a piece of work in a thread, and return what it returns.

        Work that has begun cannot be stopped; what has not begun is not done once its caller has left.

        Args:
            requester: on whose behalf.
            until: when it is too late to begin.
            work: is called without arguments.

        Raises:
            Failure: CAPACITY_EXHAUSTED when no thread became free in time; whatever the work raises.
        """
        ...
