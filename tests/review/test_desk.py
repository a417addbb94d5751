"""Sending answers for review."""

from dataclasses import replace
from typing import Any

import pytest

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry, RunRequest
from groundwire_server.domain.operation import Claim, OperationKey
from groundwire_server.domain.outcome import Answered, InReview, Outcome
from groundwire_server.domain.review import ReviewReason, ReviewTrigger
from groundwire_server.domain.vocabulary import Action, Cause, NextStep
from groundwire_server.ports.operations import RecordsError, ended
from groundwire_server.review.desk import RecordedReviewDesk
from groundwire_server.telemetry import metrics
from tests.doubles.cases import answered_case, grounded
from tests.doubles.operation_records import Away
from tests.review.office import OPERATION, Office, reviewed

REASON = ReviewReason(Cause.CONFIDENCE_NOT_ALLOWED, ReviewTrigger.FALLBACK)
WORK: Any = None


class Sampled:
    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def sample(self, inquiry: Inquiry, case: Case, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


def desk(office: Office, sampled: Sampled | None = None) -> RecordedReviewDesk:
    ids = iter(f"{number:032x}" for number in range(1, 100))
    return RecordedReviewDesk(office.records, sampled or Sampled(), office.events, office.clock, lambda: next(ids))


def inquiry(**given: Any) -> Inquiry:
    asked = Inquiry(
        answered_case().question, Caller("acme", "ann"), reviewed(expected_within=600.0), 0.0, Deadline(9e9)
    )
    return replace(asked, **given)


async def test_a_call_waits_for_an_operation_of_its_own() -> None:
    office = Office()
    async with office.wakeups.subscribed("reviews:acme") as watching:
        waits = await desk(office).open(inquiry(), answered_case(), REASON)
        assert await watching.wait(0.0)
    assert waits == InReview(f"{1:032x}", f"operations/{2:032x}", 600.0)
    kept = await office.kept(waits.ticket)
    assert (kept.review.reason, kept.review.subject, kept.case) == (REASON, "ann", answered_case())
    assert (kept.review.expires - kept.review.created).total_seconds() == 86_400.0
    assert office.counts.of(metrics.REVIEWS_OPENED, "default", "APPROVAL", "FALLBACK") == 1


async def test_a_queued_question_goes_on_waiting_under_its_own_operation() -> None:
    office = Office()
    claim = Claim(OperationKey("acme", "ann", OPERATION), 1, WORK)
    async with office.wakeups.subscribed(ended(OPERATION)) as waiting:
        waits = await desk(office).open(inquiry(claim=claim), answered_case(), REASON)
        assert await waiting.wait(0.0)
    assert waits.operation == f"operations/{OPERATION}"


async def test_the_same_request_waits_for_the_same_review_and_is_counted_once() -> None:
    office = Office()
    here, run = desk(office), RunRequest(b"print")
    first = await here.open(inquiry(run=run), answered_case(), REASON)
    assert await here.open(inquiry(run=run), answered_case(), REASON) == first
    assert office.counts.of(metrics.REVIEWS_OPENED, "default", "APPROVAL", "FALLBACK") == 1


async def test_another_request_under_its_id_is_not_reviewed() -> None:
    office = Office()
    here = desk(office)
    await here.open(inquiry(run=RunRequest(b"print")), answered_case(), REASON)
    with pytest.raises(Failure) as failed:
        await here.open(inquiry(run=RunRequest(b"other")), answered_case(), REASON)
    assert failed.value.cause is REASON.cause


async def test_what_cannot_be_kept_is_the_cause_again() -> None:
    office = Office()

    def away(method: str) -> None:
        raise RecordsError(Away.GONE)

    office.records.before = away
    with pytest.raises(Failure) as failed:
        await desk(office).open(inquiry(), answered_case(), REASON)
    assert failed.value.cause is REASON.cause


async def test_a_worker_that_has_lost_its_claim_opens_nothing() -> None:
    office = Office()
    office.records.lost.add(OPERATION)
    claim = Claim(OperationKey("acme", "ann", OPERATION), 1, WORK)
    with pytest.raises(Failure):
        await desk(office).open(inquiry(claim=claim), answered_case(), REASON)
    assert office.counts.of(metrics.REVIEWS_OPENED, "default", "APPROVAL", "FALLBACK") == 0


async def test_a_route_without_reviewers_has_no_desk() -> None:
    office = Office()
    with pytest.raises(Failure):
        await desk(office).open(inquiry(policy=replace(reviewed(), review=None)), answered_case(), REASON)


async def test_what_leaves_goes_to_those_who_sample() -> None:
    sampled = Sampled()
    left = Outcome(Answered(grounded("At six.")), Cause.ANSWER_VALIDATED, Action.ANSWER, NextStep.SHOW)
    desk(Office(), sampled).sample(inquiry(), answered_case(), left)
    assert sampled.outcomes == [left]
