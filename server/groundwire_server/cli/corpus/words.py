"""Which words of a source are not in a text that was made from it."""

import re
import unicodedata
from collections import Counter
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"[^\W_]{2,}")
_HYPHENATED: Final = re.compile(r"(?<=\w)[-\u00ad\u2010]\s*\n\s*(?=\w)")
_BETWEEN: Final = re.compile(r"[\W_]+")
_UNMISTAKABLE: Final = 5
"""Letters from which on a word that is found across spaces and line ends is taken for found."""

_EXAMPLES: Final = 8


class LostWords(NamedTuple):
    """The words that a text lacks.

    Attributes:
        words: how many words the source has.
        lost: how many of them, each as often as it is missing.
        examples: the first of them in the source, each once.
    """

    words: int
    lost: int
    examples: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of the source's words that are lost, 0 to 1."""
        return self.lost / self.words if self.words else 0.0


def lost_words(source: str, text: str) -> LostWords:
    """Return the words that occur in a source more often than in a text, whatever their order.

    Two ways of reading a file split words at different places, such as at the end of a line: a long word counts as
    found where its letters stand one after the other.
    """
    source, text = _normalized(source), _normalized(text)
    wanted, found = Counter(_WORD.findall(source)), Counter(_WORD.findall(text))
    missing = wanted - found
    if not missing:
        return LostWords(wanted.total(), 0, ())
    letters = _BETWEEN.sub("", text)
    for word in list(missing):
        if len(word) >= _UNMISTAKABLE:
            missing[word] = max(wanted[word] - letters.count(word), 0)
    missing = +missing
    # Words that are nowhere in the text say more than those that are there once less.
    ordered = sorted(missing, key=lambda word: word in found)  # a Counter keeps the order of the source
    return LostWords(wanted.total(), missing.total(), tuple(ordered[:_EXAMPLES]))


def _normalized(text: str) -> str:
    return _HYPHENATED.sub("", unicodedata.normalize("NFKC", text)).casefold()
