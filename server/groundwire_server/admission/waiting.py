"""The lines in which calls wait for one of the concurrent calls of a limit to end."""

import asyncio
from bisect import insort
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from operator import attrgetter
from typing import Final

POLL_SECONDS = 0.1
"""How often the first in a line looks whether another process has given something back."""


class LinePlace:
    """One call's place, which it keeps when it moves to another line.

    Attributes:
        number: of its arrival.
        event: set when it is worth trying again.
    """

    __slots__ = ("event", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.event = asyncio.Event()


_BY_ARRIVAL: Final = attrgetter("number")


class WaitingLines:
    """First come, first served: one line for each count, as long as the limit says."""

    def __init__(self) -> None:
        self._lines: dict[str, list[LinePlace]] = {}
        self._arrivals = count()

    def __repr__(self) -> str:
        return f"<WaitingLines: {sum(map(len, self._lines.values()))} calls in {len(self._lines)} lines>"

    def __bool__(self) -> bool:
        return bool(self._lines)

    def length(self, key: str) -> int:
        """Return how many wait for a count."""
        return len(self._lines.get(key, ()))

    def place(self) -> LinePlace:
        """Return the place of a call that begins to wait, behind all that wait already."""
        return LinePlace(next(self._arrivals))

    @contextmanager
    def joined(self, key: str, place: LinePlace) -> Iterator[None]:
        """Wait in a line, in the order of arrival; leaving it, whatever for, lets the next try."""
        line = self._lines.setdefault(key, [])
        insort(line, place, key=_BY_ARRIVAL)
        try:
            yield
        finally:
            line.remove(place)
            if not line:
                del self._lines[key]
            self.wake(key)

    def is_first(self, key: str, place: LinePlace) -> bool:
        """Return whether a place is the first of its line."""
        return self._lines[key][0] is place

    def wake(self, key: str) -> None:
        """Let the first of a line try: something was given back."""
        if line := self._lines.get(key):
            line[0].event.set()
