"""Where words that were found in one text are said again in another, as people and models change them."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_WORD: Final = re.compile(r"[^\W_](?:\S*[^\W_])?")
_GLUED: Final = re.compile("[0-9A-Za-z]")
_SHORTEST: Final = 4
_SHORTEST_CHANGED: Final = 6
"""Letters and digits from which on other case, accents, punctuation or a few characters more or less are no matter: a
shorter number or name also stands for something else."""

_SPACED: Final = "[0-9A-Za-z_\u00aa-\u058f]"
"""Letters and digits of scripts with spaces."""


def standing(text: str, words: str) -> Iterator[tuple[int, int]]:
    """Yield where words stand in a text, in code points: whole ones, in scripts that put spaces between them."""
    if words in text:
        yield from (found.span() for found in re.finditer(rf"(?<!{_SPACED}){re.escape(words)}(?!{_SPACED})", text))


class FoldedText:
    """A text by its letters and digits alone, without case and accents.

    Args:
        text: in which words are looked for.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        signs = [(place, sign) for place, each in enumerate(text) for sign in _folded(each)]
        self._places = [place for place, _ in signs]
        self._signs = "".join(sign for _, sign in signs)
        self._numbered = list(_numbered(text))

    def said_again(self, words: str, key: str) -> Iterator[tuple[int, int]]:
        """Yield where words are said, in code points: as they are, changed, or a piece of them.

        A longer word that they are a part of counts as a whole. A piece is a word with a digit that is half of them or
        has six signs, and both where it has no letter.

        Args:
            words: that were found in another text.
            key: the same, folded.
        """
        if len(words) >= _SHORTEST:
            yield from standing(self._text, words)
        yield from self.changed(words, key)
        if len(key) < _SHORTEST_CHANGED:
            return
        for signs, start, end in self._numbered:
            half, long = 2 * len(signs) >= len(key), len(signs) >= _SHORTEST_CHANGED
            # Digits alone may be a number of their own, such as a year.
            if ((half and long) if signs.isdigit() else (half or long)) and signs in key:
                yield start, end

    def changed(self, words: str, key: str) -> Iterator[tuple[int, int]]:
        """Yield where words are said with another case, other accents or other punctuation, in code points.

        Args:
            words: that were found in another text.
            key: the same, folded.
        """
        if len(key) < _SHORTEST_CHANGED:
            return
        # Numbers are written with spaces and without; words beside each other are others.
        spaced = 2 * sum(map(str.isdigit, key)) > len(key) or any(map(str.isspace, words))
        at = self._signs.find(key)
        while at >= 0:
            start, end = self._places[at], self._places[at + len(key) - 1] + 1
            if spaced or not any(map(str.isspace, self._text[start:end])):
                yield self._whole(start, end)
            at = self._signs.find(key, at + len(key))

    def _whole(self, start: int, end: int) -> tuple[int, int]:
        while start and _GLUED.match(self._text[start - 1]):
            start -= 1
        while end < len(self._text) and _GLUED.match(self._text[end]):
            end += 1
        return start, end


def _numbered(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words with digits in them, folded, and where each begins and ends but for punctuation."""
    for word in _WORD.finditer(text):
        signs = folded(word[0])
        if len(signs) >= _SHORTEST and any(map(str.isdigit, signs)):
            yield signs, *word.span()


def folded(words: str) -> str:
    """Return the letters and digits of words, without case and accents."""
    return "".join(map(_folded, words))


def _folded(sign: str) -> str:
    if sign.isascii():
        return sign.lower() if sign.isalnum() else ""
    plain = unicodedata.normalize("NFKD", sign).casefold()
    return "".join(str(unicodedata.decimal(each, each)) for each in plain if each.isalnum())
