"""Drawing samples of what has left: how many, of what kind, and what happens where there is no room for them."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.guards.finding import Flag, GuardIdentity, PolicyBlock
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Abstained, Answered, Blocked, InReview, Outcome, Result
from groundwire_server.domain.review import Review, ReviewKind, ReviewState, ReviewTrigger
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.vocabulary import Action, Cause, GuardAction, NextStep, Screen
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.reviews import ReviewOpening, ReviewRecords
from groundwire_server.review.sampling import APPEAL_WITHIN, AppealedBlock, OutcomeSamples, keyed_draw
from groundwire_server.telemetry import metrics
from tests.doubles.cases import ASKED, TRACE, answered_case, unanswered_case
from tests.doubles.counts import Counts
from tests.doubles.feedback_records import MemoryFeedback
from tests.doubles.operation_records import Away
from tests.doubles.policies import built_in_policy

GUARD = GuardIdentity("injection", "1")
BLOCK = Blocked(PolicyBlock(GUARD, "injection"))
FLAG = Flag(Screen.QUESTION, GUARD, "injection", GuardAction.BLOCK)


class StandingClock:
    def now(self) -> float:
        return 0.0

    def today(self) -> datetime:
        return ASKED


class Openings:
    """The one method of ReviewRecords that samples use."""

    def __init__(self) -> None:
        self.opened: list[ReviewOpening] = []
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def open(self, opening: ReviewOpening, claim: object) -> Review:
        assert claim is None
        await self.gate.wait()
        if self.away:
            raise RecordsError(Away.GONE)
        self.opened.append(opening)
        case, report = opening.case, opening.case.report
        return Review(
            case.tenant,
            opening.ticket,
            opening.kind,
            ReviewState.PENDING,
            opening.reason,
            report.route,
            case.subject,
            report.request_id,
            report.trace_id,
            ASKED,
            opening.expires,
        )


class Sampling:
    """Samples with everything around them."""

    def __init__(self, draws: Iterator[float] | None = None) -> None:
        self.openings, self.feedback, self.counts = Openings(), MemoryFeedback(), Counts()
        self.told: list[str] = []
        numbers = draws or iter(())
        self.samples = OutcomeSamples(
            cast("ReviewRecords", self.openings),
            self.feedback,
            StandingClock(),
            self.counts,
            self._tell,
            lambda case: next(numbers),
        )

    async def _tell(self, review: Review) -> None:
        self.told.append(review.ticket)

    def leave(
        self, case: Case, result: Result, policy: ReviewPolicy | None, cause: Cause = Cause.ANSWER_VALIDATED
    ) -> None:
        whole = replace(built_in_policy(), review=policy)
        inquiry = Inquiry(case.question, Caller(case.tenant, case.subject), whole, 0.0, NEVER)
        self.samples.sample(inquiry, case, Outcome(result, cause, Action.ANSWER, NextStep.SHOW))

    def leave_one(self, case: Case, policy: ReviewPolicy | None) -> None:
        assert case.draft is not None
        self.leave(case, Answered(case.draft), policy)

    async def leave_answered(self, case: Case, policy: ReviewPolicy | None) -> None:
        self.leave_one(case, policy)
        await self.samples.end()

    @property
    def counted(self) -> dict[tuple[str, ...], float]:
        return self.counts.series(metrics.REVIEW_SAMPLES)


async def test_a_drawn_answer_is_a_blind_sample_whose_share_is_known() -> None:
    sampling = Sampling(iter([0.19]))
    await sampling.leave_answered(answered_case(), ReviewPolicy(sample_share=0.2, sample_within=60.0, keep=90.0))
    (opening,) = sampling.openings.opened
    assert opening.kind is ReviewKind.SAMPLE
    assert opening.reason.trigger is ReviewTrigger.SAMPLE
    assert (opening.share, opening.forget) == (0.2, 90.0)
    assert opening.expires == ASKED + timedelta(seconds=60)
    assert opening.operation_id == ""
    assert sampling.told == [opening.ticket]
    assert sampling.counted == {("default", "sample", "kept"): 1}


@pytest.mark.parametrize(
    ("draw", "opened", "kept"),
    [(0.05, 1, 0), (0.1, 0, 1), (0.49, 0, 1), (0.5, 0, 0)],
)
async def test_one_draw_decides_what_an_answer_is_kept_for(draw: float, opened: int, kept: int) -> None:
    sampling = Sampling(iter([draw]))
    await sampling.leave_answered(answered_case(), ReviewPolicy(sample_share=0.1, keep_share=0.5, keep_answers=7.0))
    assert (len(sampling.openings.opened), len(sampling.feedback.kept)) == (opened, kept)
    assert set(sampling.feedback.kept.values()) <= {7.0}


async def test_a_route_without_shares_draws_nothing() -> None:
    sampling = Sampling()
    for policy in (None, ReviewPolicy(always=True)):
        sampling.leave(answered_case(), Answered(cast("Any", answered_case().draft)), policy)
        sampling.leave(unanswered_case(), Abstained(0, ()), policy)
        sampling.leave(unanswered_case(), BLOCK, policy)
    await sampling.samples.end()
    assert sampling.counted == {}


async def test_an_answer_that_waits_for_a_person_is_no_sample() -> None:
    sampling = Sampling(iter([0.0]))
    sampling.leave(answered_case(), InReview("t", "operations/o"), ReviewPolicy(sample_share=1.0, keep_share=1.0))
    await sampling.samples.end()
    assert sampling.counted == {}


async def test_an_abstention_is_kept_for_feedback_alone() -> None:
    sampling = Sampling(iter([0.0]))
    sampling.leave(unanswered_case(), Abstained(0, ()), ReviewPolicy(sample_share=1.0, keep_share=1.0))
    await sampling.samples.end()
    assert sampling.openings.opened == []
    assert sampling.counted == {("default", "feedback", "kept"): 1}


async def test_a_drawn_block_is_laid_before_a_person_with_its_guard() -> None:
    sampling = Sampling(iter([0.0]))
    sampling.leave(unanswered_case(), BLOCK, ReviewPolicy(block_share=0.5), Cause.QUESTION_FORBIDDEN)
    await sampling.samples.end()
    (opening,) = sampling.openings.opened
    assert opening.kind is ReviewKind.BLOCK
    assert opening.reason.cause is Cause.QUESTION_FORBIDDEN
    assert (opening.reason.guard, opening.reason.category) == ("injection", "injection")
    assert opening.share == 0.5


async def test_an_appeal_becomes_a_review_where_the_question_is_kept() -> None:
    sampling = Sampling()
    case = unanswered_case()
    blocked = replace(case, report=replace(case.report, flags={FLAG: 1}))
    policy = ReviewPolicy(appeals=True)
    sampling.leave(blocked, BLOCK, policy, Cause.QUESTION_FORBIDDEN)
    await sampling.samples.end()
    assert sampling.feedback.kept == {"request-1": APPEAL_WITHIN}

    appealed = AppealedBlock("acme", "ann", "request-1", TRACE, "injection", "injection")
    review = await sampling.samples.appeal(appealed, {"default": policy}.get)
    assert review is not None
    assert review.kind is ReviewKind.BLOCK
    assert review.reason.trigger is ReviewTrigger.APPEAL
    assert review.reason.cause is Cause.QUESTION_FORBIDDEN
    assert sampling.told == [review.ticket]


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "other"},
        {"subject": "bob"},
        {"request_id": "request-2"},
        {"trace_id": "0" * 32},
        {"guard": "secrets"},
        {"category": "email"},
    ],
)
async def test_an_appeal_of_what_was_not_blocked_so_opens_nothing(change: dict[str, str]) -> None:
    sampling = Sampling()
    case = unanswered_case()
    await sampling.feedback.keep_case(replace(case, report=replace(case.report, flags={FLAG: 1})), 60.0)
    appealed = AppealedBlock("acme", "ann", "request-1", TRACE, "injection", "injection")
    policy = ReviewPolicy(appeals=True)
    assert await sampling.samples.appeal(replace(appealed, **change), {"default": policy}.get) is None
    assert await sampling.samples.appeal(appealed, {"default": ReviewPolicy()}.get) is None
    assert await sampling.samples.appeal(appealed, {"other": policy}.get) is None
    assert sampling.openings.opened == []


async def test_a_database_that_is_away_costs_the_sample_alone() -> None:
    sampling = Sampling(iter([0.0, 0.9]))
    sampling.openings.away = sampling.feedback.away = True
    policy = ReviewPolicy(sample_share=0.5, keep_share=1.0)
    for _ in range(2):
        sampling.leave(answered_case(), Answered(cast("Any", answered_case().draft)), policy)
    await sampling.samples.end()
    assert sampling.counted == {
        ("default", "sample", "unavailable"): 1,
        ("default", "feedback", "unavailable"): 1,
    }


async def test_samples_are_bounded_in_number_and_time() -> None:
    sampling = Sampling(iter([0.0] * 100))
    sampling.openings.gate.clear()
    for _ in range(100):
        sampling.leave(answered_case(), Answered(cast("Any", answered_case().draft)), ReviewPolicy(sample_share=1.0))
    assert sampling.counted == {("default", "sample", "no_room"): 36}
    # The database never answers: each sample gives up when its time is over.
    await sampling.samples.end()
    assert sampling.counted == {("default", "sample", "no_room"): 36, ("default", "sample", "unavailable"): 64}


async def test_nothing_is_drawn_once_the_server_drains() -> None:
    sampling = Sampling(iter([0.0]))
    await sampling.samples.end()
    sampling.leave(answered_case(), Answered(cast("Any", answered_case().draft)), ReviewPolicy(sample_share=1.0))
    assert repr(sampling.samples) == "OutcomeSamples(pending=0)"


def test_a_request_is_drawn_alike_everywhere_and_otherwise_evenly() -> None:
    draw, again, other = keyed_draw(b"key"), keyed_draw(b"key"), keyed_draw(b"other")
    cases = [answered_case(f"request-{number}") for number in range(2000)]
    numbers = [draw(case) for case in cases]
    assert numbers == [again(case) for case in cases]
    assert numbers != [other(case) for case in cases]
    assert draw(answered_case()) != draw(answered_case(tenant="other"))
    for low in (0.0, 0.25, 0.5, 0.75):
        assert 420 < sum(low <= number < low + 0.25 for number in numbers) < 580
