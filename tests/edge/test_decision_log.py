"""Which decision events are logged, and what they say."""

import logging
from dataclasses import replace

import grpc
import pytest

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import ModelUsage, Usage
from groundwire_server.domain.outcome import (
    Degraded,
    FailedSafe,
    InReview,
    ModelAttempt,
    ModelIdentity,
    Outcome,
    RatedPassage,
    Report,
    StageTiming,
)
from groundwire_server.domain.vocabulary import (
    Action,
    Cause,
    ConflictKind,
    Loss,
    NextStep,
    Purpose,
    Reason,
    Stage,
    Verdict,
)
from groundwire_server.edge.call import Call
from groundwire_server.edge.decision_log import LOGGER, DecisionLog
from groundwire_server.edge.options import DecisionLogOptions
from groundwire_server.options.secret import Secret
from groundwire_server.telemetry.decision import decision_fields, log_fields, span_attributes
from groundwire_server.telemetry.line_sums import WINDOW, LineSums
from tests.doubles.clock import SetClock

REPORT = Report(
    request_id="request-0001",
    trace_id="ab" * 16,
    route="default",
    corpus_version="v7",
    prompt_name="answer",
    prompt_version="1.0.0",
    found=8,
    passages=(RatedPassage("c1", 0.91234), RatedPassage("c2", 0.5)),
    attempts=(
        ModelAttempt("cloud", ModelIdentity("openai", "big-1"), Action.ANSWER, Cause.MODEL_TIMEOUT),
        ModelAttempt("house", None, Action.NEXT_MODEL),
    ),
    usage=(ModelUsage("house", Purpose.ANSWER, Usage(100, 20, cost_micros=7, currency="USD")),),
    stages=(
        StageTiming(Stage.GENERATE, 0.1, 0.25, 1.0, Cause.MODEL_TIMEOUT, 1),
        StageTiming(Stage.GENERATE, 0.4, 0.5, 1.0, None, 2),
    ),
    judged={Verdict.VERBATIM: 2, Verdict.CONTRADICTED: 1},
    conflicts={ConflictKind.NUMBER: 1},
    time_to_first_token=0.125,
    total=1.0,
)
OUTCOME = Outcome(
    Degraded((Loss.SIMPLER_MODEL,)), Cause.MODEL_TIMEOUT, Action.NEXT_MODEL, NextStep.SHOW_WITH_CAUTION, REPORT
)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def call(clock: SetClock) -> Call:
    """A call that came in a second ago."""
    return Call(
        "groundwire.v1.AnswerService/Answer",
        None,  # type: ignore[arg-type]  # nothing writes to it
        None,
        {},
        clock.now() - 1.0,
        Deadline(clock.now() + 2.0),
        "request-0001",
        "ab" * 16,
        Caller("acme", "alice@example.com"),
    )


def log(clock: SetClock, **options: object) -> DecisionLog:
    return DecisionLog(LineSums(clock.now), DecisionLogOptions.model_validate(options))


def test_an_event_says_all_that_is_known_of_an_outcome(clock: SetClock) -> None:
    ended = call(clock)
    ended.outcome = OUTCOME
    assert log_fields(log(clock).event_of(ended, clock.now())) == {
        "method": "groundwire.v1.AnswerService/Answer",
        "status": "OK",
        "request_id": "request-0001",
        "trace_id": "ab" * 16,
        "tenant": "acme",
        "subject": "51fdb17cb90a9f67",
        "route": "default",
        "outcome": "Degraded",
        "cause": "MODEL_TIMEOUT",
        "action": "NEXT_MODEL",
        "next_step": "SHOW_WITH_CAUTION",
        "losses": ("SIMPLER_MODEL",),
        "response_valid": False,
        "sentences_judged": {"VERBATIM": 2, "CONTRADICTED": 1},
        "conflicts": {"NUMBER": 1},
        "prompt": "answer",
        "prompt_version": "1.0.0",
        "corpus_version": "v7",
        "found": 8,
        "passages": [{"chunk_id": "c1", "relevance": 0.912}, {"chunk_id": "c2", "relevance": 0.5}],
        "attempts": [
            {
                "model": "cloud",
                "provider": "openai",
                "provider_model": "big-1",
                "action": "ANSWER",
                "cause": "MODEL_TIMEOUT",
            },
            {"model": "house", "action": "NEXT_MODEL"},
        ],
        "usage": [
            {
                "model": "house",
                "purpose": "ANSWER",
                "input_tokens": 100,
                "cached_input_tokens": 0,
                "output_tokens": 20,
                "estimated": False,
                "cost_micros": 7,
                "currency": "USD",
            }
        ],
        "stages_ms": {"GENERATE": 750.0},
        "first_text_ms": 125.0,
        "duration_ms": 1000.0,
        "deadline_ms": 3000.0,
        "left_ms": 2000.0,
    }


def test_the_span_gets_what_can_be_searched_for(clock: SetClock) -> None:
    ended = call(clock)
    ended.outcome = OUTCOME
    attributes = span_attributes(log(clock).event_of(ended, clock.now()))
    assert attributes == {
        "groundwire.route": "default",
        "groundwire.outcome": "Degraded",
        "groundwire.cause": "MODEL_TIMEOUT",
        "groundwire.action": "NEXT_MODEL",
        "groundwire.next_step": "SHOW_WITH_CAUTION",
        "groundwire.response_valid": False,
        "groundwire.prompt.name": "answer",
        "groundwire.prompt.version": "1.0.0",
        "groundwire.corpus_version": "v7",
        "groundwire.passages.found": 8,
        "groundwire.time_to_first_text_seconds": 0.125,
        "groundwire.deadline.given_seconds": 3.0,
        "groundwire.deadline.left_seconds": 2.0,
    }


def test_a_call_that_has_no_outcome_says_how_far_it_came(clock: SetClock) -> None:
    ended = call(clock)
    ended.status = grpc.StatusCode.CANCELLED
    ended.trail.report = lambda now: replace(REPORT, total=now)
    fields = log_fields(log(clock).event_of(ended, clock.now()))
    assert (fields["status"], fields["route"], fields["stages_ms"]) == ("CANCELLED", "default", {"GENERATE": 750.0})
    assert "response_valid" not in fields
    assert "outcome" not in fields


def test_the_answer_of_another_calls_run_names_that_calls_trace(clock: SetClock) -> None:
    ended = call(clock)
    ended.trace_id = "cd" * 16
    ended.outcome = OUTCOME
    assert log_fields(log(clock).event_of(ended, clock.now()))["run_trace_id"] == "ab" * 16


def test_a_failure_says_when_to_come_again(clock: SetClock) -> None:
    ended = call(clock)
    ended.outcome = Outcome(
        FailedSafe(retryable=True, retry_after=2.5), Cause.STORE_UNAVAILABLE, Action.FAIL_SAFE, NextStep.RETRY_AFTER
    )
    assert log_fields(log(clock).event_of(ended, clock.now()))["retry_after_ms"] == 2500.0


def test_an_answer_that_waits_for_a_person_names_its_review_and_its_operation(clock: SetClock) -> None:
    ended = call(clock)
    waiting = InReview("7f3a09c2", "operations/7")
    ended.outcome = Outcome(waiting, Cause.REVIEW_REQUIRED, Action.REVIEW, NextStep.WAIT_FOR_REVIEW, REPORT)
    written = log_fields(log(clock).event_of(ended, clock.now()))
    assert (written["operation"], written["review"], written["outcome"]) == ("operations/7", "7f3a09c2", "InReview")
    # Nothing is wrong with an answer that the route has approved; with one that its table sends to a person, there is.
    assert written["response_valid"] is True
    ended.outcome = Outcome(waiting, Cause.UNSUPPORTED, Action.REVIEW, NextStep.WAIT_FOR_REVIEW, REPORT)
    assert log_fields(log(clock).event_of(ended, clock.now()))["response_valid"] is False


def test_a_subject_cannot_be_read_and_means_nothing_in_another_tenant(clock: SetClock) -> None:
    def subject(tenant: str, **options: object) -> str:
        ended = call(clock)
        ended.caller = Caller(tenant, "alice@example.com")
        return log(clock, **options).event_of(ended, clock.now()).subject

    plain, keyed = subject("acme"), subject("acme", subject_key=Secret("env://K", "k3y"))
    assert len({plain, keyed, subject("beta"), subject("acme", subject_key=Secret("env://K", "other"))}) == 4
    assert subject("acme") == plain
    assert "alice" not in plain


def test_a_key_of_any_length_is_taken(clock: SetClock) -> None:
    event = log(clock, subject_key=Secret("env://K", "ü" * 500)).event_of(call(clock), clock.now())
    assert len(event.subject) == 16


ORDINARY, NOTABLE = 3, 5


@pytest.mark.parametrize(
    ("case", "written"),
    [
        ("as it should be", ORDINARY),
        ("served again", ORDINARY),
        ("stood in", NOTABLE),
        ("queued", NOTABLE),
        ("fell back", NOTABLE),
        ("failed", NOTABLE),
        ("slow", NOTABLE),
    ],
)
def test_what_failed_fell_back_or_was_slow_is_written_and_others_are_sampled(
    clock: SetClock, caplog: pytest.LogCaptureFixture, case: str, written: int
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    decisions = log(clock, ordinary=ORDINARY, notable=NOTABLE, slow_seconds=1.5)
    event = decisions.event_of(call(clock), clock.now())
    match case:
        case "served again":
            event = replace(event, outcome="Cached", cause=Cause.ANSWER_VALIDATED, action=Action.CACHED_ANSWER)
        case "stood in":
            event = replace(event, outcome="Cached", cause=Cause.MODEL_TIMEOUT, action=Action.CACHED_ANSWER)
        case "queued":
            event = replace(event, outcome="Queued", cause=Cause.MODEL_RATE_LIMITED, action=Action.QUEUE)
        case "fell back":
            event = replace(event, outcome="Degraded", cause=Cause.MODEL_TIMEOUT, action=Action.NEXT_MODEL)
        case "failed":
            event = replace(event, status="INVALID_ARGUMENT", reason=Reason.INVALID_REQUEST)
        case "slow":
            event = replace(event, duration=1.5)
        case _:
            pass
    for _ in range(50):
        decisions.write(event)
    assert len(caplog.records) == written
    clock.move(WINDOW)
    decisions.write(event)
    assert len(caplog.records) == written + 1


def test_the_reference_can_describe_every_field() -> None:
    fields = decision_fields()
    assert len({field.name for field in fields}) == len(fields)
    assert all(field.about.endswith(".") for field in fields)
    assert {field.name for field in fields} >= {"request_id", "stages_ms", "attempts", "usage", "response_valid"}
