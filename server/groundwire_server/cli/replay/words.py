"""The words in which two texts differ."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

_PIECE: Final = re.compile(r"\s+|\w+|[^\w\s]")

_WORDS_LIMIT: Final = 4000
"""Pieces of a text beyond which two are not compared word by word: the time grows with their product."""


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A part of a text.

    Attributes:
        changed: whether the other text does not have it there.
    """

    text: str
    changed: bool = False


def compared(before: str, after: str) -> tuple[Sequence[DiffPiece], Sequence[DiffPiece]]:
    """Return two texts in pieces, those marked that only one of them has; together they are the texts."""
    if before == after:
        return [DiffPiece(before)], [DiffPiece(after)]
    one, other = _PIECE.findall(before), _PIECE.findall(after)
    if max(len(one), len(other)) > _WORDS_LIMIT:
        return [DiffPiece(before, changed=True)], [DiffPiece(after, changed=True)]
    left: list[DiffPiece] = []
    right: list[DiffPiece] = []
    for tag, begin, end, begin_other, end_other in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        changed = tag != "equal"
        _add(left, "".join(one[begin:end]), changed=changed)
        _add(right, "".join(other[begin_other:end_other]), changed=changed)
    return left, right


def _add(pieces: list[DiffPiece], text: str, *, changed: bool) -> None:
    if text:
        pieces.append(DiffPiece(text, changed))
