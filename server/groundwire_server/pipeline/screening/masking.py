"""Putting placeholders into checked text: its evidence keeps its places."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from groundwire_server.domain.answer import CheckedSegment, CheckedSentence, Citation, MaskedSpan, Span
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.masking import MaskedText, mask
from groundwire_server.domain.guards.said_again import standing


def masked(
    segment: CheckedSegment, findings: Iterable[Finding], before: str, find: Callable[[str], Iterable[Finding]]
) -> CheckedSegment:
    """Return a segment with placeholders for what was found in its delta, after the text that stands before it.

    The verdicts stay those of the text as it was written. Quotes and words of passages have the placeholders too, and
    others for what they have besides.

    Args:
        segment: checked, placed after other text perhaps.
        findings: in the delta, in any order.
        before: the text that stands before it, as it left.
        find: returns what is to be masked in words of a passage.
    """
    # Where the delta begins: what parts it from the text before it is part of it, and not of its span.
    origin = segment.span.end_code_point - len(segment.delta)
    shown = mask(segment.delta, findings)
    hidden = {words: _hidden(words, shown, find) for words in dict.fromkeys(_quoted(segment)) if words}
    if not shown.masks and origin == len(before) and all(words == each for words, each in hidden.items()):
        return segment
    text = before + shown.text

    def moved(span: Span) -> Span:
        start, end = shown.span(span.start_code_point - origin, span.end_code_point - origin)
        return Span.within(text, len(before) + start, len(before) + end)

    return CheckedSegment(
        shown.text,
        moved(segment.span),
        tuple(_cited(each, moved, hidden) for each in segment.citations),
        tuple(_sentence(each, moved, hidden) for each in segment.sentences),
        tuple(_cited(each, moved, hidden) for each in segment.dropped),
        masks=tuple(
            MaskedSpan(Span.within(text, len(before) + each.start, len(before) + each.end), each.category)
            for each in shown.masks
        ),
        written=segment.delta if shown.masks else "",
    )


def _quoted(segment: CheckedSegment) -> Iterator[str]:
    yield from (each.quote for each in (*segment.citations, *segment.dropped))
    yield from (each.passage_words for sentence in segment.sentences for each in sentence.conflicts)


def _cited(citation: Citation, moved: Callable[[Span], Span], hidden: Mapping[str, str]) -> Citation:
    quote = hidden.get(citation.quote, citation.quote)
    return replace(citation, span=moved(citation.span), quote=quote, masked=citation.masked or quote != citation.quote)


def _sentence(sentence: CheckedSentence, moved: Callable[[Span], Span], hidden: Mapping[str, str]) -> CheckedSentence:
    conflicts = tuple(
        replace(each, span=moved(each.span), passage_words=hidden.get(each.passage_words, ""))
        for each in sentence.conflicts
    )
    return replace(sentence, span=moved(sentence.span), conflicts=conflicts)


def _hidden(words: str, shown: MaskedText, find: Callable[[str], Iterable[Finding]]) -> str:
    """Return words of a passage with placeholders, for what the text has them for too."""
    again = (Finding(each.category, *span) for each in shown.masks for span in standing(words, each.original))
    return mask(words, [*again, *find(words)]).text
