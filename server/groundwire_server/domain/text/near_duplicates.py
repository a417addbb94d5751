"""Telling which texts say nothing that another does not say in the same words."""

from collections.abc import Iterable, Set
from typing import Final

_RUN: Final = 4
"""Words of a run; the runs of a text fix the order of its words."""

_IDLE: Final = frozenset({"a", "an", "the"})
_MARKUP: Final = ".,;:!?\"'`´‘’“”„«»()[]{}*_#|\\"
"""What is taken off both ends of a word. Signs and units stay: a number is not the same without them."""


_SAMPLES: Final = 5
"""Words of a text that are looked for in another before all are: nearly all texts lack one of them."""

_STRETCH: Final = 80
"""Code points in which a sample is sought; cutting all of a text into its words costs ten times as much."""


class _Words:
    """The words of a text that count, in their order."""

    __slots__ = ("_runs", "_samples", "_text", "folded")

    def __init__(self, text: str) -> None:
        self._text = text
        self.folded = text.casefold()
        self._samples: list[str] = []
        self._runs: Set[tuple[str, ...]] | None = None

    def are_in(self, other: "_Words") -> bool:
        for number in range(_SAMPLES):
            if number == len(self._samples):
                self._samples.append(self._sample(number))
            if self._samples[number] not in other.folded:
                return False
        return self.runs() <= other.runs()

    def runs(self) -> Set[tuple[str, ...]]:
        if self._runs is None:
            order = _counting(self.folded.split()) or [_without_spaces(self._text)]
            last = max(len(order) - _RUN, 0)
            self._runs = {tuple(order[start : start + _RUN]) for start in range(last + 1)}
        return self._runs

    def _sample(self, number: int) -> str:
        """A word that counts, of one stretch; empty where it has none."""
        start = len(self.folded) * number // _SAMPLES
        # Both ends of a stretch may lie within a word. Long words are rare.
        pieces = self.folded[start : start + _STRETCH].split()[1:-1]
        word = max(pieces, key=len, default="").strip(_MARKUP)
        return "" if word in _IDLE else word


def _counting(pieces: Iterable[str]) -> list[str]:
    stripped = [piece.strip(_MARKUP) for piece in pieces]
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
        for kept in self._kept:
            if words.are_in(kept):
                return False
        self._kept.append(words)
        return True


def _without_spaces(text: str) -> str:
    return " ".join(text.split())
