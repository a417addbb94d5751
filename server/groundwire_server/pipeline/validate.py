"""Checking what a model wrote: each segment before it may leave, then the whole."""

from collections.abc import Mapping
from dataclasses import replace

from groundwire_server.domain.answer import CheckedSegment, CheckedSentence, Citation, GroundedText, Segment, Span
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.draft import Written
from groundwire_server.pipeline.stage import Attributes
from groundwire_server.pipeline.support import Source, check_sentence
from groundwire_server.telemetry import names


def check_segment(segment: Segment, before: str, sources: Mapping[str, Source], policy: Policy) -> CheckedSegment:
    """Return the segment with its evidence, placed after the text that stands before it.

    Args:
        segment: what a model wrote.
        before: the text so far.
        sources: what it may cite, by handle.
        policy: the route's limits.

    Raises:
        Failure: CITATION_MISSING, CITATION_UNKNOWN, QUOTE_NOT_FOUND, UNSUPPORTED or OUTPUT_TOO_LONG.
    """
    if not segment.cites:
        raise Failure(Cause.CITATION_MISSING)
    if not all(handle in sources for handle in segment.cites):
        raise Failure(Cause.CITATION_UNKNOWN)
    cited = [sources[handle] for handle in segment.cites]
    text = f"{before} {segment.text}" if before else segment.text
    if len(text) > policy.display_limit:
        raise Failure(Cause.OUTPUT_TOO_LONG)
    whole = Span.within(text, len(text) - len(segment.text), len(text))
    citations = tuple(Citation(source.passage, source.quote(segment.text), whole) for source in cited)
    if not all(citation.quote for citation in citations):
        raise Failure(Cause.QUOTE_NOT_FOUND)
    offset = whole.start_code_point
    checked = tuple(
        check_sentence(segment.text[start:end], Span.within(text, offset + start, offset + end), cited)
        for start, end in sentences(segment.text)
    )
    if not checked or min(sentence.support for sentence in checked) < policy.min_support:
        raise Failure(Cause.UNSUPPORTED)
    return CheckedSegment(text[len(before) :], whole, citations, checked)


def check_answer(written: Written, segments: tuple[CheckedSegment, ...], policy: Policy) -> GroundedText:
    """Return the whole answer.

    Raises:
        Failure: what the model did wrong while it wrote, MODEL_ABSTAINED, CONFIDENCE_NOT_ALLOWED or QUOTE_NOT_FOUND.
    """
    if written.violation is not None:
        raise written.violation
    if not segments:
        raise Failure(Cause.MODEL_ABSTAINED)
    if written.confidence not in policy.allowed_confidence:
        raise Failure(Cause.CONFIDENCE_NOT_ALLOWED)
    answer = assemble(segments, written.confidence)
    if not all(citation.quote in citation.passage.text for citation in answer.citations):
        raise Failure(Cause.QUOTE_NOT_FOUND)
    return answer


def assemble(segments: tuple[CheckedSegment, ...], confidence: Confidence | None) -> GroundedText:
    """Put checked segments together; the grounding score is the sentences' mean weighted by their length."""
    citations: list[Citation] = []
    checked: list[CheckedSentence] = []
    for segment in segments:
        before = len(citations)
        citations += segment.citations
        checked += (
            replace(sentence, citations=tuple(before + index for index in sentence.citations))
            for sentence in segment.sentences
        )
    lengths = [sentence.span.end_code_point - sentence.span.start_code_point for sentence in checked]
    return GroundedText(
        text="".join(segment.delta for segment in segments),
        model_confidence=confidence,
        citations=tuple(citations),
        sentences=tuple(checked),
        grounding_score=sum(n * sentence.support for n, sentence in zip(lengths, checked, strict=True))
        / max(1, sum(lengths)),
    )


def describe(answer: GroundedText) -> Attributes:
    """What a validated answer says to the trace."""
    return {
        names.CONFIDENCE: answer.model_confidence.value if answer.model_confidence else "",
        names.GROUNDING: answer.grounding_score,
        names.CITATIONS: len(answer.citations),
    }
