"""Words, and the content words among them."""

import re
from collections.abc import Sequence
from itertools import chain

from groundwire_server.domain.text.composing import nfc
from groundwire_server.domain.text.stems import stem
from groundwire_server.domain.text.stop_words import STOP_WORDS

_SHORT_TEXT = 1000

_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07a6-\u07b0\u0900-\u0963\u0966-\u096f"
    "\u0971-\u0df3\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f18\u0f19\u0f35\u0f37\u0f39"
    "\u0f71-\u0f84\u0f86-\u0f97\u0f99-\u0fbc\u102b-\u103e\u1056-\u1059\u135d-\u135f\u1712-\u1715\u17b4-\u17d3\u180b-\u180d"
    "\u1920-\u193b\u1b00-\u1b04\u1b34-\u1b44\u1dc0-\u1dff\u200c\u200d\u20d0-\u20f0\u3099\u309a\ufe00-\ufe0f\ufe20-\ufe2f"
)
"""Combining marks, which belong to the letter before them and which `\\w` leaves out."""

_WORD = re.compile(rf"[\w{_MARKS}]+")
_ASCII_SPACES = {code: " " for code in range(128) if not chr(code).isalnum()}
"""What parts words; finding them so takes a third of the time."""
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
"""Scripts written without spaces between words."""


def words(text: str) -> list[str]:
    """Return the runs of letters, marks and digits, case folded and in NFC."""
    return _words(_fold(text))


def content_words(text: str) -> frozenset[str]:
    """Return the content words of a text: without English stop words, each stemmed.

    Stems are for comparing with each other only: singular and plural, and regular verb forms, share one. Chinese and
    Japanese count in pairs of characters.
    """
    found: set[str] = set()
    for word in set(words(text)) - STOP_WORDS:
        found.update(_stems(word))
    return frozenset(found)


def content_terms(text: str, stems: dict[str, Sequence[str]] | None = None) -> list[str]:
    """Return the content words as often as they occur, in their order: what an index counts.

    Args:
        text: any.
        stems: is filled with each word's stems, to be given again with texts that share words.
    """
    stems = {} if stems is None else stems
    found: list[str] = []
    for word in words(text):
        if word not in stems:
            stems[word] = () if word in STOP_WORDS else _stems(word)
        found += stems[word]
    return found


def occurring(wanted: frozenset[str], text: str) -> frozenset[str]:
    """Return which of some content words are among the text's: `wanted & content_words(text)`, many times faster.

    A single Chinese or Japanese character counts wherever it stands.
    """
    if len(text) > _SHORT_TEXT:
        # Looking each stem up costs stems times length, and worse where words run together; this costs the length once.
        return ContentWords(text).occurring(wanted)
    folded = _fold(text)
    return frozenset(word for word in wanted if _occurs(word, folded))


class ContentWords:
    """The content words of a text that is looked into more than once."""

    def __init__(self, text: str) -> None:
        folded = _fold(text)
        found = set(_words(folded)) - STOP_WORDS
        if folded.isascii():
            self._stems = frozenset(map(stem, found))
        else:
            # A single character of an unspaced script counts, too.
            self._stems = frozenset(chain.from_iterable(map(_stems, found))).union(*_UNSPACED.findall(folded))

    def occurring(self, wanted: frozenset[str]) -> frozenset[str]:
        """Return which of some content words are among them, as `occurring` does."""
        return wanted & self._stems


def _stems(word: str) -> Sequence[str]:
    runs = () if word.isascii() else _UNSPACED.findall(word)
    if not runs:
        return (stem(word),)
    return [
        pair for run in runs for pair in ([run] if len(run) == 1 else (run[i : i + 2] for i in range(len(run) - 1)))
    ]


def _words(folded: str) -> list[str]:
    return folded.translate(_ASCII_SPACES).split() if folded.isascii() else _WORD.findall(folded)


def _fold(text: str) -> str:
    return nfc(text.casefold().replace("_", " "))


def _occurs(wanted: str, folded: str) -> bool:
    if _UNSPACED.match(wanted):
        return wanted in folded
    # Every form of a word begins with its stem, but for a `y` that became an `i`, or an `i` that became a `y`.
    beginning = wanted[:-1] if wanted.endswith(("i", "y")) else wanted
    start = folded.find(beginning)
    while start >= 0:
        if not start or not _WORD.fullmatch(folded, start - 1, start):
            word = _WORD.match(folded, start)
            if word and word.group() not in STOP_WORDS and stem(word.group()) == wanted:
                return True
        start = folded.find(beginning, start + 1)
    return False
