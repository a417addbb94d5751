"""The lines in which calls wait for one of the concurrent calls of a limit to end."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

POLL_SECONDS = 0.1
"""How often the first in a line looks whether another process has given something back."""


class QueuePlace:
    """One call's place in a line.

    Attributes:
        event: set when it is worth trying again.
    """

    __slots__ = ("event",)

    def __init__(self) -> None:
        self.event = asyncio.Event()


class WaitingLines:
    """First come, first served: one line for each count, as long as the limit says."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[QueuePlace]] = {}

    def __repr__(self) -> str:
        return f"<WaitingLines: {sum(map(len, self._lines.values()))} calls in {len(self._lines)} lines>"

    def length(self, key: str) -> int:
        """Return how many wait for a count."""
        return len(self._lines.get(key, ()))

    @contextmanager
    def joined(self, key: str) -> Iterator[QueuePlace]:
        """Wait at the end of a line; leaving it, whatever for, lets the next try."""
        place = QueuePlace()
        line = self._lines.setdefault(key, deque())
        line.append(place)
        try:
            yield place
        finally:
            line.remove(place)
            if not line:
                del self._lines[key]
            self.wake(key)

    def is_first(self, key: str, place: QueuePlace) -> bool:
        """Return whether a place is the first of its line."""
        return self._lines[key][0] is place

    def wake(self, key: str) -> None:
        """Let the first of a line try: something was given back."""
        if line := self._lines.get(key):
            line[0].event.set()
