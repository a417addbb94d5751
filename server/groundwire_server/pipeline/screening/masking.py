"""Putting placeholders into checked text: its evidence keeps its places."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from groundwire_server.domain.answer import CheckedSegment, CheckedSentence, Citation, MaskedSpan, Span
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.masking import MaskedText, mask


def masked(segment: CheckedSegment, findings: Iterable[Finding], before: str) -> CheckedSegment:
    """Return a segment with placeholders for what was found in its delta, after the text that stands before it.

    The verdicts stay those of the text as it was written. Quotes and words of passages have the placeholders too.

    Args:
        segment: checked, placed after other text perhaps.
        findings: in the delta, in any order.
        before: the text that stands before it, as it left.
    """
    # Where the delta begins: what parts it from the text before it is part of it, and not of its span.
    origin = segment.span.end_code_point - len(segment.delta)
    shown = mask(segment.delta, findings)
    if not shown.masks and origin == len(before):
        return segment
    text = before + shown.text

    def moved(span: Span) -> Span:
        start, end = shown.span(span.start_code_point - origin, span.end_code_point - origin)
        return Span.within(text, len(before) + start, len(before) + end)

    return CheckedSegment(
        shown.text,
        moved(segment.span),
        tuple(_cited(each, moved, shown) for each in segment.citations),
        tuple(_sentence(each, moved, shown) for each in segment.sentences),
        tuple(_cited(each, moved, shown) for each in segment.dropped),
        masks=tuple(
            MaskedSpan(Span.within(text, len(before) + each.start, len(before) + each.end), each.category)
            for each in shown.masks
        ),
        written=segment.delta if shown.masks else "",
    )


def _cited(citation: Citation, moved: Callable[[Span], Span], shown: MaskedText) -> Citation:
    quote = _without(citation.quote, shown)
    hidden = citation.masked or quote != citation.quote
    return replace(citation, span=moved(citation.span), quote=quote, masked=hidden)


def _sentence(sentence: CheckedSentence, moved: Callable[[Span], Span], shown: MaskedText) -> CheckedSentence:
    conflicts = tuple(
        replace(each, span=moved(each.span), passage_words=_without(each.passage_words, shown))
        for each in sentence.conflicts
    )
    return replace(sentence, span=moved(sentence.span), conflicts=conflicts)


def _without(words: str, shown: MaskedText) -> str:
    """Return words of a passage with the placeholders that the text has in their place."""
    for each in shown.masks:
        words = words.replace(each.original, shown.text[each.start : each.end])
    return words
