"""What happened in runs."""

from collections.abc import AsyncIterator
from typing import Protocol

from groundwire_server.domain.event import Event, Numbered
from groundwire_server.domain.run import RunKey


class RunLog(Protocol):
    """Keeps the events of runs in order, so that several callers can follow one, resume it, or have it again."""

    async def open(self, key: RunKey, asked: bytes) -> bytes | None:
        """Open a run's log and return None; where there is one already, return what it was opened for.

        Args:
            key: the run.
            asked: a digest of what is asked.
        """
        ...

    async def append(self, key: RunKey, event: Event) -> None:
        """Add what happened; those who follow see it."""
        ...

    async def close(self, key: RunKey, keep: float) -> None:
        """Nothing more will happen; the log is forgotten after `keep` seconds, or sooner when room is needed."""
        ...

    def follow(self, key: RunKey, after: int) -> AsyncIterator[Numbered] | None:
        """Yield the events after that number as they happen, to the end of the run; None where there is no such log."""
        ...
