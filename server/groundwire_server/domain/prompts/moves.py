"""Where a label goes back to: what it pointed at before, but for versions that were left by going back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MOST_MOVES: Final = 10_000
"""Moves of one label that are looked at, the last ones: who goes back further names a version."""


@dataclass(frozen=True, slots=True)
class LabelMove:
    """A label was set, or went back.

    Attributes:
        version: that it points at since.
        previous: that it pointed at before; empty without one.
        rolled_back: whether it went back.
    """

    version: str
    previous: str
    rolled_back: bool = False


def earlier(moves: Iterable[LabelMove]) -> str:
    """Return what a label goes back to after its moves; empty where there is nothing.

    Going back again goes back further. A version that was left by going back is passed over until the label is set to
    it again on purpose: else two who go back at once would return to what both meant to leave.

    Args:
        moves: of one label, the oldest first.
    """
    before: list[str] = []
    left: set[str] = set()
    for move in moves:
        if move.rolled_back:
            left.add(move.previous)
            while before and before[-1] != move.version:
                before.pop()
        else:
            left.discard(move.version)
            if move.previous and before[-1:] != [move.previous]:
                before.append(move.previous)
        if before[-1:] != [move.version]:
            before.append(move.version)
    return next((each for each in reversed(before[:-1]) if each not in left and each != before[-1]), "")
