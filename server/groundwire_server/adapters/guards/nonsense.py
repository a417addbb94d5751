"""The guard `nonsense`: questions that say nothing in any language."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Final

import stop_words

from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.text.fold import fold

NONSENSE_VERSION: Final = "1"

_SPELLED: Final = (
    "english", "german", "french", "spanish", "italian", "portuguese", "dutch", "polish", "turkish", "swedish",
    "danish", "finnish", "czech", "hungarian", "romanian", "indonesian", "vietnamese", "catalan",
)  # fmt: skip
"""Languages in Latin letters, from whose most frequent words it is known which letters stand together."""

_LETTERS: Final = re.compile(r"[^\W\d_]+")
_LATIN: Final = re.compile(r"[a-z]+")
_ROWS: Final = re.compile(
    "asdf|sdfg|dfgh|fghj|ghjk|hjkl|qwert|zxcv|xcvb|cvbn|vbnm|lkjh|fdsa|poiu|rewq|йцук|ицук|фыва|ывап|олдж"
)
"""Neighbours on a keyboard."""

_AGAIN: Final = re.compile(r"(.)\1{3,}|(..)\2{3,}|(...)\3{2,}")
"""The same letters again and again, as in no word."""

_VOWELS: Final = frozenset("aeiouy")
_PLACEHOLDER: Final = frozenset(
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore "
    "magna aliqua".split()
)

_LEAST_LETTERS: Final = 5
"""Letters of a word from which it can be told that it is none: shorter ones are abbreviations."""

_LEAST_OF_ALL: Final = 8
"""Letters of a question from which it is more than a short name."""

_STRANGE_PAIRS: Final = 0.3
"""The share of pairs of letters that no frequent word of a language has, from which a word is not in it."""

_NONSENSE: Final = 0.5
"""The share of a question's letters in words that are none."""

_REPEATED: Final = 6
_DIFFERENT: Final = 0.25
"""Words of a question from which repetition counts, and the share of different ones up to which it does."""


class NonsenseGuard:
    """A guard that finds questions without a word in them, or with nothing but the same words.

    What is in a script other than Latin is nonsense only where the same signs are repeated: too little is known of
    which letters stand together.
    """

    by_word = False
    finds_data = False

    def about(self, rule: str) -> str:
        """Return what a rule of it looks for: nothing, as their names say it."""
        return ""

    def find(self, text: str) -> Sequence[Finding]:
        """Return the whole text where it is nonsense."""
        rule = _why(text)
        return [Finding("nonsense", 0, len(text), rule)] if rule else []


def _why(text: str) -> str:
    """Return by which rule a text is nonsense; nothing where it is not."""
    if not text.strip():
        return ""
    if not any(map(str.isalnum, text)):
        return "signs alone"
    words = _LETTERS.findall(fold(text))
    if not words:
        return ""
    if len(words) >= _REPEATED:
        if max(Counter(words).values()) > len(words) / 2 and len(set(words)) <= max(2, _DIFFERENT * len(words)):
            return "the same words"
        if len(_PLACEHOLDER.intersection(words)) >= _REPEATED:
            return "placeholder"
    letters = sum(map(len, words))
    if letters < _LEAST_OF_ALL or any(len(word) > 1 and word in _frequent() for word in words):
        return ""
    strange = sum(len(word) for word in words if _is_strange(word))
    return "no words" if strange >= _NONSENSE * letters else ""


def _is_strange(word: str) -> bool:
    """Return whether no language has such a word."""
    if len(word) >= _LEAST_LETTERS and (_ROWS.search(word) or _AGAIN.search(word)):
        return True
    if len(word) < _LEAST_LETTERS or not _LATIN.fullmatch(word):
        return False
    if _VOWELS.isdisjoint(word):
        return True
    pairs = [*pairwise(word)]
    most = _STRANGE_PAIRS * len(pairs)
    return all(sum(pair not in known for pair in pairs) >= most for known in _pairs())


@cache
def _frequent() -> frozenset[str]:
    """Return the most frequent words of the languages in Latin letters."""
    return frozenset(fold(word) for language in _SPELLED for word in stop_words.get_stop_words(language))


@cache
def _pairs() -> Sequence[frozenset[tuple[str, str]]]:
    """Return the letters that stand together in frequent words, by language."""
    listed = [[fold(word) for word in stop_words.get_stop_words(language)] for language in _SPELLED]
    return [frozenset(pair for word in words for pair in pairwise(word)) for words in listed]
