"""Summing log lines: an outage is a few lines and their number, and not a hundred lines a second."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

WINDOW: Final = 10.0
"""Seconds in which the first lines of a kind are written and the others are counted."""
LINES: Final = 10
"""Lines of a kind that are written in a window, where nothing else is said."""
_KINDS: Final = 1024
"""Kinds that are told apart in a window; further ones share one, of many kinds."""


@dataclass(slots=True)
class _Window:
    ends: float
    written: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class LineKind:
    """What makes log lines alike.

    Attributes:
        fields: names and values that they have in common, beside the message.
    """

    logger: str
    level: int
    message: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LineSum:
    """How many lines of a kind were left out, in a window that has ended."""

    kind: LineKind
    left_out: int


_OTHERS: Final = LineKind("groundwire", logging.WARNING, "of many kinds")


class LineSums:
    """Decides which log lines are written, by their kind. It may be used from any thread.

    Args:
        now: seconds on any clock that does not go back.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._windows: dict[LineKind, _Window] = {}
        self._ended: list[LineSum] = []

    def __repr__(self) -> str:
        left_out = sum(window.left_out for window in self._windows.values())
        return f"<LineSums: {len(self._windows)} kinds in their windows, {left_out} lines left out>"

    def admit(self, kind: LineKind, most: int = LINES) -> bool:
        """Return whether the next line of a kind is written; one that is not is counted.

        Args:
            kind: what makes lines alike.
            most: lines of the kind that are written in a window.
        """
        with self._lock:
            now = self._now()
            window = self._windows.get(kind)
            if window is None and len(self._windows) >= _KINDS:
                kind = _OTHERS
                window = self._windows.get(kind)
            if window is None or now >= window.ends:
                self._end(kind, window)
                window = self._windows[kind] = _Window(now + WINDOW)
            if window.written < most:
                window.written += 1
                return True
            window.left_out += 1
            return False

    def ended(self, *, all_windows: bool = False) -> list[LineSum]:
        """Return the sums of the windows that have ended since the last call.

        Args:
            all_windows: end those that have not, too: nothing follows.
        """
        with self._lock:
            now = self._now()
            for kind, window in tuple(self._windows.items()):
                if all_windows or now >= window.ends:
                    del self._windows[kind]
                    self._end(kind, window)
            ended, self._ended = self._ended, []
            return ended

    def _end(self, kind: LineKind, window: _Window | None) -> None:
        if window is not None and window.left_out:
            self._ended.append(LineSum(kind, window.left_out))
