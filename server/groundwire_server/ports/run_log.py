"""What happened in runs."""

from collections.abc import AsyncGenerator
from typing import Protocol

from groundwire_server.domain.erasure import Forgotten
from groundwire_server.domain.event import NumberedEvent
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import RunKey, RunOrigin


class RunLog(Protocol):
    """Keeps the events of runs in order, so that several callers can follow one, resume it, or have it again.

    Every method is awaited, so that a log may be across a network.
    Every adapter passes `tests/contract/run_log/test_run_log.py`.

    Attributes:
        shared: whether other processes see it.
    """

    shared: bool

    async def open(self, key: RunKey, origin: RunOrigin) -> RunOrigin | None:
        """Open a run's log and return None; where there is one already, return the origin it was opened with.

        Args:
            key: the run.
            origin: the call that begins it.
        """
        ...

    async def append(self, key: RunKey, event: NumberedEvent) -> None:
        """Add an event; those who follow see it."""
        ...

    async def close(self, key: RunKey, keep: float, ended: Rejection | None = None) -> None:
        """End the log; it is forgotten after `keep` seconds, or sooner when space is needed.

        Args:
            key: the run.
            keep: seconds.
            ended: what those who follow meet after the last event; None where that is the outcome.
        """
        ...

    async def follow(self, key: RunKey, after: int, window: float = 0.0) -> AsyncGenerator[NumberedEvent, None] | None:
        """Return the events after that number as they happen, to the end; None where there is no log with that event.

        Args:
            key: the run.
            after: the number of an event that the log holds, or 0 for all events.
            window: seconds for which the run is to go on once its last follower has left.

        Raises:
            Rejection: what the run ended with; RUN_UNREACHABLE when it cannot be followed any more.
        """
        ...

    async def forget(self, tenant: str) -> "Forgotten":
        """Forget a tenant's runs that have ended; those that go on are forgotten when they end."""
        ...

    async def followed_elsewhere(self, key: RunKey) -> bool:
        """Return whether another process follows a run of this one."""
        ...

    async def cancel_elsewhere(self, key: RunKey) -> bool:
        """End the run of that name in another process; return False when none has it.

        Raises:
            Rejection: RUN_UNREACHABLE when that cannot be told.
        """
        ...
