"""Telling whether a model says again what its prompt says of itself: instructions, marks, the tags with handles."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from groundwire_server.domain.fencing.hidden import without_hidden
from groundwire_server.domain.fencing.skeleton import skeleton

_RUN: Final = 8
"""Words in a row that are no accident: "the passages do not hold the answer" may be a model's own."""

_WORD: Final = re.compile(r"[^\W_]+")
_HANDLE: Final = re.compile(r"\bid\s{0,3}=\s{0,3}[\"'“”‘’]?[ps]\d{1,3}\b")


class PromptWords:
    """A prompt's own words: what it says beside the texts of others.

    Args:
        text: of it.

    Attributes:
        text: the same.
    """

    def __init__(self, text: str = "") -> None:
        self.text = text
        own = frozenset(_runs(_words(text)))
        self._runs: tuple[frozenset[tuple[str, ...]], ...] = (own,) if own else ()

    def __or__(self, other: "PromptWords") -> "PromptWords":
        """Return the words of both; neither is copied."""
        if not other._runs:
            return self
        both = PromptWords()
        both.text = "\n\n".join(filter(None, (self.text, other.text)))
        both._runs = self._runs + other._runs
        return both

    def __repr__(self) -> str:
        """Return how many there are."""
        return f"PromptWords({sum(map(len, self._runs))})"

    def runs_in(self, words: Sequence[str]) -> frozenset[tuple[str, ...]]:
        """Return the runs of words that are the prompt's."""
        found = [own.intersection(_runs(words)) for own in self._runs if not own.isdisjoint(_runs(words))]
        return frozenset().union(*found)


class LeakCheck:
    """The check of one draft, which is read in stretches.

    Args:
        own: the words of its prompt.
        mark: of its fences; empty for none.
        passages: the texts that it may repeat.
    """

    def __init__(self, own: PromptWords, mark: str, passages: Collection[str]) -> None:
        self._own = own
        self._mark = mark
        self._passages = passages
        self._before: Sequence[str] = ()

    def leaks(self, text: str) -> bool:
        """Return whether a text, with the end of what stands before it, has words of the prompt that no passage has."""
        plain = _plain(text)
        words = [*self._before, *_WORD.findall(plain)]
        if self._mark and self._mark in "".join(words):
            return True
        if "=" in plain and not all(self._in_passages(handle) for handle in _HANDLE.findall(plain)):
            return True
        found = self._own.runs_in(words)
        return bool(found and found.difference(*(_runs(_words(passage)) for passage in self._passages)))

    def passed(self, text: str) -> None:
        """Note a text that stands before what follows."""
        self._before = [*self._before, *_words(text)][1 - _RUN :]

    def _in_passages(self, handle: str) -> bool:
        return any(handle in _plain(passage) for passage in self._passages)


def _plain(text: str) -> str:
    return skeleton(without_hidden(text)).casefold()


def _words(text: str) -> list[str]:
    return _WORD.findall(_plain(text))


def _runs(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(_RUN)), strict=False)
