"""Text with the evidence for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.vocabulary import Confidence


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an answer as a model wrote it, with the handles of the passages that it cites."""

    text: str
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the answer, in UTF-8 bytes and in code points; ends are exclusive."""

    start_byte: int
    end_byte: int
    start_code_point: int
    end_code_point: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage in support of a span of the answer; the quote is verbatim from the passage."""

    passage: Passage
    quote: str
    span: Span


@dataclass(frozen=True, slots=True)
class Support:
    """How well a span of the answer is supported, 0 to 1."""

    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class CheckedSegment:
    """A segment that passed its checks, placed in the answer's text.

    Attributes:
        delta: what it adds to the text, with the white space before it.
    """

    delta: str
    span: Span
    citations: tuple[Citation, ...]
    supports: tuple[Support, ...]


@dataclass(frozen=True, slots=True)
class GroundedText:
    """A validated answer, whole or cut short.

    Attributes:
        grounding_score: the mean of the sentences' support, weighted by their length, 0 to 1.
    """

    text: str
    confidence: Confidence | None
    citations: tuple[Citation, ...]
    supports: tuple[Support, ...]
    grounding_score: float

    @classmethod
    def of(cls, segments: Sequence[CheckedSegment], confidence: Confidence | None) -> "GroundedText":
        """Return the text that checked segments make, in their order."""
        supports = tuple(item for segment in segments for item in segment.supports)
        lengths = [item.span.end_code_point - item.span.start_code_point for item in supports]
        return cls(
            text="".join(segment.delta for segment in segments),
            confidence=confidence,
            citations=tuple(citation for segment in segments for citation in segment.citations),
            supports=supports,
            grounding_score=sum(n * item.score for n, item in zip(lengths, supports, strict=True))
            / max(1, sum(lengths)),
        )
