"""Placeholders where guards found something."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from groundwire_server.domain.guards.finding import Finding


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

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text that a span of the masked one stands for, whole originals included.

        Args:
            start: in code points of the masked text.
            end: in code points of the masked text; exclusive.
        """
        return self._original_place(start, at_end=False), self._original_place(end, at_end=True)

    def _original_place(self, position: int, *, at_end: bool) -> int:
        longer = 0
        for mask in self.masks:
            if position <= mask.start:
                break
            if position < mask.end:
                return mask.start + longer + (len(mask.original) if at_end else 0)
            longer += len(mask.original) - (mask.end - mask.start)
        return position + longer

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
    for found in merged(findings):
        before, original = text[at : found.start], text[found.start : found.end]
        stand_in = placeholder(found.category, original)
        start = length + len(before)
        length = start + len(stand_in)
        masks.append(Mask(found.category, start, length, original))
        pieces += before, stand_in
        at = found.end
    return MaskedText("".join([*pieces, text[at:]]), tuple(masks)) if masks else MaskedText(text)


def merged(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the stretches of findings in order; those that overlap are one, of the category of the longest."""
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
