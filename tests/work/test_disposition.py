"""What follows an attempt at a queued question."""

from random import Random

import pytest

from groundwire_server.domain.answer import Citation, GroundedText, Span
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.fallback import QUEUEABLE, never_after
from groundwire_server.domain.guards.finding import GuardIdentity, PolicyBlock
from groundwire_server.domain.operation import Bill
from groundwire_server.domain.outcome import Abstained, Answered, Blocked, Cached, Degraded, InReview, Outcome, Report
from groundwire_server.domain.vocabulary import Action, Cause, Confidence, Loss
from groundwire_server.work.backoff import Backoff
from groundwire_server.work.disposition import (
    AwaitReview,
    Complete,
    GiveBack,
    Retry,
    after_outcome,
)
from tests.work.questions import ANSWER, PASSAGES, USAGE, answered, failed_safe, outcome, passages_alone


class NoJitter(Random):
    def random(self) -> float:
        return 0.0


STEADY = Backoff(2.0, 60.0, NoJitter())
CUT_SHORT = Degraded((Loss.REST_OF_ANSWER,), ANSWER)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 2.0), (2, 4.0), (3, 8.0), (5, 32.0), (6, 60.0), (100, 60.0), (1_000_000, 60.0)]
)
def test_the_wait_doubles_up_to_the_longest(attempt: int, seconds: float) -> None:
    assert STEADY.after(attempt) == seconds


def test_jitter_takes_up_to_half_of_the_wait() -> None:
    backoff = Backoff(2.0, 60.0, Random(7))
    waits = [backoff.after(3) for _ in range(500)]
    assert min(waits) >= 4.0
    assert max(waits) <= 8.0
    assert max(waits) - min(waits) > 3.5


@pytest.mark.parametrize(("least", "seconds"), [(None, 2.0), (1.0, 2.0), (90.0, 90.0)])
def test_what_a_dependency_asks_for_is_waited_at_least(least: float | None, seconds: float) -> None:
    assert STEADY.after(1, least) == seconds


@pytest.mark.parametrize(
    "ended",
    [
        answered(),
        outcome(Abstained(8, PASSAGES), Cause.NO_EVIDENCE, Action.ABSTAIN),
        outcome(Degraded((Loss.SIMPLER_MODEL,), ANSWER), Cause.MODEL_TIMEOUT, Action.NEXT_MODEL),
        outcome(CUT_SHORT, Cause.MODEL_INTERRUPTED, Action.CUT_SHORT),
        outcome(Cached(ANSWER, 60.0, ()), Cause.MODEL_UNAVAILABLE, Action.CACHED_ANSWER),
        passages_alone(Cause.UNSUPPORTED),
        failed_safe(Cause.MODEL_MISCONFIGURED, None),
        failed_safe(Cause.BUDGET_EXHAUSTED, None),
    ],
    ids=lambda each: f"{type(each.result).__name__} {each.cause}",
)
def test_an_answer_and_what_would_be_the_same_later_end_the_operation(ended: Outcome) -> None:
    assert after_outcome(ended, 1, STEADY) == Complete(ended)


@pytest.mark.parametrize("cause", [Cause.REVIEW_REQUIRED, Cause.MODEL_TIMEOUT, Cause.BUDGET_EXHAUSTED])
def test_an_answer_that_a_person_looks_at_is_left_to_the_person(cause: Cause) -> None:
    ended = outcome(InReview("T-1", "operations/7"), cause, Action.REVIEW)
    assert after_outcome(ended, 1, STEADY) == AwaitReview()


@pytest.mark.parametrize("cause", Cause)
def test_an_attempt_waits_for_the_causes_after_which_a_call_is_queued(cause: Cause) -> None:
    ended = failed_safe(cause, 30.0)
    waits = isinstance(after_outcome(ended, 1, STEADY), Retry | GiveBack)
    assert waits is (never_after(Action.QUEUE, cause) is None)


@pytest.mark.parametrize("cause", sorted(QUEUEABLE - {Cause.BUDGET_EXHAUSTED}))
@pytest.mark.parametrize("made", [failed_safe, passages_alone])
def test_what_passes_is_tried_again_rather_than_answered_by_less(cause: Cause, made: type[object]) -> None:
    ended: Outcome = made(cause)  # type: ignore[assignment, call-arg]  # one of two functions
    assert after_outcome(ended, 2, STEADY) == Retry(cause, 4.0)


def test_a_model_that_says_when_it_is_back_is_left_alone_until_then() -> None:
    assert after_outcome(failed_safe(Cause.MODEL_RATE_LIMITED, 90.0), 1, STEADY) == Retry(Cause.MODEL_RATE_LIMITED, 90)


def test_waiting_for_money_costs_no_attempt() -> None:
    assert after_outcome(failed_safe(Cause.BUDGET_EXHAUSTED, 3600.0), 1, STEADY) == GiveBack(3600.0)


def test_the_bill_is_of_all_models_and_purposes() -> None:
    assert Bill.of(Report(usage=USAGE)) == Bill(13, 6, 9)
    assert Bill.of(Report()) == Bill()


WHOLE = Span(0, 0, 0, 0, 0, 0)
CITED, DROPPED = (Citation(Passage(name, "…", name), "", WHOLE) for name in ("cited", "dropped"))
MINE = Citation(Passage("mine", "…"), "", WHOLE)
CITING = GroundedText("Anna signs.", Confidence.HIGH, (CITED, CITED, MINE), (), 1.0, (DROPPED,))


@pytest.mark.parametrize(
    ("ended", "documents"),
    [
        (outcome(Answered(CITING), Cause.ANSWER_VALIDATED), {"cited", "dropped"}),
        (outcome(Cached(CITING, 60.0, ()), Cause.MODEL_TIMEOUT), {"cited", "dropped"}),
        (outcome(Degraded((Loss.ANSWER,), CITING, PASSAGES), Cause.UNSUPPORTED), {"cited", "dropped", "handbook"}),
        (outcome(Abstained(8, PASSAGES), Cause.NO_EVIDENCE), {"handbook"}),
        (outcome(Blocked(PolicyBlock(GuardIdentity("terms", "1"), "secret")), Cause.QUESTION_FORBIDDEN), set()),
        (failed_safe(Cause.MODEL_MISCONFIGURED), set()),
    ],
    ids=lambda each: type(each.result).__name__ if isinstance(each, Outcome) else None,
)
def test_an_outcome_belongs_to_every_document_that_it_cites_or_shows(ended: Outcome, documents: set[str]) -> None:
    assert ended.documents == documents
