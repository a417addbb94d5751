"""A limit that looks for what can be borne: it grows by steps and shrinks by a share (AIMD)."""

from typing import Final

PERIOD: Final = 0.5
"""Seconds between two times that a limit shrinks: what the first has changed must show before the next."""


class AdaptiveLimit:
    """A number between two bounds. It begins at the upper one: what nothing speaks against is allowed.

    Args:
        least: the lower bound.
        most: the upper bound.
    """

    def __init__(self, least: int, most: int) -> None:
        self.least = min(least, most)
        self.most = most
        self._value = float(most)
        self._shrunk = float("-inf")

    @property
    def value(self) -> int:
        """The limit at this moment."""
        return int(self._value)

    def grow(self, by: float) -> None:
        """Raise the limit, to the upper bound at most."""
        self._value = min(self._value + by, float(self.most))

    def shrink(self, share: float, used: int, now: float) -> bool:
        """Lower the limit, at most once in a period; return whether it was lowered.

        Args:
            share: of what is used that remains, 0 to 1. What is allowed beyond it has had no effect yet, so that to
                lower that alone would change nothing.
            used: how much of the limit is used.
            now: the time in seconds.
        """
        if now - self._shrunk < PERIOD:
            return False
        self._shrunk = now
        self._value = max(float(self.least), min(self._value, float(used)) * share)
        return True
