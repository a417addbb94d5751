"""Outcomes."""

from collections.abc import Sequence
from typing import TypeAlias

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

from groundwire.v1 import outcome_pb2
from groundwire_server.domain.answer import Citation, GroundedText, Span
from groundwire_server.domain.outcome import Abstained, Answered, Degraded, FailedSafe, Outcome, Report, StageTiming
from groundwire_server.edge.convert.durations import fill
from groundwire_server.edge.convert.passage import passages_to_pb
from groundwire_server.edge.convert.words import ACTIONS, CAUSES, CONFIDENCES, LOSSES, NEXT_STEPS, STAGES

Timings: TypeAlias = Sequence[StageTiming]


def outcome_to_pb(outcome: Outcome) -> outcome_pb2.Outcome:
    """Write an outcome with its report."""
    message = outcome_pb2.Outcome(
        cause=CAUSES[outcome.cause],
        action=ACTIONS[outcome.action],
        next_step=NEXT_STEPS[outcome.next_step],
        report=_report(outcome.report),
    )
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


def citation_to_pb(citation: Citation) -> outcome_pb2.Citation:
    """Write one citation."""
    return outcome_pb2.Citation(
        chunk_id=citation.passage.chunk_id,
        document_id=citation.passage.document_id,
        title=citation.passage.title,
        source_uri=citation.passage.source_uri,
        quote=citation.quote,
        span=_span(citation.span),
    )


def fill_stages(messages: "RepeatedCompositeFieldContainer[outcome_pb2.StageTiming]", timings: Timings) -> None:
    """Write the time that stages took into a message's field."""
    for timing in timings:
        message = messages.add(stage=STAGES[timing.stage], attempt=timing.attempt)
        fill(message.start, timing.start)
        fill(message.duration, timing.duration)
        fill(message.budget, timing.budget)
        if timing.cause:
            message.cause = CAUSES[timing.cause]


def _text(answer: GroundedText) -> outcome_pb2.GroundedText:
    return outcome_pb2.GroundedText(
        text=answer.text,
        confidence=CONFIDENCES[answer.confidence] if answer.confidence else outcome_pb2.CONFIDENCE_UNSPECIFIED,
        citations=[citation_to_pb(citation) for citation in answer.citations],
        supports=[outcome_pb2.Support(span=_span(item.span), score=item.score) for item in answer.supports],
        grounding_score=answer.grounding_score,
    )


def _span(span: Span) -> outcome_pb2.Span:
    return outcome_pb2.Span(
        start_byte=span.start_byte,
        end_byte=span.end_byte,
        start_code_point=span.start_code_point,
        end_code_point=span.end_code_point,
    )


def _report(report: Report) -> outcome_pb2.Report:
    message = outcome_pb2.Report(
        request_id=report.request_id,
        trace_id=report.trace_id,
        route=report.route,
        corpus_version=report.corpus_version,
        prompt_name=report.prompt_name,
        prompt_version=report.prompt_version,
        experiment_arm=report.experiment_arm,
        model=report.model,
        attempts=report.attempts,
        usage=outcome_pb2.Usage(
            input_tokens=report.usage.input_tokens,
            output_tokens=report.usage.output_tokens,
            estimated=report.usage.estimated,
            cost_microdollars=report.usage.cost_micros if report.usage.currency == "USD" else 0,
            cached_input_tokens=report.usage.cached_input_tokens,
            cost_micros=report.usage.cost_micros,
            currency=report.usage.currency,
        ),
    )
    fill_stages(message.stages, report.stages)
    fill(message.total, report.total)
    if report.time_to_first_token is not None:
        fill(message.time_to_first_token, report.time_to_first_token)
    return message
