"""Putting placeholders into checked text: its evidence keeps its places."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from groundwire_server.domain.answer import CheckedSegment, CheckedSentence, Citation, Mask, Span


def masked(segment: CheckedSegment, stretches: Sequence[tuple[int, int, str]], before: str) -> CheckedSegment:
    """Return a segment with a placeholder in the place of each stretch, after the text that stands before it.

    The verdicts stay those of the text as it was written. Quotes and words of passages have placeholders too.

    Args:
        segment: checked, placed after other text perhaps.
        stretches: of its delta: start, end and category, in code points; they may overlap.
        before: the text that stands before it, as it left.
    """
    start = segment.span.start_code_point
    # Where the delta begins: what parts it from the text before it is part of it, and not of its span.
    origin = start + (segment.span.end_code_point - start) - len(segment.delta)
    apart = _apart(stretches)
    if not apart and origin == len(before):
        return segment
    places = _Places(segment.delta, apart)
    text = before + places.text

    def moved(span: Span) -> Span:
        first = places.start(span.start_code_point - origin)
        return Span.within(
            text, len(before) + first, len(before) + max(first, places.end(span.end_code_point - origin))
        )

    hidden = {segment.delta[begin:end]: placeholder(category) for begin, end, category in apart}
    return CheckedSegment(
        places.text,
        moved(segment.span),
        tuple(_cited(each, moved, hidden) for each in segment.citations),
        tuple(_sentence(each, moved, hidden) for each in segment.sentences),
        tuple(_cited(each, moved, hidden) for each in segment.dropped),
        masks=tuple(
            Mask(Span.within(text, len(before) + begin, len(before) + end), category)
            for begin, end, category in places.placeholders
        ),
        written=segment.delta if apart else "",
    )


def placeholder(category: str) -> str:
    """Return what stands in for something of a category."""
    return f"[{category}]"


class _Places:
    """Where what stands in a text is once placeholders are in it.

    Args:
        text: without them.
        stretches: that they stand in for, in order and apart: start, end and category.

    Attributes:
        text: with them.
        placeholders: start, end and category of each.
    """

    def __init__(self, text: str, stretches: Sequence[tuple[int, int, str]]) -> None:
        self._stretches = stretches
        self.placeholders: list[tuple[int, int, str]] = []
        pieces: list[str] = []
        at = size = 0
        for begin, end, category in stretches:
            shown = placeholder(category)
            size += begin - at
            self.placeholders.append((size, size + len(shown), category))
            pieces += text[at:begin], shown
            size += len(shown)
            at = end
        self.text = "".join([*pieces, text[at:]])

    def start(self, point: int) -> int:
        """Return where what begins at a code point begins; within a stretch it is its placeholder's beginning."""
        shift = 0
        for (begin, end, _), (first, last, _) in zip(self._stretches, self.placeholders, strict=True):
            if point <= begin:
                break
            if point < end:
                return first
            shift = last - end
        return point + shift

    def end(self, point: int) -> int:
        """Return where what ends at a code point ends; within a stretch it is its placeholder's end."""
        shift = 0
        for (begin, end, _), (_, last, _) in zip(self._stretches, self.placeholders, strict=True):
            if point <= begin:
                break
            if point < end:
                return last
            shift = last - end
        return point + shift


def _apart(stretches: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return stretches in order, those that overlap as one, of the category of the longest."""
    apart: list[tuple[int, int, str]] = []
    widest = 0
    for begin, end, category in sorted(stretches):
        if apart and begin < apart[-1][1]:
            first, last, kept = apart[-1]
            apart[-1] = (first, max(last, end), category if end - begin > widest else kept)
            widest = max(widest, end - begin)
        elif begin < end:
            apart.append((begin, end, category))
            widest = end - begin
    return apart


def _cited(citation: Citation, moved: Callable[[Span], Span], hidden: Mapping[str, str]) -> Citation:
    quote = _without(citation.quote, hidden)
    return replace(citation, span=moved(citation.span), quote=quote, masked=citation.masked or quote != citation.quote)


def _sentence(sentence: CheckedSentence, moved: Callable[[Span], Span], hidden: Mapping[str, str]) -> CheckedSentence:
    conflicts = tuple(
        replace(each, span=moved(each.span), passage_words=_without(each.passage_words, hidden))
        for each in sentence.conflicts
    )
    return replace(sentence, span=moved(sentence.span), conflicts=conflicts)


def _without(words: str, hidden: Mapping[str, str]) -> str:
    for secret, shown in hidden.items():
        words = words.replace(secret, shown)
    return words
