"""Telling which texts say nothing that another does not say in the same words."""

from collections.abc import Iterable, Sequence, Set
from functools import cached_property
from typing import Final

_RUN: Final = 4
"""Words of a run; the runs of a text fix the order of its words."""

_IDLE: Final = frozenset({"a", "an", "the"})
_MARKUP: Final = ".,;:!?\"'`´‘’“”„«»()[]{}*_#|\\"
"""What is taken off both ends of a word. Signs and units stay: a number is not the same without them."""


_SAMPLES: Final = 5
"""Words of a text that are looked for in another before all are: nearly all texts lack one of them."""


class _Words:
    """The words of a text that count, in their order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._folded = text.casefold()
        self._pieces = self._folded.split()

    def are_in(self, other: "_Words") -> bool:
        return other.may_have(self._sample) and self.runs <= other.runs

    def may_have(self, words: Iterable[str]) -> bool:
        return all(word in self._folded for word in words)

    @cached_property
    def _sample(self) -> Sequence[str]:
        return _counting(self._pieces[:: len(self._pieces) // _SAMPLES + 1])

    @cached_property
    def runs(self) -> Set[tuple[str, ...]]:
        order = _counting(self._pieces) or [_without_spaces(self._text)]
        last = max(len(order) - _RUN, 0)
        return {tuple(order[start : start + _RUN]) for start in range(last + 1)}


def _counting(pieces: Iterable[str]) -> list[str]:
    stripped = (piece.strip(_MARKUP) for piece in pieces)
    return [word for word in stripped if word and word not in _IDLE]


class DistinctTexts:
    """Texts of which each says something that those before it do not.

    A text is a near-duplicate of another when every four words in a row of it are in the other too, whatever their
    case, their punctuation and their mark-up, and articles aside. There is no degree: one number, name or "not" that
    differs makes another statement of a text, however much the rest is alike.
    """

    def __init__(self) -> None:
        self._kept: list[_Words] = []
        self._exact: set[str] = set()

    def add(self, text: str, *, literal: bool = False) -> bool:
        """Add a text, unless it is a near-duplicate; return whether it was added.

        Args:
            text: to add.
            literal: whether case and punctuation count, as in code: only the same text is a duplicate then, but for
                white space.
        """
        if literal:
            exact = _without_spaces(text)
            added = exact not in self._exact
            self._exact.add(exact)
            return added
        words = _Words(text)
        if any(words.are_in(kept) for kept in self._kept):
            return False
        self._kept.append(words)
        return True


def _without_spaces(text: str) -> str:
    return " ".join(text.split())
