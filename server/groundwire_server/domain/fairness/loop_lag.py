"""How late the event loop was lately."""

from typing import Final

_WINDOW: Final = 1.0
"""Seconds of which the worst is kept, for as long again."""


class LoopLag:
    """What a task that is ready waits for its turn of the event loop, as heartbeats and calls have measured it."""

    def __init__(self) -> None:
        self._began = float("-inf")
        self._worst = 0.0
        self._worst_before = 0.0
        self._sum = 0.0
        self._count = 0

    def add(self, seconds: float, now: float) -> None:
        """Take in a measurement that ends now."""
        self._turn(now)
        self._worst = max(self._worst, seconds)
        self._sum += seconds
        self._count += 1

    def worst(self, now: float) -> float:
        """Return the worst of the last one to two seconds, in seconds."""
        self._turn(now)
        return max(self._worst, self._worst_before)

    def take_mean(self) -> float | None:
        """Return the mean of what was measured since this was last called; None where nothing was."""
        mean = self._sum / self._count if self._count else None
        self._sum, self._count = 0.0, 0
        return mean

    def _turn(self, now: float) -> None:
        passed = now - self._began
        if passed >= _WINDOW:
            self._worst_before = self._worst if passed < 2 * _WINDOW else 0.0
            self._worst = 0.0
            self._began = now
