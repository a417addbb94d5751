"""Words and phrases that a policy names."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from groundwire_server.domain.failure import GroundwireError
from groundwire_server.domain.fencing.hidden import without_hidden
from groundwire_server.domain.fencing.skeleton import skeleton
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.text.fold import fold
from groundwire_server.domain.text.grams import UNSPACED
from groundwire_server.files.small import UnreadableFileError, text_of

_WORD: Final = re.compile(
    rf"{UNSPACED.pattern}|(?:(?!{UNSPACED.pattern})[^\W_\u00ad]|[\u00ad\u200b-\u200d\u2060\ufeff])+"
)
"""A word, with characters in it that are not seen; scripts without spaces have one of a letter each."""

_ROOT: Final = 0
"""The node of the tree of terms from which all begin."""


_FILE_BYTES: Final = 8 << 20
_FILE_TERMS: Final = 200_000
"""A tree of them takes some 80 MB."""


class BlankTermError(GroundwireError):
    """A term without a letter or digit."""


def terms_in(file: Path) -> Sequence[str]:
    """Return the terms of a file that has one a line, and remarks after `#`.

    Raises:
        UnreadableFileError: when it cannot be read, or has more than can be looked for.
    """
    lines = [line.strip() for line in text_of(file, _FILE_BYTES).splitlines()]
    terms = [line for line in lines if line and not line.startswith("#")]
    if len(terms) > _FILE_TERMS:
        raise UnreadableFileError(
            f"has {len(terms):,} terms, and at most {_FILE_TERMS:,} are looked for: put a guard behind an endpoint in "
            "its place"
        )
    return terms


def check_terms(terms: Iterable[str]) -> None:
    """Make sure that all terms can be looked for.

    Raises:
        BlankTermError: naming the first that has no letter or digit.
    """
    for term in terms:
        _words(term)


class TermsGuard:
    """A LocalGuard that looks for terms, whatever their case, accents, spaces, punctuation and look-alikes.

    A text is gone through once, however many terms there are: they are a tree, and a step in it costs a look-up.

    Args:
        terms: words and phrases.
        category: of what is found.
        at_least: how many different ones make a finding.

    Raises:
        BlankTermError: naming the first that has no letter or digit.
    """

    def __init__(self, terms: Iterable[str], category: str, at_least: int = 1) -> None:
        self._category = category
        self._at_least = at_least
        self._numbers: dict[str, int] = {}
        self._edges: dict[int, int] = {}
        self._phrases: set[int] = set()
        self._of_words = False
        for term in terms:
            words = _words(term)
            node = _ROOT
            for word in words:
                edge = _edge(node, self._numbers.setdefault(word, len(self._numbers)))
                node = self._edges.setdefault(edge, len(self._edges) + 1)
            self._phrases.add(node)
            self._of_words = self._of_words or len(words) > 1

    finds_data = False

    @property
    def by_word(self) -> bool:
        """Whether every term is a word of its own, of which one suffices."""
        return self._at_least == 1 and not self._of_words

    def find(self, text: str) -> Sequence[Finding]:
        """Return every term in the text, the longest of several that begin at one place."""
        found: list[Finding] = []
        different: set[int] = set()
        words = [(_folded(match[0]), match.span()) for match in _WORD.finditer(text)]
        at = 0
        while at < len(words):
            phrase, end = self._longest(words, at)
            if phrase is not None:
                different.add(phrase)
                rule = " ".join(word for word, _ in words[at:end])
                found.append(Finding(self._category, words[at][1][0], words[end - 1][1][1], rule))
            at = end
        return found if len(different) >= self._at_least else ()

    def _longest(self, words: Sequence[tuple[str, tuple[int, int]]], begin: int) -> tuple[int | None, int]:
        """Return the longest term that begins at a word, and the word after it; after the first where there is none."""
        node, phrase, end = _ROOT, None, begin + 1
        for at in range(begin, len(words)):
            number = self._numbers.get(words[at][0])
            following = None if number is None else self._edges.get(_edge(node, number))
            if following is None:
                break
            node = following
            if node in self._phrases:
                phrase, end = node, at + 1
        return phrase, end

    def about(self, rule: str) -> str:
        """Return nothing: a term is its own rule."""
        del rule
        return ""


def _words(term: str) -> Sequence[str]:
    words = [_folded(word[0]) for word in _WORD.finditer(term)]
    if not any(words):
        raise BlankTermError(term)
    return words


def _edge(node: int, number: int) -> int:
    """Return the key of the step from a node of the tree of terms over a word; one number takes less than a pair."""
    return node << 32 | number


def _folded(word: str) -> str:
    return fold(word) if word.isascii() else fold(_latin(without_hidden(word)))


def _latin(word: str) -> str:
    """Return a word with the ASCII letters that others of it look like, where it has ASCII letters besides."""
    alike = skeleton(word)
    return alike if alike.isascii() and not word.isascii() and any(each.isascii() for each in word) else word
