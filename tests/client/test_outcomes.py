"""Outcomes, each as a class that can be taken apart."""

from datetime import timedelta
from typing import assert_never

import pytest
from google.protobuf.duration_pb2 import Duration

import groundwire
from groundwire.outcomes import text_or_reason
from groundwire.v1 import outcome_pb2 as pb
from groundwire.v1.cause_pb2 import CAUSE_MODEL_RATE_LIMITED
from groundwire.v1.grounding_pb2 import GroundedText
from groundwire.v1.passage_pb2 import Passage
from tests.doubles import events

TEXT = GroundedText(text="a text", verified=True, citations=[events.citation()])
PASSAGE = Passage(chunk_id="c1")
MESSAGES = {
    "answered": pb.Outcome(answered=pb.Answered(answer=TEXT)),
    "abstained": pb.Outcome(abstained=pb.Abstained(searched=12, nearest=[PASSAGE])),
    "cached": pb.Outcome(cached=pb.Cached(answer=TEXT, age=Duration(seconds=90))),
    "degraded": pb.Outcome(degraded=pb.Degraded(answer=TEXT, losses=[pb.Degraded.LOSS_SIMPLER_MODEL])),
    "queued": pb.Outcome(queued=pb.Queued(operation="operations/1", poll_after=Duration(seconds=2), position=3)),
    "in_review": pb.Outcome(
        in_review=pb.InReview(ticket="t1", operation="operations/2", expected_within=Duration(seconds=3600))
    ),
    "blocked": pb.Outcome(blocked=pb.Blocked(policy="p", category="c")),
    "failed_safe": pb.Outcome(failed_safe=pb.FailedSafe(retryable=True, retry_after=Duration(seconds=1))),
    "": pb.Outcome(),
}


def taken_apart(outcome: groundwire.Outcome) -> object:
    """Match every class; mypy says when one is missing."""
    match outcome:
        case groundwire.Answered(text, citations):
            return text, len(citations)
        case groundwire.Abstained(nearest):
            return outcome.searched, list(nearest)
        case groundwire.Cached(text, citations, age):
            return text, len(citations), age
        case groundwire.Degraded(text, citations, passages):
            return text, len(citations), list(passages), outcome.losses
        case groundwire.Queued(operation, poll_after):
            return operation, poll_after, outcome.position
        case groundwire.InReview(ticket, operation):
            return ticket, operation, outcome.expected_within
        case groundwire.Blocked(policy, category):
            return policy, category
        case groundwire.FailedSafe(retry_after):
            return retry_after
        case groundwire.Unrecognized():
            return None
        case _:
            assert_never(outcome)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("answered", ("a text", 1)),
        ("abstained", (12, [PASSAGE])),
        ("cached", ("a text", 1, timedelta(seconds=90))),
        ("degraded", ("a text", 1, [], ["SIMPLER_MODEL"])),
        ("queued", ("operations/1", timedelta(seconds=2), 3)),
        ("in_review", ("t1", "operations/2", timedelta(hours=1))),
        ("blocked", ("p", "c")),
        ("failed_safe", timedelta(seconds=1)),
        ("", None),
    ],
)
def test_an_outcome_is_taken_apart(kind: str, parts: object) -> None:
    outcome = groundwire.outcome_of(MESSAGES[kind])

    assert taken_apart(outcome) == parts
    assert outcome.kind == kind


def test_every_outcome_of_the_contract_has_a_class() -> None:
    results = {field.name for field in pb.Outcome.DESCRIPTOR.oneofs_by_name["result"].fields}

    assert results | {""} == set(MESSAGES)
    assert len({type(groundwire.outcome_of(message)) for message in MESSAGES.values()}) == len(MESSAGES)


@pytest.mark.parametrize("kind", MESSAGES)
def test_the_answer_is_there_whichever_outcome_carries_it(kind: str) -> None:
    outcome = groundwire.outcome_of(MESSAGES[kind])

    carries = kind in {"answered", "cached", "degraded"}
    assert outcome.answer == (TEXT if carries else None)
    assert outcome.text == ("a text" if carries else "")
    assert len(outcome.citations) == int(carries)
    assert outcome.verified is carries


def test_what_is_not_given_is_none() -> None:
    bare = [
        pb.Outcome(degraded=pb.Degraded()),
        pb.Outcome(in_review=pb.InReview()),
        pb.Outcome(failed_safe=pb.FailedSafe()),
    ]
    degraded, in_review, failed_safe = (groundwire.outcome_of(message) for message in bare)

    assert degraded.answer is None
    assert isinstance(in_review, groundwire.InReview)
    assert in_review.expected_within is None
    assert isinstance(failed_safe, groundwire.FailedSafe)
    assert failed_safe.retry_after is None


@pytest.mark.parametrize("number", [0, 99])
def test_a_next_step_that_is_not_known_is_do_not_retry(number: int) -> None:
    message = pb.Outcome()
    message.ParseFromString(b"\x58" + bytes([number]))  # field 11, a varint

    assert groundwire.outcome_of(message).next_step is groundwire.NextStep.DO_NOT_RETRY


def test_next_steps_are_those_of_the_contract() -> None:
    known = {value.name.removeprefix("NEXT_STEP_"): value.number for value in pb.NextStep.DESCRIPTOR.values}

    assert {step.name: step.value for step in groundwire.NextStep} | {"UNSPECIFIED": 0} == known


def test_words_of_the_contract_are_names_and_newer_ones_numbers() -> None:
    known = groundwire.outcome_of(events.abstained())
    newer = groundwire.outcome_of(pb.Outcome.FromString(b"\x48\x7f\x50\x7f"))  # fields 9 and 10

    assert (known.cause, known.action) == ("INSUFFICIENT_EVIDENCE", "ABSTAIN")
    assert (newer.cause, newer.action) == ("127", "127")


def test_an_outcome_shows_what_happened() -> None:
    assert repr(groundwire.outcome_of(events.abstained())) == "Abstained(INSUFFICIENT_EVIDENCE, REPHRASE, 'request-1')"
    assert repr(groundwire.outcome_of(events.answered("word " * 30))) == (
        f"Answered('{'word ' * 12}…', ANSWER_VALIDATED, SHOW, 'request-1')"
    )


def test_a_model_can_read_the_answer_or_why_there_is_none() -> None:
    assert text_or_reason(groundwire.outcome_of(events.answered("In the mail room."))) == "In the mail room."
    assert text_or_reason(groundwire.outcome_of(events.abstained())) == (
        "No answer: abstained, INSUFFICIENT_EVIDENCE; next step REPHRASE."
    )
    assert text_or_reason(groundwire.outcome_of(pb.Outcome())).startswith("No answer: unrecognized, ")
    queued = pb.Outcome(
        queued=MESSAGES["queued"].queued,
        cause=CAUSE_MODEL_RATE_LIMITED,
        next_step=pb.NEXT_STEP_WAIT_FOR_OPERATION,
    )
    assert text_or_reason(groundwire.outcome_of(queued)) == (
        "No answer: queued, MODEL_RATE_LIMITED; next step WAIT_FOR_OPERATION operations/1."
    )


def test_outcomes_are_equal_when_their_messages_are() -> None:
    assert groundwire.outcome_of(events.answered()) == groundwire.outcome_of(events.answered())
    assert groundwire.outcome_of(events.answered()) != groundwire.outcome_of(events.abstained())
    assert groundwire.outcome_of(events.answered()) != events.answered()
