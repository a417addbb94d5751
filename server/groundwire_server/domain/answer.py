"""Text with the evidence for it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.vocabulary import Assurance, Cause, Confidence, ConflictKind, Verdict


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an answer as a model wrote it, with the handles of the passages that it cites.

    Attributes:
        text: of one or more lines of Markdown; a blank line before it begins a paragraph.
    """

    text: str
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the answer, in UTF-8 bytes, code points and UTF-16 units; ends are exclusive."""

    start_byte: int
    end_byte: int
    start_code_point: int
    end_code_point: int
    start_utf16_unit: int
    end_utf16_unit: int

    @classmethod
    def within(cls, text: str, start: int, end: int) -> "Span":
        """Return the span of a text from one code point to another."""
        if text.isascii():
            return cls(start, end, start, end, start, end)
        before, within = text[:start], text[start:end]
        byte, unit = len(before.encode()), _utf16_units(before)
        return cls(byte, byte + len(within.encode()), start, end, unit, unit + _utf16_units(within))

    @classmethod
    def each_within(cls, text: str, stretches: Iterable[tuple[int, int]]) -> "Iterator[Span]":
        """Yield the spans of stretches of a text, each after the one before; the text is counted once for all."""
        point = byte = unit = 0
        for start, end in stretches:
            between, within = text[point:start], text[start:end]
            byte, unit = byte + len(between.encode()), unit + _utf16_units(between)
            end_byte, end_unit = byte + len(within.encode()), unit + _utf16_units(within)
            yield cls(byte, end_byte, start, end, unit, end_unit)
            point, byte, unit = end, end_byte, end_unit

    def moved(self, start: "Span", to: "Span") -> "Span":
        """Return where the same stretch stands once what begins with one span begins with another."""
        byte = to.start_byte - start.start_byte
        point = to.start_code_point - start.start_code_point
        unit = to.start_utf16_unit - start.start_utf16_unit
        return Span(
            self.start_byte + byte,
            self.end_byte + byte,
            self.start_code_point + point,
            self.end_code_point + point,
            self.start_utf16_unit + unit,
            self.end_utf16_unit + unit,
        )


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage in support of a span of the answer; the quote is verbatim from the passage.

    Attributes:
        added: whether the service found the passage, where the model had cited none.
        masked: whether the quote has a placeholder in it, and is verbatim but for that.
    """

    passage: Passage
    quote: str
    span: Span
    added: bool = False
    masked: bool = False


@dataclass(frozen=True, slots=True)
class MaskedSpan:
    """A placeholder in the answer, and the kind of content that it stands in for."""

    span: Span
    category: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place where a sentence departs from its evidence.

    Attributes:
        kind: the rule that objects.
        span: the stretch of the answer at fault.
        chunk_id: the passage that says otherwise; empty when none says anything about it.
        passage_words: the words of that passage, verbatim; empty when none says anything about it.
    """

    kind: ConflictKind
    span: Span
    chunk_id: str = ""
    passage_words: str = ""


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """A sentence of the answer with its verdict.

    Attributes:
        support: how far its citations support it, 0 to 1, by the checker's own estimate.
        citations: those that carry the verdict, as indexes into the citations beside the sentence.
        checker: names the check that gave the verdict.
        conflicts: the places where it departs from its evidence.
    """

    span: Span
    verdict: Verdict
    support: float
    citations: tuple[int, ...]
    checker: str
    conflicts: tuple[Conflict, ...] = ()

    def placed(self, span: Span) -> "CheckedSentence":
        """Return the same sentence where it stands at another span."""
        conflicts = tuple(replace(each, span=each.span.moved(self.span, span)) for each in self.conflicts)
        return replace(self, span=span, conflicts=conflicts)


@dataclass(frozen=True, slots=True)
class CheckedSegment:
    """A segment that passed its checks, placed in the answer's text.

    Attributes:
        delta: what it adds to the text, with the white space before it.
        dropped: citations of the model that carry nothing of it.
        masks: the placeholders in it.
        written: the delta without them, as the model wrote it; empty where there are none.
    """

    delta: str
    span: Span
    citations: tuple[Citation, ...]
    sentences: tuple[CheckedSentence, ...]
    dropped: tuple[Citation, ...] = ()
    masks: tuple[MaskedSpan, ...] = ()
    written: str = ""

    @property
    def unmasked(self) -> str:
        """What it adds to the text as the model wrote it."""
        return self.written or self.delta

    @property
    def assurance(self) -> Assurance:
        """How far the segment was checked: VERIFIED when every claim in it is."""
        verified = all(sentence.verdict.verifies for sentence in self.sentences)
        return Assurance.VERIFIED if verified else Assurance.CHECKED


@dataclass(frozen=True, slots=True)
class GroundedText:
    """A validated answer, whole or cut short.

    Attributes:
        model_confidence: the model's own word.
        grounding_score: the mean of the sentences' support, weighted by their length, 0 to 1.
        dropped_citations: those of the model that carry nothing of the text.
        confidence: the service's own, by its levels; None where it was not estimated, as for a text that was cut short.
        probability: what it was read from: the estimated probability that the text answers its question rightly.
        left_out: why each sentence that was left out was below what the route lets leave.
        masks: the placeholders that guards put into the text.
    """

    text: str
    model_confidence: Confidence | None
    citations: tuple[Citation, ...]
    sentences: tuple[CheckedSentence, ...]
    grounding_score: float
    dropped_citations: tuple[Citation, ...] = ()
    confidence: Confidence | None = None
    probability: float | None = None
    left_out: tuple[Cause, ...] = ()
    masks: tuple[MaskedSpan, ...] = ()

    @classmethod
    def of(
        cls, segments: Sequence[CheckedSegment], model_confidence: Confidence | None, left_out: tuple[Cause, ...] = ()
    ) -> "GroundedText":
        """Return the text that checked segments make, in their order."""
        citations: list[Citation] = []
        checked: list[CheckedSentence] = []
        for segment in segments:
            before = len(citations)
            citations += segment.citations
            checked += (
                replace(sentence, citations=tuple(before + index for index in sentence.citations))
                if before
                else sentence
                for sentence in segment.sentences
            )
        return cls(
            text="".join(segment.delta for segment in segments),
            model_confidence=model_confidence,
            citations=tuple(citations),
            sentences=tuple(checked),
            grounding_score=grounding_score(checked),
            dropped_citations=tuple(citation for segment in segments for citation in segment.dropped),
            left_out=left_out,
            masks=tuple(mask for segment in segments for mask in segment.masks),
        )

    @property
    def weakest_verdict(self) -> Verdict | None:
        """The weakest verdict of a sentence that claims something; None where none does."""
        return Verdict.weakest(sentence.verdict for sentence in self.sentences)

    @property
    def verified(self) -> bool:
        """Whether every sentence that claims something is verbatim or entailed, and one does."""
        weakest = self.weakest_verdict
        return weakest is not None and weakest.verifies


def separator(before: str, text: str) -> str:
    """Return the white space between the text so far and what follows it.

    It is a blank line where what follows begins with one, or where a list, a table or code would go on otherwise.

    Args:
        before: the text so far.
        text: what follows, as far as it is known.
    """
    if not before:
        return ""
    return "\n\n" if text.startswith("\n") or stands_apart(before.rpartition("\n\n")[2]) else " "


def stands_apart(text: str) -> bool:
    """Return whether a text is a list, code, a table or several paragraphs, which no sentence can go on with."""
    return "\n" in text or _BLOCK.match(text) is not None


def grounding_score(sentences: Sequence[CheckedSentence]) -> float:
    """Return the mean of the sentences' support, weighted by their length, 0 to 1; 0 without a sentence."""
    lengths = [sentence.span.end_code_point - sentence.span.start_code_point for sentence in sentences]
    return sum(n * sentence.support for n, sentence in zip(lengths, sentences, strict=True)) / max(1, sum(lengths))


_BLOCK: Final = re.compile(r" {0,3}(?:[-*+>|#]|\d{1,9}[.)]\s|`{3}|~{3})| {4}")
"""How a line begins that a sentence after it would be taken for a part of."""


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
