"""Checking what a model wrote: each segment before it may leave, then the whole."""

from collections.abc import Mapping

from groundwire_server.domain.answer import CheckedSegment, Citation, GroundedText, Segment, Span, Support
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.draft import Written
from groundwire_server.pipeline.stage import Attributes
from groundwire_server.pipeline.support import Source, support
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
    whole = _span(text, len(text) - len(segment.text), len(text))
    citations = tuple(Citation(source.passage, source.quote(segment.text), whole) for source in cited)
    if not all(citation.quote for citation in citations):
        raise Failure(Cause.QUOTE_NOT_FOUND)
    offset = whole.start_code_point
    supports = tuple(
        Support(_span(text, offset + start, offset + end), support(segment.text[start:end], cited))
        for start, end in sentences(segment.text)
    )
    if not supports or min(item.score for item in supports) < policy.min_support:
        raise Failure(Cause.UNSUPPORTED)
    return CheckedSegment(text[len(before) :], whole, citations, supports)


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
    supports = tuple(item for segment in segments for item in segment.supports)
    lengths = [item.span.end_code_point - item.span.start_code_point for item in supports]
    return GroundedText(
        text="".join(segment.delta for segment in segments),
        confidence=confidence,
        citations=tuple(citation for segment in segments for citation in segment.citations),
        supports=supports,
        grounding_score=sum(n * item.score for n, item in zip(lengths, supports, strict=True)) / max(1, sum(lengths)),
    )


def describe(answer: GroundedText) -> Attributes:
    """What a validated answer says to the trace."""
    return {
        names.CONFIDENCE: answer.confidence.value if answer.confidence else "",
        names.GROUNDING: answer.grounding_score,
        names.CITATIONS: len(answer.citations),
    }


def _span(text: str, start: int, end: int) -> Span:
    start_byte = len(text[:start].encode())
    return Span(start_byte, start_byte + len(text[start:end].encode()), start, end)
