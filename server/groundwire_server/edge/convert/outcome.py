"""Outcomes."""

from collections.abc import Sequence
from typing import TypeAlias

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

from groundwire.v1 import grounding_pb2, outcome_pb2, report_pb2
from groundwire_server.domain.answer import CheckedSentence, Citation, GroundedText, Span
from groundwire_server.domain.outcome import Abstained, Answered, Degraded, FailedSafe, Outcome, Report, StageTiming
from groundwire_server.domain.vocabulary import Confidence
from groundwire_server.edge.convert.durations import fill
from groundwire_server.edge.convert.passage import passages_to_pb
from groundwire_server.edge.convert.words import ACTIONS, CAUSES, CONFIDENCES, LOSSES, NEXT_STEPS, STAGES, VERDICTS

Timings: TypeAlias = Sequence[StageTiming]


def outcome_to_pb(outcome: Outcome) -> outcome_pb2.Outcome:
    """Write an outcome with its report."""
    message = outcome_pb2.Outcome(
        cause=CAUSES[outcome.cause],
        action=ACTIONS[outcome.action],
        next_step=NEXT_STEPS[outcome.next_step],
        report=_report(outcome.report),
    )
    weakest = None if outcome.answer is None else outcome.answer.weakest_verdict
    if weakest is not None:
        message.weakest_verdict = VERDICTS[weakest]
    match outcome.result:
        case Answered(answer):
            message.answered.answer.CopyFrom(_text(answer))
        case Abstained(searched, nearest):
            message.abstained.searched = searched
            message.abstained.nearest.extend(passages_to_pb(nearest))
        case Degraded(losses, answer, passages):
            message.degraded.losses.extend(LOSSES[loss] for loss in losses)
            message.degraded.passages.extend(passages_to_pb(passages))
            if answer is not None:
                message.degraded.answer.CopyFrom(_text(answer))
        case FailedSafe(retryable, retry_after):
            message.failed_safe.retryable = retryable
            if retry_after is not None:
                fill(message.failed_safe.retry_after, retry_after)
    return message


def citation_to_pb(citation: Citation) -> grounding_pb2.Citation:
    """Write one citation."""
    return grounding_pb2.Citation(
        chunk_id=citation.passage.chunk_id,
        document_id=citation.passage.document_id,
        title=citation.passage.title,
        source_uri=citation.passage.source_uri,
        quote=citation.quote,
        span=_span(citation.span),
    )


def fill_stages(messages: "RepeatedCompositeFieldContainer[report_pb2.StageTiming]", timings: Timings) -> None:
    """Write the time that stages took into a message's field."""
    for timing in timings:
        message = messages.add(stage=STAGES[timing.stage], attempt=timing.attempt)
        fill(message.start, timing.start)
        fill(message.duration, timing.duration)
        fill(message.budget, timing.budget)
        if timing.cause:
            message.cause = CAUSES[timing.cause]


def _text(answer: GroundedText) -> grounding_pb2.GroundedText:
    return grounding_pb2.GroundedText(
        text=answer.text,
        verified=answer.verified,
        confidence=_confidence(answer.confidence),
        model_confidence=_confidence(answer.model_confidence),
        citations=[citation_to_pb(citation) for citation in answer.citations],
        sentences=[_sentence(sentence) for sentence in answer.sentences],
        grounding_score=answer.grounding_score,
    )


def _confidence(confidence: Confidence | None) -> grounding_pb2.Confidence.ValueType:
    return grounding_pb2.CONFIDENCE_UNSPECIFIED if confidence is None else CONFIDENCES[confidence]


def _sentence(sentence: CheckedSentence) -> grounding_pb2.Sentence:
    return grounding_pb2.Sentence(
        span=_span(sentence.span),
        verdict=VERDICTS[sentence.verdict],
        support_score=sentence.support,
        citation_indexes=sentence.citations,
        checker=sentence.checker,
    )


def _span(span: Span) -> grounding_pb2.Span:
    return grounding_pb2.Span(
        start_byte=span.start_byte,
        end_byte=span.end_byte,
        start_code_point=span.start_code_point,
        end_code_point=span.end_code_point,
        start_utf16_unit=span.start_utf16_unit,
        end_utf16_unit=span.end_utf16_unit,
    )


def _usage(report: Report) -> report_pb2.Usage:
    usage = report.usage
    return report_pb2.Usage(
        model=report.model,
        purpose=report_pb2.Usage.PURPOSE_ANSWER,
        input_tokens=usage.input_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        output_tokens=usage.output_tokens,
        estimated=usage.estimated,
        cost_micros=usage.cost_micros,
        currency=usage.currency,
    )


def _report(report: Report) -> report_pb2.Report:
    message = report_pb2.Report(
        request_id=report.request_id,
        trace_id=report.trace_id,
        route=report.route,
        corpus_version=report.corpus_version,
        prompt_name=report.prompt_name,
        prompt_version=report.prompt_version,
        experiment_arm=report.experiment_arm,
        model=report.model,
        attempts=report.attempts,
        usage=[_usage(report)] if report.attempts else [],
    )
    fill_stages(message.stages, report.stages)
    fill(message.total, report.total)
    if report.time_to_first_token is not None:
        fill(message.time_to_first_token, report.time_to_first_token)
    return message
