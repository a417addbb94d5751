"""Numbered placeholders in the texts of one call."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.masking import MaskedText, mask, merged
from groundwire_server.domain.guards.restoring import PlaceholderForms
from groundwire_server.domain.guards.said_again import SHORTEST_CHANGED, folded, numbered

_WORD: Final = re.compile(r"[^\W_]+")
_DIGIT: Final = re.compile(r"\d")
_NO_WORD: Final = re.compile(r"[^A-Z0-9]+")

_SHORTEST: Final = 4
"""Code points from which on words that were found once are masked wherever they stand: a shorter number or name also
stands for something else."""


class Placeholders:
    """Placeholders such as `[EMAIL_1]` in the texts of one call.

    The same words have the same placeholder in all of them. Words that are found in one text, by what stands around
    them, are masked in the others as well, and those with a digit also in another case or with other punctuation.
    Numbers follow the order of the texts, so that texts which begin alike are masked alike. What already looks like a
    placeholder in a text is never one.

    Args:
        find: returns what is to be masked in a text.
        texts: all of the call.
        written: returns how words are written in a model's reply, such as in a string of JSON: where a text holds a
            reply, they are masked there too.

    Attributes:
        originals: the words that each placeholder stands for.
    """

    def __init__(
        self,
        find: Callable[[str], Iterable[Finding]],
        texts: Iterable[str],
        written: Callable[[str], str] = str,
    ) -> None:
        found = {text: list(merged(find(text))) for text in dict.fromkeys(texts)}
        known = {text[each.start : each.end]: each.category for text, own in found.items() for each in own}
        self._originals: dict[str, str] = {}
        self.originals: Mapping[str, str] = MappingProxyType(self._originals)
        self._masked: dict[str, MaskedText] = {}
        if not known:
            return
        forms = PlaceholderForms({_word(category) for category in known.values()})
        self._reserved = {name for text in found for name in forms.names_in(text)}
        self._given: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._known = _KnownWords(known, written)
        for text, own in found.items():
            others = self._known.find(text) if self._known.likely_in(mask(text, own, _left_out).text) else ()
            self._masked[text] = mask(text, [*own, *others, *self._known.changed(text)], self._placeholder)

    def masked(self, text: str) -> MaskedText:
        """Return one of the texts with its placeholders."""
        return self._masked.get(text) or MaskedText(text)

    def mask(self, text: str) -> str:
        """Return one of the texts with its placeholders, as a string."""
        return self.masked(text).text

    def _placeholder(self, category: str, original: str) -> str:
        original = self._known.as_found(original)
        if (given := self._given.get(original)) is not None:
            return given
        word = _word(category)
        number = self._numbers.get(word, 0) + 1
        while (name := f"{word}_{number}") in self._reserved:
            number += 1
        self._numbers[word] = number
        self._given[original] = f"[{name}]"
        self._originals[f"[{name}]"] = original
        return self._given[original]


class _KnownWords:
    """Words that were found in one text, to be found in the others.

    Args:
        known: the words, each with its category.
        written: returns how they are written in a reply.
    """

    def __init__(self, known: Mapping[str, str], written: Callable[[str], str]) -> None:
        self._spelled = {spelling: words for words in known for spelling in (written(words), words)}
        self._categories = {
            spelling: known[words] for spelling, words in self._spelled.items() if len(spelling) >= _SHORTEST
        }
        self._longest = max(map(len, self._categories), default=0)
        self._keys = {folded(words): category for words, category in self._categories.items() if _DIGIT.search(words)}
        self._by_core: dict[str, list[tuple[str, int]]] = {}
        self._counts: dict[str, set[int]] = {}
        for spelling in sorted(self._categories, key=len, reverse=True):
            if found := list(_WORD.finditer(spelling)):
                start, end = found[0].start(), found[-1].end()
                self._by_core.setdefault(spelling[start:end], []).append((spelling, start))
                self._counts.setdefault(found[0][0], set()).add(len(found))

    def likely_in(self, text: str) -> bool:
        """Return whether `find` may find something."""
        return self._with(text) is not None or not self._counts.keys().isdisjoint(_WORD.findall(text))

    def find(self, text: str) -> Sequence[Finding]:
        """Return where any of the words stand, whole, or all of a text that is a part of them."""
        if (whole := self._with(text)) is not None:
            return [Finding(self._categories[whole], 0, len(text))]
        spans = [word.span() for word in _WORD.finditer(text)]
        return [found for first in range(len(spans)) if (found := self._at(text, spans, first)) is not None]

    def changed(self, text: str) -> Iterator[Finding]:
        """Yield where any of the words that have a digit stand with another case or other punctuation."""
        if self._keys:
            for signs, start, end in numbered(text):
                category = self._keys.get(signs) if len(signs) >= SHORTEST_CHANGED else None
                if category is not None and text[start:end] not in self._spelled:
                    yield Finding(category, start, end)

    def as_found(self, words: str) -> str:
        """Return the words as they were found first."""
        return self._spelled.get(self._with(words) or words, words)

    def _with(self, text: str) -> str | None:
        """Return words that have more in them than a text which says much of them, such as a number cut short.

        A plain word says little of an address that has it, such as `support`, unless it is half of it.
        """
        if not _SHORTEST <= len(text) < self._longest or text in self._spelled:
            return None
        least = 2 * len(text) if text.isalpha() else self._longest
        return next((words for words in self._categories if len(words) <= least and text in words), None)

    def _at(self, text: str, spans: Sequence[tuple[int, int]], first: int) -> Finding | None:
        """Return where known words stand that begin with a word of a text, the longest of them."""
        start, end = spans[first]
        for count in sorted(self._counts.get(text[start:end], ()), reverse=True):
            if first + count > len(spans):
                continue
            for words, before in self._by_core.get(text[start : spans[first + count - 1][1]], ()):
                at = start - before
                if at >= 0 and text.startswith(words, at):
                    return Finding(self._categories[words], at, at + len(words))
        return None


def _left_out(_category: str, _original: str) -> str:
    return " "


def _word(category: str) -> str:
    return _NO_WORD.sub("_", category.upper()).strip("_")
