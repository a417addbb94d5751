"""Outcomes."""

from collections.abc import Sequence
from typing import TypeAlias

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

from groundwire.v1 import grounding_pb2, outcome_pb2, report_pb2
from groundwire_server.domain.answer import CheckedSentence, Citation, GroundedText, Span
from groundwire_server.domain.link import link
from groundwire_server.domain.outcome import (
    Abstained,
    Answered,
    Blocked,
    Cached,
    Degraded,
    FailedSafe,
    InReview,
    Outcome,
    Queued,
    Report,
    Result,
    StageTiming,
)
from groundwire_server.edge.convert.durations import fill
from groundwire_server.edge.convert.flags import fill_flags
from groundwire_server.edge.convert.passage import fill_passages, fill_place
from groundwire_server.edge.convert.words import (
    ACTIONS,
    CACHE_KEYS,
    CAUSES,
    CONFIDENCES,
    CONFLICTS,
    LOSSES,
    NEXT_STEPS,
    PURPOSES,
    REVIEW_DECISIONS,
    REWRITINGS,
    STAGES,
    VERDICTS,
)

Timings: TypeAlias = Sequence[StageTiming]


def fill_outcome(message: outcome_pb2.Outcome, outcome: Outcome) -> None:
    """Write an outcome with its report into a message, in place: copies of messages would cost as much again."""
    message.cause = CAUSES[outcome.cause]
    message.action = ACTIONS[outcome.action]
    message.next_step = NEXT_STEPS[outcome.next_step]
    weakest = None if outcome.answer is None else outcome.answer.weakest_verdict
    if weakest is not None:
        message.weakest_verdict = VERDICTS[weakest]
    _fill_result(message, outcome.result)
    fill_report(message.report, outcome.report)


def _fill_result(message: outcome_pb2.Outcome, result: Result) -> None:
    match result:
        case Answered(answer):
            fill_text(message.answered.answer, answer)
        case Abstained(searched, nearest):
            message.abstained.searched = searched
            fill_passages(message.abstained.nearest, nearest)
        case Cached(answer, age, keyed_on):
            fill_text(message.cached.answer, answer)
            fill(message.cached.age, age)
            message.cached.keyed_on.extend(CACHE_KEYS[each] for each in keyed_on)
        case Queued(operation, position, poll_after):
            message.queued.operation, message.queued.position = operation, position
            fill(message.queued.poll_after, poll_after)
        case InReview(ticket, operation, expected_within):
            message.in_review.ticket, message.in_review.operation = ticket, operation
            if expected_within is not None:
                fill(message.in_review.expected_within, expected_within)
        case Degraded(losses, answer, passages):
            message.degraded.losses.extend(LOSSES[loss] for loss in losses)
            fill_passages(message.degraded.passages, passages, excerpts=True)
            if answer is not None:
                fill_text(message.degraded.answer, answer)
        case Blocked(by):
            blocked = message.blocked
            blocked.policy, blocked.policy_version, blocked.category = by.guard.name, by.guard.version, by.category
        case FailedSafe(retryable, retry_after):
            message.failed_safe.retryable = retryable
            if retry_after is not None:
                fill(message.failed_safe.retry_after, retry_after)


def fill_citation(message: grounding_pb2.Citation, citation: Citation) -> None:
    """Write one citation into a message."""
    passage = citation.passage
    message.chunk_id, message.document_id = passage.chunk_id, passage.document_id
    message.title, message.source_uri = passage.title, passage.source_uri
    message.quote = citation.quote
    if passage.document_id:
        fill_place(message.place, passage.place)
        message.link = link(passage.source_uri, passage.place)
    message.added = citation.added
    _fill_span(message.span, citation.span)


def fill_stages(messages: "RepeatedCompositeFieldContainer[report_pb2.StageTiming]", timings: Timings) -> None:
    """Write the time that stages took into a message's field."""
    for timing in timings:
        message = messages.add(stage=STAGES[timing.stage], attempt=timing.attempt)
        fill(message.start, timing.start)
        fill(message.duration, timing.duration)
        fill(message.budget, timing.budget)
        if timing.cause:
            message.cause = CAUSES[timing.cause]


def fill_text(message: grounding_pb2.GroundedText, answer: GroundedText) -> None:
    """Write a text with its evidence and verdicts into a message."""
    message.text = answer.text
    message.verified = answer.verified
    if answer.confidence is not None:
        message.confidence = CONFIDENCES[answer.confidence]
    if answer.model_confidence is not None:
        message.model_confidence = CONFIDENCES[answer.model_confidence]
    message.grounding_score = answer.grounding_score
    for citation in answer.citations:
        fill_citation(message.citations.add(), citation)
    for sentence in answer.sentences:
        fill_sentence(message.sentences.add(), sentence)
    for mask in answer.masks:
        message_mask = message.masks.add(category=mask.category)
        _fill_span(message_mask.span, mask.span)
    for citation in answer.dropped_citations:
        fill_citation(message.dropped_citations.add(), citation)


def fill_sentence(message: grounding_pb2.Sentence, sentence: CheckedSentence) -> None:
    """Write a sentence's verdict, with the conflicts found, into a message."""
    _fill_span(message.span, sentence.span)
    message.verdict = VERDICTS[sentence.verdict]
    message.support_score = sentence.support
    message.citation_indexes.extend(sentence.citations)
    message.checker = sentence.checker
    for conflict in sentence.conflicts:
        found = message.conflicts.add(
            kind=CONFLICTS[conflict.kind], chunk_id=conflict.chunk_id, passage_words=conflict.passage_words
        )
        _fill_span(found.span, conflict.span)


def _fill_span(message: grounding_pb2.Span, span: Span) -> None:
    message.start_byte, message.end_byte = span.start_byte, span.end_byte
    message.start_code_point, message.end_code_point = span.start_code_point, span.end_code_point
    message.start_utf16_unit, message.end_utf16_unit = span.start_utf16_unit, span.end_utf16_unit


def fill_report(message: report_pb2.Report, report: Report) -> None:
    """Write a report into a message."""
    message.request_id, message.trace_id, message.route = report.request_id, report.trace_id, report.route
    message.corpus_version = report.corpus_version
    message.searched_question = report.searched_question
    if report.rewriting is not None:
        message.rewriting = REWRITINGS[report.rewriting]
    message.prompt_name, message.prompt_version = report.prompt_name, report.prompt_version
    message.experiment_arm = report.experiment_arm
    message.model, message.attempts = report.model, len(report.attempts)
    message.passages_cut = report.passages_cut
    message.guards_unavailable.extend(report.guards_unavailable)
    fill_flags(message.flags, report.flags)
    for consumed in report.usage:
        usage = consumed.usage
        message.usage.add(
            model=consumed.model,
            purpose=PURPOSES[consumed.purpose],
            input_tokens=usage.input_tokens,
            cached_input_tokens=usage.cached_input_tokens,
            output_tokens=usage.output_tokens,
            estimated=usage.estimated,
            cost_micros=usage.cost_micros,
            currency=usage.currency,
        )
    fill_stages(message.stages, report.stages)
    fill(message.total, report.total)
    if report.time_to_first_token is not None:
        fill(message.time_to_first_token, report.time_to_first_token)
    if report.review is not None:
        message.review.ticket = report.review.ticket
        message.review.decision = REVIEW_DECISIONS[report.review.decision]
        message.review.decide_time.FromDatetime(report.review.decided)
