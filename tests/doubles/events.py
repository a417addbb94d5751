"""Outcomes and events as a server would send them, for scripts."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.duration_pb2 import Duration

from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.event_pb2 import Heartbeat, Retraction, Started, StreamMode, TextDelta
from groundwire.v1.grounding_pb2 import Citation, Confidence, GroundedText, Sentence, Span, Verdict
from groundwire.v1.grounding_service_pb2 import CheckedSentence, CheckGroundingResponse, GroundingSummary
from groundwire.v1.outcome_pb2 import Abstained, Action, Answered, NextStep, Outcome
from groundwire.v1.passage_pb2 import Passage, Scores
from groundwire.v1.report_pb2 import Report, Stage, StageTiming

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def milliseconds(count: float) -> Duration:
    duration = Duration()
    duration.FromNanoseconds(round(count * 1e6))
    return duration


def timing(
    stage: "Stage.ValueType",
    start: float,
    duration: float,
    budget: float,
    cause: "Cause.ValueType" = Cause.CAUSE_UNSPECIFIED,
    attempt: int = 0,
) -> StageTiming:
    """One run of a stage; times in milliseconds."""
    return StageTiming(
        stage=stage,
        start=milliseconds(start),
        duration=milliseconds(duration),
        budget=milliseconds(budget),
        cause=cause,
        attempt=attempt,
    )


def report() -> Report:
    """A plain path of 42 milliseconds."""
    return Report(
        request_id="request-1",
        trace_id=TRACE,
        route="default",
        corpus_version="v7",
        prompt_name="answer",
        prompt_version="1",
        model="extractive",
        attempts=1,
        stages=[
            timing(Stage.STAGE_NORMALIZE, 0.1, 0.2, 28500),
            timing(Stage.STAGE_RETRIEVE, 0.4, 18, 2000),
            timing(Stage.STAGE_SELECT, 18.5, 0.6, 28480),
            timing(Stage.STAGE_PROMPT, 19.2, 0.4, 28479, attempt=1),
            timing(Stage.STAGE_GENERATE, 19.7, 21, 28449, attempt=1),
            timing(Stage.STAGE_VALIDATE, 40.8, 0.9, 28459, attempt=1),
            timing(Stage.STAGE_DECIDE, 41.8, 0.1, 28458),
        ],
        time_to_first_token=milliseconds(21),
        total=milliseconds(42),
    )


def citation(text: str = "Parcels wait in the mail room.") -> Citation:
    size = len(text)
    return Citation(
        chunk_id="c1",
        document_id="handbook",
        title="Handbook",
        source_uri="https://docs.example/handbook",
        quote="Parcels wait in the mail room until noon.",
        span=Span(end_byte=size, end_code_point=size),
    )


def answered(text: str = "Parcels wait in the mail room.") -> Outcome:
    grounded = GroundedText(
        text=text,
        verified=True,
        confidence=Confidence.CONFIDENCE_HIGH,
        model_confidence=Confidence.CONFIDENCE_HIGH,
        citations=[citation(text)],
        grounding_score=0.93,
    )
    return Outcome(
        answered=Answered(answer=grounded),
        cause=Cause.CAUSE_ANSWER_VALIDATED,
        action=Action.ACTION_ANSWER,
        next_step=NextStep.NEXT_STEP_SHOW,
        report=report(),
    )


def abstained() -> Outcome:
    nearest = Passage(
        chunk_id="c9",
        document_id="handbook",
        title="Handbook",
        text="The mail room closes at noon.",
        scores=Scores(relevance=0.21),
    )
    return Outcome(
        abstained=Abstained(searched=12, nearest=[nearest]),
        cause=Cause.CAUSE_INSUFFICIENT_EVIDENCE,
        action=Action.ACTION_ABSTAIN,
        next_step=NextStep.NEXT_STEP_REPHRASE,
        report=report(),
    )


def started() -> StreamAnswerResponse:
    return StreamAnswerResponse(
        started=Started(request_id="request-1", trace_id=TRACE, route="default", mode=StreamMode.STREAM_MODE_CHECKED)
    )


def delta(text: str, provisional: bool = False) -> StreamAnswerResponse:
    assurance = TextDelta.ASSURANCE_PROVISIONAL if provisional else TextDelta.ASSURANCE_CHECKED
    return StreamAnswerResponse(text_delta=TextDelta(text=text, assurance=assurance))


def cited(text: str = "Parcels wait in the mail room.") -> StreamAnswerResponse:
    return StreamAnswerResponse(citation=citation(text))


def retraction(from_sequence: int, cause: "Cause.ValueType" = Cause.CAUSE_UNSUPPORTED) -> StreamAnswerResponse:
    return StreamAnswerResponse(retraction=Retraction(from_sequence=from_sequence, cause=cause))


def heartbeat() -> StreamAnswerResponse:
    return StreamAnswerResponse(heartbeat=Heartbeat())


def ended(outcome: Outcome) -> StreamAnswerResponse:
    return StreamAnswerResponse(outcome=outcome)


def numbered(events: Iterable[StreamAnswerResponse]) -> list[StreamAnswerResponse]:
    """The events with the numbers a server gives them."""
    listed = list(events)
    for sequence, event in enumerate(listed, 1):
        event.sequence = sequence
    return listed


def plain_answer(text: str = "Parcels wait in the mail room.") -> list[StreamAnswerResponse]:
    """An answer of one verified segment."""
    return numbered([started(), delta(text), cited(text), ended(answered(text))])


def sentence(verdict: "Verdict.ValueType", start: int, end: int, **more: Any) -> CheckGroundingResponse:
    """A sentence of an ASCII text with its verdict."""
    place = Span(
        start_byte=start,
        end_byte=end,
        start_code_point=start,
        end_code_point=end,
        start_utf16_unit=start,
        end_utf16_unit=end,
    )
    citations = more.pop("citations", ())
    checked = Sentence(span=place, verdict=verdict, citation_indexes=range(len(citations)), **more)
    return CheckGroundingResponse(sentence=CheckedSentence(sentence=checked, citations=citations))


def summary(weakest: "Verdict.ValueType", score: float, *, verified: bool = False) -> CheckGroundingResponse:
    """What a text comes to."""
    return CheckGroundingResponse(
        summary=GroundingSummary(verified=verified, weakest_verdict=weakest, grounding_score=score)
    )
