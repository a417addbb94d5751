"""How long to wait before something that has failed is tried again."""

from random import Random
from typing import Final

_DOUBLED_MOST: Final = 32
"""A step that is doubled a thousand times is no float any more."""


class Backoff:
    """Waits between attempts, twice as long each time, with jitter so that what failed together does not come again so.

    Args:
        first: seconds of the first wait.
        longest: seconds that no wait exceeds by itself.
        random: draws the jitter.
    """

    def __init__(self, first: float, longest: float, random: Random) -> None:
        self._first = first
        self._longest = longest
        self._random = random

    def after(self, attempt: int, least: float | None = None) -> float:
        """Return seconds to wait after an attempt, from half to all of its step.

        Args:
            attempt: its number, from 1.
            least: what a dependency asks for; it may be longer than the longest wait.
        """
        step = min(self._longest, self._first * 2.0 ** min(attempt - 1, _DOUBLED_MOST))
        return max(step * (1.0 - self._random.random() / 2.0), least or 0.0)
