"""Words and phrases that a policy names."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from groundwire_server.domain.failure import GroundwireError
from groundwire_server.domain.fencing.hidden import without_hidden
from groundwire_server.domain.fencing.skeleton import skeleton
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.text.fold import fold
from groundwire_server.domain.text.grams import UNSPACED

_WORD: Final = re.compile(
    rf"{UNSPACED.pattern}|(?:(?!{UNSPACED.pattern})[^\W_\u00ad]|[\u00ad\u200b-\u200d\u2060\ufeff])+"
)
"""A word, with characters in it that are not seen; scripts without spaces have one of a letter each."""


class BlankTermError(GroundwireError):
    """A term without a letter or digit."""


class TermsGuard:
    """A LocalGuard that looks for terms, whatever their case, accents, spaces, punctuation and look-alikes.

    A text is gone through once, however many terms there are.

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
        self._phrases: set[tuple[str, ...]] = set()
        self._longest: dict[str, int] = {}
        for term in terms:
            words = tuple(_folded(word[0]) for word in _WORD.finditer(term))
            if not any(words):
                raise BlankTermError(term)
            self._phrases.add(words)
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 0))

    finds_data = False

    @property
    def by_word(self) -> bool:
        """Whether every term is a word of its own, of which one suffices."""
        return self._at_least == 1 and max(self._longest.values(), default=1) == 1

    def find(self, text: str) -> Sequence[Finding]:
        """Return every term in the text, the longest of several that begin at one place."""
        found: list[Finding] = []
        different: set[tuple[str, ...]] = set()
        words = [(_folded(match[0]), match.span()) for match in _WORD.finditer(text)]
        at = 0
        while at < len(words):
            longest = self._longest.get(words[at][0], 0)
            for size in range(min(longest, len(words) - at), 0, -1):
                phrase = tuple(word for word, _ in words[at : at + size])
                if phrase in self._phrases:
                    different.add(phrase)
                    found.append(Finding(self._category, words[at][1][0], words[at + size - 1][1][1], " ".join(phrase)))
                    at += size - 1
                    break
            at += 1
        return found if len(different) >= self._at_least else ()

    def about(self, rule: str) -> str:
        """Return nothing: a term is its own rule."""
        del rule
        return ""


def _folded(word: str) -> str:
    return fold(word) if word.isascii() else fold(_latin(without_hidden(word)))


def _latin(word: str) -> str:
    """Return a word with the ASCII letters that others of it look like, where it has ASCII letters besides."""
    alike = skeleton(word)
    return alike if alike.isascii() and not word.isascii() and any(each.isascii() for each in word) else word
