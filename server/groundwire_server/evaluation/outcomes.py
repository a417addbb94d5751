"""Outcomes of the domain as recordings have them."""

from typing import Final

from groundwire_server.domain.answer import CheckedSentence, GroundedText
from groundwire_server.domain.outcome import RESULT_NAMES, Outcome
from groundwire_server.evaluation.recording import (
    RecordedAnswer,
    RecordedCitation,
    RecordedConflict,
    RecordedOutcome,
    RecordedSentence,
    RecordedStage,
    RecordedUsage,
)

_DIGITS: Final = 6
_MILLI: Final = 1000


def recorded_outcome(outcome: Outcome) -> RecordedOutcome:
    """Return an outcome as it is recorded."""
    report, answer = outcome.report, outcome.answer
    first = report.time_to_first_token
    return RecordedOutcome(
        result=RESULT_NAMES[type(outcome.result)],
        cause=outcome.cause,
        action=outcome.action,
        next_step=outcome.next_step,
        answer=None if answer is None or not answer.text else _answer(answer),
        model=report.model,
        prompt=f"{report.prompt_name} {report.prompt_version}".strip(),
        corpus_version=report.corpus_version,
        trace_id=report.trace_id,
        usage=tuple(
            RecordedUsage(
                model=used.model,
                purpose=used.purpose,
                input_tokens=used.usage.input_tokens,
                output_tokens=used.usage.output_tokens,
                cost_micros=used.usage.cost_micros,
                currency=used.usage.currency,
            )
            for used in report.usage
        ),
        stages=tuple(
            RecordedStage(
                stage=run.stage, duration_ms=_milliseconds(run.duration), cause=run.cause, attempt=run.attempt
            )
            for run in report.stages
        ),
        first_token_ms=None if first is None else _milliseconds(first),
        total_ms=_milliseconds(report.total),
    )


def _answer(answer: GroundedText) -> RecordedAnswer:
    return RecordedAnswer(
        text=answer.text,
        verified=answer.verified,
        confidence=answer.confidence,
        model_confidence=answer.model_confidence,
        grounding_score=round(answer.grounding_score, _DIGITS),
        sentences=tuple(_sentence(answer.text, sentence) for sentence in answer.sentences),
        citations=tuple(
            RecordedCitation(
                chunk_id=cited.passage.chunk_id,
                document_id=cited.passage.document_id,
                title=cited.passage.title,
                quote=cited.quote,
            )
            for cited in answer.citations
        ),
    )


def _sentence(text: str, sentence: CheckedSentence) -> RecordedSentence:
    span = sentence.span
    return RecordedSentence(
        text=text[span.start_code_point : span.end_code_point],
        verdict=sentence.verdict,
        support=round(sentence.support, _DIGITS),
        citations=sentence.citations,
        checker=sentence.checker,
        conflicts=tuple(
            RecordedConflict(
                kind=conflict.kind,
                words=text[conflict.span.start_code_point : conflict.span.end_code_point],
                passage_words=conflict.passage_words,
            )
            for conflict in sentence.conflicts
        ),
    )


def _milliseconds(seconds: float) -> float:
    return round(seconds * _MILLI, 3)
