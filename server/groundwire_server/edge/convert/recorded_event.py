"""Events of a stream, read back from the messages that they were written into.

A message holds all that a caller is given, and no more: what the decision log alone knows of an outcome, such as the
relevance of its passages, is not there.
"""

from collections.abc import Iterable

from google.protobuf.duration_pb2 import Duration

from groundwire.v1 import grounding_pb2, outcome_pb2, passage_pb2, report_pb2
from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire_server.domain.answer import CheckedSentence, Citation, Conflict, GroundedText, Span
from groundwire_server.domain.document import PassageKind, Place
from groundwire_server.domain.event import Event, NumberedEvent, Retraction, Started, TextDelta
from groundwire_server.domain.evidence import Evidence, Passage, Scores
from groundwire_server.domain.generation import ModelUsage, Usage
from groundwire_server.domain.outcome import (
    Abstained,
    Answered,
    Cached,
    Degraded,
    FailedSafe,
    InReview,
    ModelAttempt,
    Outcome,
    Queued,
    Report,
    Result,
    StageTiming,
)
from groundwire_server.domain.vocabulary import (
    Action,
    Assurance,
    CacheKey,
    Cause,
    Confidence,
    ConflictKind,
    Loss,
    NextStep,
    Purpose,
    Rewriting,
    Stage,
    StreamMode,
    Verdict,
)
from groundwire_server.edge.convert import metadata
from groundwire_server.edge.convert.words import (
    ACTIONS,
    ASSURANCES,
    CACHE_KEYS,
    CAUSES,
    CONFIDENCES,
    CONFLICTS,
    LOSSES,
    NEXT_STEPS,
    PASSAGE_KINDS,
    PURPOSES,
    REWRITINGS,
    STAGES,
    STREAM_MODES,
    VERDICTS,
)

_CAUSES: dict[int, Cause] = {number: word for word, number in CAUSES.items()}
_ACTIONS: dict[int, Action] = {number: word for word, number in ACTIONS.items()}
_NEXT_STEPS: dict[int, NextStep] = {number: word for word, number in NEXT_STEPS.items()}
_STAGES: dict[int, Stage] = {number: word for word, number in STAGES.items()}
_PASSAGE_KINDS: dict[int, PassageKind] = {number: word for word, number in PASSAGE_KINDS.items()}
_CONFIDENCES: dict[int, Confidence] = {number: word for word, number in CONFIDENCES.items()}
_VERDICTS: dict[int, Verdict] = {number: word for word, number in VERDICTS.items()}
_CONFLICTS: dict[int, ConflictKind] = {number: word for word, number in CONFLICTS.items()}
_ASSURANCES: dict[int, Assurance] = {number: word for word, number in ASSURANCES.items()}
_CACHE_KEYS: dict[int, CacheKey] = {number: word for word, number in CACHE_KEYS.items()}
_LOSSES: dict[int, Loss] = {number: word for word, number in LOSSES.items()}
_PURPOSES: dict[int, Purpose] = {number: word for word, number in PURPOSES.items()}
_REWRITINGS: dict[int, Rewriting] = {number: word for word, number in REWRITINGS.items()}
_MODES: dict[int, StreamMode] = {number: word for word, number in STREAM_MODES.items()}


def event_from_pb(message: StreamAnswerResponse) -> NumberedEvent:
    """Read an event that `event_to_pb` has written.

    Raises:
        ValueError: when it holds no event, or none that this version knows.
    """
    return NumberedEvent(message.sequence, message.retraction.from_sequence, _event(message))


def _event(message: StreamAnswerResponse) -> Event:
    try:
        match message.WhichOneof("event"):
            case "started":
                started = message.started
                return Started(started.request_id, started.trace_id, started.route, _MODES[started.mode])
            case "evidence":
                return Evidence(_passages(message.evidence.passages), message.evidence.corpus_version)
            case "text_delta":
                return TextDelta(message.text_delta.text, _ASSURANCES[message.text_delta.assurance])
            case "citation":
                return _citation(message.citation)
            case "retraction":
                return Retraction(_CAUSES[message.retraction.cause])
            case "outcome":
                return _outcome(message.outcome)
            case other:
                raise ValueError(f"no event of a run: {other}")
    except KeyError as unknown:
        raise ValueError(f"a word of another version: {unknown}") from None


def _outcome(message: outcome_pb2.Outcome) -> Outcome:
    return Outcome(
        _result(message),
        _CAUSES[message.cause],
        _ACTIONS[message.action],
        _NEXT_STEPS[message.next_step],
        _report(message.report),
    )


def _result(message: outcome_pb2.Outcome) -> Result:
    match message.WhichOneof("result"):
        case "answered":
            return Answered(_text(message.answered.answer))
        case "abstained":
            return Abstained(message.abstained.searched, _passages(message.abstained.nearest))
        case "cached":
            cached = message.cached
            return Cached(
                _text(cached.answer), _seconds(cached.age), tuple(_CACHE_KEYS[key] for key in cached.keyed_on)
            )
        case "queued":
            queued = message.queued
            return Queued(queued.operation, queued.position, _seconds(queued.poll_after))
        case "in_review":
            review = message.in_review
            within = _seconds(review.expected_within) if review.HasField("expected_within") else None
            return InReview(review.ticket, review.operation, within)
        case "degraded":
            degraded = message.degraded
            return Degraded(
                tuple(_LOSSES[loss] for loss in degraded.losses),
                _text(degraded.answer) if degraded.HasField("answer") else None,
                _passages(degraded.passages),
            )
        case "failed_safe":
            failed = message.failed_safe
            after = _seconds(failed.retry_after) if failed.HasField("retry_after") else None
            return FailedSafe(failed.retryable, after)
        case other:
            raise ValueError(f"no outcome of a run: {other}")


def _text(message: grounding_pb2.GroundedText) -> GroundedText:
    return GroundedText(
        text=message.text,
        model_confidence=_CONFIDENCES.get(message.model_confidence),
        citations=tuple(map(_citation, message.citations)),
        sentences=tuple(map(_sentence, message.sentences)),
        grounding_score=message.grounding_score,
        dropped_citations=tuple(map(_citation, message.dropped_citations)),
        confidence=_CONFIDENCES.get(message.confidence),
    )


def _citation(message: grounding_pb2.Citation) -> Citation:
    """Read a citation; its passage is without the text that the quote is from."""
    passage = Passage(
        message.chunk_id,
        "",
        message.document_id,
        message.title,
        message.source_uri,
        place=_place(message.place),
    )
    return Citation(passage, message.quote, _span(message.span), message.added)


def _sentence(message: grounding_pb2.Sentence) -> CheckedSentence:
    return CheckedSentence(
        _span(message.span),
        _VERDICTS[message.verdict],
        message.support_score,
        tuple(message.citation_indexes),
        message.checker,
        tuple(
            Conflict(_CONFLICTS[each.kind], _span(each.span), each.chunk_id, each.passage_words)
            for each in message.conflicts
        ),
    )


def _span(message: grounding_pb2.Span) -> Span:
    return Span(
        message.start_byte,
        message.end_byte,
        message.start_code_point,
        message.end_code_point,
        message.start_utf16_unit,
        message.end_utf16_unit,
    )


def _passages(messages: Iterable[passage_pb2.Passage]) -> tuple[Passage, ...]:
    return tuple(map(_passage, messages))


def _passage(message: passage_pb2.Passage) -> Passage:
    scores = message.scores
    return Passage(
        chunk_id=message.chunk_id,
        text=message.text,
        document_id=message.document_id,
        title=message.title,
        source_uri=message.source_uri,
        ordinal=message.ordinal,
        revision=message.revision,
        metadata=metadata.from_pb(message.metadata),
        scores=Scores(
            scores.vector_similarity if scores.HasField("vector_similarity") else None,
            scores.keyword if scores.HasField("keyword") else None,
            scores.fused if scores.HasField("fused") else None,
            scores.relevance if scores.HasField("relevance") else None,
            scores.reranker if scores.HasField("reranker") else None,
        ),
        place=_place(message.place),
    )


def _place(message: passage_pb2.Place) -> Place:
    return Place(tuple(message.section), message.page, _PASSAGE_KINDS.get(message.kind, PassageKind.TEXT))


def _report(message: report_pb2.Report) -> Report:
    return Report(
        request_id=message.request_id,
        trace_id=message.trace_id,
        route=message.route,
        corpus_version=message.corpus_version,
        prompt_name=message.prompt_name,
        prompt_version=message.prompt_version,
        experiment_arm=message.experiment_arm,
        model=message.model,
        passages_cut=message.passages_cut,
        # A caller is given their number alone.
        attempts=(ModelAttempt(message.model, None, Action.ANSWER),) * message.attempts,
        usage=tuple(map(_usage, message.usage)),
        stages=tuple(map(_timing, message.stages)),
        time_to_first_token=_seconds(message.time_to_first_token) if message.HasField("time_to_first_token") else None,
        total=_seconds(message.total),
        rewriting=_REWRITINGS.get(message.rewriting),
        searched_question=message.searched_question,
    )


def _usage(message: report_pb2.Usage) -> ModelUsage:
    usage = Usage(
        message.input_tokens,
        message.output_tokens,
        message.estimated,
        message.cached_input_tokens,
        message.cost_micros,
        message.currency,
    )
    return ModelUsage(message.model, _PURPOSES[message.purpose], usage)


def _timing(message: report_pb2.StageTiming) -> StageTiming:
    return StageTiming(
        _STAGES[message.stage],
        _seconds(message.start),
        _seconds(message.duration),
        _seconds(message.budget),
        _CAUSES.get(message.cause),
        message.attempt,
    )


def _seconds(message: Duration) -> float:
    return message.ToNanoseconds() / 1e9
