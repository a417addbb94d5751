"""How long something took lately."""

from collections import deque
from typing import Final

_KEPT: Final = 32
_KEPT_SECONDS: Final = 60.0
_LEAST: Final = 4
"""Times that must be known before anything is concluded from them."""

_QUICK: Final = 0.1
"""The share of times that a quick one is among."""


class RecentTimes:
    """The last times that something took, of which the quick ones count: a slow one must not shut the door.

    What is not known is taken for nothing, so that it is tried; so is what was seen a minute ago.
    """

    __slots__ = ("_quick", "_times")

    def __init__(self) -> None:
        self._times: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._quick: float | None = None

    def add(self, seconds: float, now: float) -> None:
        """Remember that it took so long, until now."""
        self._times.append((now, seconds))
        self._quick = None

    def quick(self, now: float) -> float:
        """Return how many seconds it takes when it is quick: nine of ten took no less; 0 where that is not known."""
        while self._times and self._times[0][0] < now - _KEPT_SECONDS:
            self._times.popleft()
            self._quick = None
        if len(self._times) < _LEAST:
            return 0.0
        if self._quick is None:
            self._quick = sorted(seconds for _, seconds in self._times)[int(len(self._times) * _QUICK)]
        return self._quick
