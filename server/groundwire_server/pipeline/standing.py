"""What a route lets leave: what becomes of a sentence whose verdict is below the minimum."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from groundwire_server.domain.answer import CheckedSegment, CheckedSentence, Citation, Span, separator
from groundwire_server.domain.claims.dependence import qualifies, refers_back, stands_alone
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.refused import SentenceFailure
from groundwire_server.domain.shortfall import shortfall, worst
from groundwire_server.domain.vocabulary import BelowMinimum, Cause, ConflictKind, Verdict
from groundwire_server.pipeline.judge import STANDING, JudgedSegment, refused, refused_sentence
from groundwire_server.pipeline.support import Source


@dataclass(frozen=True, slots=True)
class Placed:
    """What may leave of segments that came together.

    Attributes:
        segments: in order.
        dropped: why the first of the sentences that are not among them was below the minimum; None where all are.
        left_out: the same of each sentence, of these segments or before, of which it is now known that none after it
            depends on it.
        failure: of the first segment that may not leave; those before it may.
    """

    segments: tuple[CheckedSegment, ...] = ()
    dropped: Cause | None = None
    left_out: tuple[Cause, ...] = ()
    failure: Failure | None = None

    def or_failed(self, failure: Failure | None) -> "Placed":
        """Return the same with the failure of what followed, where nothing failed before."""
        return self if failure is None else replace(self, failure=self.failure or failure)


class SentencePolicy:
    """What a route makes of the verdicts on one attempt's sentences.

    Args:
        policy: the route's.
        sources: the passages that could carry a sentence.
    """

    def __init__(self, policy: Policy, sources: Sequence[Source]) -> None:
        self._policy = policy
        self._sources = sources
        self._announced = False
        self._pending: list[SentenceFailure] = []

    def place(self, segments: Sequence[JudgedSegment], before: str) -> Placed:
        """Return what may leave of segments, each placed after the text that stands before it.

        Args:
            segments: in order.
            before: the text so far.
        """
        placed: list[CheckedSegment] = []
        left_out: list[Cause] = []
        dropped: list[SentenceFailure] = []
        failed: Failure | None = None
        for segment in segments:
            try:
                kept = self._kept(segment, dropped, left_out)
                if kept:
                    placed.append(_place(segment, kept, before, self._policy.display_limit, self._sources))
                    before += placed[-1].delta
            except Failure as failure:
                failed = failure
                break
        return Placed(tuple(placed), dropped[0].cause if dropped else None, tuple(left_out), failed)

    def end(self) -> tuple[Cause, ...]:
        """Return why each sentence was left out of which that was not known yet: nothing follows."""
        pending, self._pending = self._pending, []
        return tuple(failure.cause for failure in pending)

    def _kept(self, segment: JudgedSegment, dropped: list[SentenceFailure], left_out: list[Cause]) -> list[int]:
        """Return the indexes of the sentences that leave.

        Args:
            segment: that has them.
            dropped: takes the others.
            left_out: takes the causes of those dropped before that now are left out for good.

        Raises:
            SentenceFailure: for the most serious sentence of the segment that may neither leave nor be left out.
        """
        causes = [shortfall(sentence, self._policy) for sentence in segment.sentences]
        if not causes:
            raise SentenceFailure(Cause.UNSUPPORTED, refused(segment.text, self._sources))
        match self._policy.release.below:
            case BelowMinimum.DROP:
                return self._undropped(segment, causes, dropped, left_out)
            case BelowMinimum.CAUTION:
                barring = [
                    None if may_leave_marked(sentence) else cause
                    for sentence, cause in zip(segment.sentences, causes, strict=True)
                ]
            case _:
                barring = causes
        cause = worst(barring)
        if cause is not None:
            raise self._failure(segment, barring.index(cause), cause)
        return list(range(len(causes)))

    def _undropped(
        self,
        segment: JudgedSegment,
        causes: Sequence[Cause | None],
        dropped: list[SentenceFailure],
        left_out: list[Cause],
    ) -> list[int]:
        kept: list[int] = []
        for index, cause in enumerate(causes):
            said = segment.words(segment.sentences[index])
            if cause is None:
                if self._pending and refers_back(said):
                    raise self._pending[0]
                left_out.extend(self.end())
                self._announced = not stands_alone(said)
                kept.append(index)
                continue
            failure = self._failure(segment, index, cause)
            if self._announced or qualifies(said) or not stands_alone(said):
                raise failure
            self._pending.append(failure)
            dropped.append(failure)
        return kept

    def _failure(self, segment: JudgedSegment, index: int, cause: Cause) -> SentenceFailure:
        return SentenceFailure(cause, refused_sentence(segment, segment.sentences[index], self._sources))


def may_leave_marked(sentence: CheckedSentence) -> bool:
    """Return whether a caution suffices for a sentence below the minimum.

    It does not where a passage says otherwise, and not for markup, addresses, commands and requests that no trusted
    passage carries: they act on the reader's machine, or on the reader, whatever stands beside them.
    """
    harmful = sentence.verdict is Verdict.UNSUPPORTED and any(each.kind in _HARMFUL for each in sentence.conflicts)
    return sentence.verdict is not Verdict.CONTRADICTED and not harmful


def _place(
    segment: JudgedSegment, kept: Sequence[int], before: str, limit: int, sources: Sequence[Source]
) -> CheckedSegment:
    """Return the sentences of a segment that leave, with their evidence, after the text that stands before them.

    A citation of a passage that carries nothing of them is dropped.

    Raises:
        Failure: OUTPUT_TOO_LONG, or QUOTE_NOT_FOUND.
    """
    body, places = _body(segment, kept)
    text = before + separator(before, segment.text) + body
    if len(text) > limit:
        raise Failure(Cause.OUTPUT_TOO_LONG)
    offset = len(text) - len(body)
    checked = [
        segment.sentences[index].placed(Span.within(text, offset + start, offset + start + size))
        for index, (start, size) in zip(kept, places, strict=True)
    ]
    whole = Span.within(text, offset, len(text))
    said = [segment.words(segment.sentences[index]) for index in kept]
    citations = [Citation(each.passage, _quote(each, body, said), whole, segment.added) for each in segment.cited]
    carrying = sorted({index for sentence in checked for index in sentence.citations if citations[index].quote})
    standing = [sentence.citations for sentence in checked if sentence.verdict in STANDING]
    if standing and not (carrying and all(set(indexes) <= set(carrying) for indexes in standing)):
        raise SentenceFailure(Cause.QUOTE_NOT_FOUND, refused(body, sources))
    return CheckedSegment(
        delta=text[len(before) :],
        span=whole,
        citations=tuple(citations[index] for index in carrying),
        sentences=tuple(
            replace(sentence, citations=tuple(carrying.index(each) for each in sentence.citations if each in carrying))
            for sentence in checked
        ),
        dropped=tuple(citation for index, citation in enumerate(citations) if index not in carrying),
    )


def _quote(source: Source, body: str, sentences: Sequence[str]) -> str:
    """Return what a citation quotes: of a distrusted passage nothing that stands between sentences, unlooked at."""
    if source.passage.trusted:
        return source.quote(body)
    return next((quote for each in sentences if (quote := source.quote(each))), "")


def _body(segment: JudgedSegment, kept: Sequence[int]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of the sentences that leave, each with what stands before it.

    Beside it stand their places in it: where each begins, and how long it is, in code points.
    """
    ends = [sentence.span.end_code_point for sentence in segment.sentences]
    ends[-1] = len(segment.text)
    body = ""
    places: list[tuple[int, int]] = []
    for index in kept:
        piece = segment.text[ends[index - 1] if index else 0 : ends[index]]
        # The indentation of a first line is part of it.
        body += piece if body else piece.lstrip() if index else piece.lstrip("\n")
        span = segment.sentences[index].span
        start = len(body) - (ends[index] - span.start_code_point)
        places.append((start, span.end_code_point - span.start_code_point))
    return body, places


_HARMFUL = frozenset({ConflictKind.MARKUP, ConflictKind.UNTRUSTED, ConflictKind.COMMAND})
