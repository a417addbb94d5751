"""What is read back from a message of the contract makes the same message again."""

from typing import Any

import pytest

from groundwire.v1 import event_pb2, outcome_pb2
from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire_server.domain.answer import CheckedSegment, CheckedSentence, Citation, Conflict, GroundedText, Span
from groundwire_server.domain.event import Event, NumberedEvent, Retraction, Started, TextDelta
from groundwire_server.domain.evidence import Evidence, Passage, Scores
from groundwire_server.domain.generation import ModelUsage, Usage
from groundwire_server.domain.outcome import (
    Abstained,
    Answered,
    Degraded,
    FailedSafe,
    InReview,
    ModelAttempt,
    Outcome,
    Report,
    Result,
    StageTiming,
)
from groundwire_server.domain.vocabulary import (
    Action,
    Assurance,
    Cause,
    Confidence,
    ConflictKind,
    Loss,
    NextStep,
    Purpose,
    Stage,
    StreamMode,
    Verdict,
)
from groundwire_server.edge.convert.event import event_to_pb
from groundwire_server.edge.convert.recorded_event import event_from_pb

TEXT = "Nehmen Sie 9600 mg 🙂."
WHOLE = Span.within(TEXT, 0, len(TEXT))
PASSAGE = Passage(
    "c1",
    "Take 1200 mg.",
    "d1",
    "Leaflet",
    "https://example.com/leaflet",
    3,
    2,
    {"year": 2026.0, "lang": "de", "draft": False, "tags": ("a", "b")},
    frozenset({"*"}),
    Scores(0.5, None, 0.25, 0.0),
)
CITATION = Citation(PASSAGE, "Take 1200 mg.", WHOLE, added=True)
SENTENCE = CheckedSentence(
    WHOLE, Verdict.UNSUPPORTED, 0.2, (0,), "rules", (Conflict(ConflictKind.NUMBER, WHOLE, "c1", "1200"),)
)
ANSWER = GroundedText.of([CheckedSegment(TEXT, WHOLE, (CITATION,), (SENTENCE,), (CITATION,))], Confidence.HIGH)
REPORT = Report(
    "request-1",
    "ab" * 16,
    "default",
    "v1",
    "answer",
    "1.1.0",
    "arm",
    "large",
    attempts=(
        ModelAttempt("small", None, Action.ANSWER, Cause.MODEL_TIMEOUT),
        ModelAttempt("large", None, Action.ANSWER),
    ),
    usage=(ModelUsage("large", Purpose.ANSWER, Usage(10, 20, True, 5, 7, "EUR")),),
    stages=(
        StageTiming(Stage.GENERATE, 0.1, 0.25, 2.0, Cause.MODEL_TIMEOUT, 1),
        StageTiming(Stage.DECIDE, 0.4, 0.0, 1.0),
    ),
    time_to_first_token=0.125,
    total=1.5,
)


def _ended(result: Result, report: Report = REPORT) -> Outcome:
    return Outcome(result, Cause.UNSUPPORTED, Action.CUT_SHORT, NextStep.SHOW_WITH_CAUTION, report)


EVENTS: dict[str, Event] = {
    "started": Started("request-1", "ab" * 16, "default", StreamMode.PROVISIONAL),
    "evidence": Evidence((PASSAGE, Passage("c2", "Other.")), "v1"),
    "no-evidence": Evidence(),
    "delta": TextDelta(TEXT, Assurance.VERIFIED),
    "citation": CITATION,
    "retraction": Retraction(Cause.CONTRADICTED, kept=1),
    "answered": _ended(Answered(ANSWER)),
    "abstained": _ended(Abstained(3, (PASSAGE,)), Report()),
    "degraded": _ended(Degraded((Loss.ANSWER, Loss.SIMPLER_MODEL), ANSWER, (PASSAGE,))),
    "passages-only": _ended(Degraded((Loss.ANSWER,), None, (PASSAGE,))),
    "failed-safe": _ended(FailedSafe(True, 2.5)),
    "failed-for-good": _ended(FailedSafe(False)),
    "in-review": _ended(InReview("T-1", "operations/7", 3600.0)),
    "in-review-for-long": _ended(InReview("T-1", "operations/7")),
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_an_event_that_was_recorded_is_given_to_callers_as_it_was(event: Event) -> None:
    written = event_to_pb(NumberedEvent(7, 4 if isinstance(event, Retraction) else 0, event))

    read = event_from_pb(StreamAnswerResponse.FromString(written.SerializeToString()))

    assert event_to_pb(read) == written


UNKNOWN: Any = 99
"""A number that another version may give a word."""

UNREADABLE = {
    "nothing": StreamAnswerResponse(sequence=1),
    "a-heartbeat": StreamAnswerResponse(sequence=1, heartbeat=event_pb2.Heartbeat()),
    "a-word-of-another-version": StreamAnswerResponse(
        sequence=1, text_delta=event_pb2.TextDelta(text="x", assurance=UNKNOWN)
    ),
    "an-outcome-without-a-result": StreamAnswerResponse(sequence=1, outcome=outcome_pb2.Outcome()),
}


@pytest.mark.parametrize("message", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_event_of_a_run_is_refused(message: StreamAnswerResponse) -> None:
    with pytest.raises(ValueError, match=r"event|version|outcome"):
        event_from_pb(message)
