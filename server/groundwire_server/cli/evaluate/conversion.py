"""What comes back from a server, as it is recorded."""

from collections.abc import Iterable
from typing import Any, TypeVar

from google.protobuf.duration_pb2 import Duration

import groundwire
from groundwire.v1 import cause_pb2, grounding_pb2, outcome_pb2, passage_pb2, report_pb2
from groundwire_server.cli.words import word
from groundwire_server.domain.vocabulary import (
    Action,
    Cause,
    Confidence,
    ConflictKind,
    NextStep,
    Purpose,
    Stage,
    Verdict,
)
from groundwire_server.evaluation.recording import (
    RecordedAnswer,
    RecordedCitation,
    RecordedConflict,
    RecordedOutcome,
    RecordedPassage,
    RecordedSentence,
    RecordedStage,
    RecordedUsage,
)

_DIGITS = 6
_UNSET = 0


def recorded_passages(passages: Iterable[passage_pb2.Passage]) -> tuple[RecordedPassage, ...]:
    """Return passages as they are recorded."""
    return tuple(
        RecordedPassage(
            chunk_id=passage.chunk_id,
            document_id=passage.document_id,
            title=passage.title,
            text=passage.text,
            relevance=_score(passage.scores, "relevance"),
            vector_similarity=_score(passage.scores, "vector_similarity"),
            keyword=_score(passage.scores, "keyword"),
        )
        for passage in passages
    )


def recorded_outcome(message: outcome_pb2.Outcome) -> RecordedOutcome:
    """Return an outcome as it is recorded.

    Raises:
        ValueError: when it has a word that this version does not know.
    """
    outcome = groundwire.outcome_of(message)
    report = message.report
    return RecordedOutcome.model_validate(
        {
            "result": outcome.kind,
            "cause": Cause(outcome.cause),
            "action": Action(outcome.action),
            "next_step": NextStep(word(outcome_pb2.NextStep, message.next_step)),
            "answer": None if outcome.answer is None or not outcome.answer.text else _answer(outcome.answer),
            "model": report.model,
            "prompt": f"{report.prompt_name} {report.prompt_version}".strip(),
            "corpus_version": report.corpus_version,
            "trace_id": report.trace_id,
            "usage": tuple(
                RecordedUsage(
                    model=used.model,
                    purpose=Purpose(word(report_pb2.Usage.Purpose, used.purpose)),
                    input_tokens=used.input_tokens,
                    output_tokens=used.output_tokens,
                    cost_micros=used.cost_micros,
                    currency=used.currency,
                )
                for used in report.usage
            ),
            "stages": tuple(
                RecordedStage(
                    stage=Stage(word(report_pb2.Stage, run.stage)),
                    duration_ms=_milliseconds(run.duration),
                    cause=_known(Cause, cause_pb2.Cause, run.cause),
                    attempt=run.attempt,
                )
                for run in report.stages
            ),
            "first_token_ms": _milliseconds(report.time_to_first_token)
            if report.HasField("time_to_first_token")
            else None,
            "total_ms": _milliseconds(report.total),
        }
    )


def _answer(text: grounding_pb2.GroundedText) -> RecordedAnswer:
    return RecordedAnswer(
        text=text.text,
        verified=text.verified,
        confidence=_known(Confidence, grounding_pb2.Confidence, text.confidence),
        model_confidence=_known(Confidence, grounding_pb2.Confidence, text.model_confidence),
        grounding_score=round(text.grounding_score, _DIGITS),
        sentences=tuple(_sentence(text.text, sentence) for sentence in text.sentences),
        citations=tuple(
            RecordedCitation(
                chunk_id=cited.chunk_id, document_id=cited.document_id, title=cited.title, quote=cited.quote
            )
            for cited in text.citations
        ),
    )


def _sentence(text: str, sentence: grounding_pb2.Sentence) -> RecordedSentence:
    return RecordedSentence(
        text=_within(text, sentence.span),
        verdict=Verdict(word(grounding_pb2.Verdict, sentence.verdict)),
        support=round(sentence.support_score, _DIGITS),
        citations=tuple(sentence.citation_indexes),
        checker=sentence.checker,
        conflicts=tuple(
            RecordedConflict(
                kind=ConflictKind(word(grounding_pb2.Conflict.Kind, conflict.kind)),
                words=_within(text, conflict.span),
                passage_words=conflict.passage_words,
            )
            for conflict in sentence.conflicts
        ),
    )


def _within(text: str, span: grounding_pb2.Span) -> str:
    return text[span.start_code_point : span.end_code_point]


_W = TypeVar("_W", Cause, Confidence)


def _known(words: type[_W], enum: Any, value: int) -> _W | None:
    return None if value == _UNSET else words(word(enum, value))


def _score(scores: passage_pb2.Scores, name: Any) -> float | None:
    return round(getattr(scores, name), _DIGITS) if scores.HasField(name) else None


def _milliseconds(duration: Duration) -> float:
    return round(duration.ToNanoseconds() / 1e6, 3)
