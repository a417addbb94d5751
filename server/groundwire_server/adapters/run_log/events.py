"""The events of one run in memory, for any number of followers."""

import asyncio
from collections.abc import AsyncGenerator

from groundwire_server.domain.event import NumberedEvent
from groundwire_server.domain.failure import Rejection


class RunEvents:
    """The events of one run, numbered from 1 without a gap.

    Attributes:
        closed: whether there will be no more.
    """

    def __init__(self) -> None:
        self.closed = False
        self._events: list[NumberedEvent] = []
        self._ended: Rejection | None = None
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: NumberedEvent) -> None:
        """Add the next event."""
        self._events.append(event)
        self._wake()

    def close(self, ended: Rejection | None = None) -> None:
        """End them; followers meet `ended` after the last event."""
        self.closed, self._ended = True, ended
        self._wake()

    async def follow(self, after: int) -> AsyncGenerator[NumberedEvent, None]:
        """Yield the events after a number as they are added, to the end.

        Raises:
            Rejection: what they were closed with.
        """
        while True:
            changed = self._changed
            for numbered in self._events[after:]:
                yield numbered
                after = numbered.sequence
            if after >= len(self._events):
                if self._ended is not None:
                    raise self._ended
                if self.closed:
                    return
                if changed is self._changed:
                    await changed.wait()

    def _wake(self) -> None:
        """Let those who wait look again; each then waits on the new event."""
        self._changed.set()
        self._changed = asyncio.Event()
