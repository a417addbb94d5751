"""Placeholders where guards found something: fixed ones in answers, numbered ones in what is sent to a provider."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from groundwire_server.domain.guards.finding import Finding

_LIKE_A_PLACEHOLDER: Final = re.compile(r"\[\s?([a-z][a-z0-9_ ]{0,40})[_ ](\d{1,6})\s?\]", re.ASCII | re.IGNORECASE)
_NO_WORD: Final = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Mask:
    """A placeholder within a masked text.

    Attributes:
        category: the kind of content that it stands for.
        start: where the placeholder begins, in code points of the masked text.
        end: where it ends there; exclusive.
        original: the words that it stands for.
    """

    category: str
    start: int
    end: int
    original: str


@dataclass(frozen=True, slots=True)
class MaskedText:
    """A text with placeholders.

    Attributes:
        text: with them.
        masks: the placeholders, in order.
    """

    text: str
    masks: tuple[Mask, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the masked text that holds a span of the original one, whole placeholders included.

        Args:
            start: in code points of the original text.
            end: in code points of the original text; exclusive.
        """
        return self._place(start, at_end=False), self._place(end, at_end=True)

    def _place(self, position: int, *, at_end: bool) -> int:
        longer = 0
        for mask in self.masks:
            begin = mask.start - longer
            if position <= begin:
                break
            if position < begin + len(mask.original):
                return mask.end if at_end else mask.start
            longer += mask.end - mask.start - len(mask.original)
        return position + longer


def fixed_placeholder(category: str, _original: str) -> str:
    """Return the placeholder of an answer: it names the kind of content, and says nothing else."""
    return f"[{category}]"


def mask(
    text: str, findings: Iterable[Finding], placeholder: Callable[[str, str], str] = fixed_placeholder
) -> MaskedText:
    """Return a text with placeholders for what was found in it.

    Findings that overlap get one placeholder, of the category of the longest.

    Args:
        text: that was searched.
        findings: in any order.
        placeholder: returns the one for a category and the words that were found.
    """
    pieces: list[str] = []
    masks: list[Mask] = []
    length = at = 0
    for found in _merged(findings):
        before, original = text[at : found.start], text[found.start : found.end]
        stand_in = placeholder(found.category, original)
        start = length + len(before)
        length = start + len(stand_in)
        masks.append(Mask(found.category, start, length, original))
        pieces += before, stand_in
        at = found.end
    return MaskedText("".join([*pieces, text[at:]]), tuple(masks)) if masks else MaskedText(text)


def _merged(findings: Iterable[Finding]) -> Iterator[Finding]:
    longest: Finding | None = None
    start = end = 0
    for found in sorted(findings, key=lambda each: (each.start, -each.end)):
        if longest is not None and found.start < end:
            end = max(end, found.end)
            if found.end - found.start > longest.end - longest.start:
                longest = found
            continue
        if longest is not None:
            yield Finding(longest.category, start, end)
        longest, start, end = found, found.start, found.end
    if longest is not None:
        yield Finding(longest.category, start, end)


class Placeholders:
    """Numbered placeholders, such as `[EMAIL_1]`, of one call: the same words have the same one in each of its texts.

    What already looks like a placeholder in a text cannot be taken for one: its number is not given to other words, and
    where it was given before, it gets a placeholder of its own.

    Args:
        find: returns what is masked in a text.
        texts: all that will be masked, as far as it is known.
    """

    def __init__(self, find: Callable[[str], Iterable[Finding]], texts: Iterable[str] = ()) -> None:
        self._find = find
        self._originals: dict[str, str] = {}
        self._given: dict[tuple[str, str], str] = {}
        self._numbers: dict[str, int] = {}
        self._reserved: set[str] = set()
        for text in texts:
            self._reserve(text)

    @property
    def originals(self) -> Mapping[str, str]:
        """The words that each placeholder stands for."""
        return MappingProxyType(self._originals)

    def mask(self, text: str) -> str:
        """Return a text with placeholders for what is found in it."""
        return mask(text, [*self._find(text), *self._reserve(text)], self._placeholder).text

    def _reserve(self, text: str) -> list[Finding]:
        """Keep what looks like a placeholder in a text from being one; return where it is one already."""
        taken: list[Finding] = []
        for like in _LIKE_A_PLACEHOLDER.finditer(text) if "[" in text else ():
            if (name := _written(_word(like[1]), int(like[2]))) in self._originals:
                taken.append(Finding(like[1], like.start(), like.end()))
            else:
                self._reserved.add(name)
        return taken

    def _placeholder(self, category: str, original: str) -> str:
        if (given := self._given.get((category, original))) is not None:
            return given
        word = _word(category)
        number = self._numbers.get(word, 0) + 1
        while (name := _written(word, number)) in self._reserved:
            number += 1
        self._numbers[word] = number
        self._given[category, original] = name
        self._originals[name] = original
        return name


def _word(category: str) -> str:
    return _NO_WORD.sub("_", category.upper())


def _written(word: str, number: int) -> str:
    return f"[{word}_{number}]"
