"""From the opening of a review to its end, one reviewer at a time."""

from dataclasses import replace

import pytest

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.feedback import AnswerFault
from groundwire_server.domain.review import Review, ReviewDecision, ReviewKind, ReviewState, ReviewVerdict
from groundwire_server.domain.vocabulary import Reason, Verdict
from groundwire_server.ports.operations import FingerprintError
from tests.contract.operations.queued import SteppingClock
from tests.contract.reviews.cases import case, draft
from tests.contract.reviews.reviewed import APPROVED, COMPLETION, EDITED, LEASE, WITHIN, Reviews

REJECTED = ReviewVerdict(
    ReviewDecision.REJECTED, note="No.", faults=(AnswerFault.INCORRECT, AnswerFault.UNSAFE), wrong_sentences=(0, 2)
)


async def test_a_review_holds_the_whole_case(reviews: Reviews, clock: SteppingClock) -> None:
    opened = await reviews.open("t1")
    found = await reviews.get("t1")
    assert found.review == opened
    assert (found.case, found.verdict) == (case("t1"), None)
    assert opened == Review(
        tenant="acme",
        ticket="t1",
        kind=ReviewKind.APPROVAL,
        state=ReviewState.PENDING,
        reason=reviews.opening("t1").reason,
        route="default",
        subject="ann",
        request_id="t1",
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        created=clock.today(),
        expires=reviews.opening("t1").expires,
        operation_id=reviews.opening("t1").operation_id,
        weakest_verdict=Verdict.CONTRADICTED,
    )
    assert await reviews.events("t1") == [("opened", "")]


async def test_a_case_without_a_draft_is_kept(reviews: Reviews) -> None:
    bare = case("t1", draft=None, place=None)
    opened = await reviews.open("t1", case=bare)
    assert (opened.weakest_verdict, (await reviews.get("t1")).case) == (None, bare)


async def test_the_same_request_has_one_review(reviews: Reviews) -> None:
    first = await reviews.open("t1")
    again = reviews.opening("t2", case=case("t1"))
    assert await reviews.records.open(again, None) == first
    assert await reviews.tickets() == ["t1"]
    with pytest.raises(FingerprintError):
        await reviews.records.open(replace(again, fingerprint=b"another"), None)


async def test_one_answer_is_sampled_once(reviews: Reviews) -> None:
    await reviews.open("t1", waited_for=False)
    assert (await reviews.open("t2", waited_for=False, case=case("t1"))).ticket == "t1"
    appeal = await reviews.open("t3", waited_for=False, case=case("t1"), kind=ReviewKind.BLOCK)
    assert appeal.ticket == "t3"


@pytest.mark.parametrize("tenant", ["other", ""])
async def test_nobody_sees_or_touches_reviews_of_another_tenant(reviews: Reviews, tenant: str) -> None:
    await reviews.open("t1")
    assert await reviews.records.get(tenant, "t1") is None
    assert await reviews.tickets(tenant) == []
    assert await reviews.records.count_open(tenant, 10) == 0
    assert await reviews.claim("t1", tenant=tenant) is Reason.REVIEW_NOT_FOUND
    assert await reviews.release("t1", tenant=tenant) is Reason.REVIEW_NOT_FOUND
    assert await reviews.decide("t1", tenant=tenant) is Reason.REVIEW_NOT_FOUND
    assert not await reviews.records.expire(tenant, "t1", COMPLETION)
    assert await reviews.records.changed(tenant, 0, 10) == []
    assert await reviews.state("t1") is ReviewState.PENDING


@pytest.mark.parametrize("verdict", [APPROVED, EDITED, REJECTED], ids=lambda verdict: verdict.decision)
async def test_a_claimed_review_is_decided_once(reviews: Reviews, clock: SteppingClock, verdict: ReviewVerdict) -> None:
    await reviews.open("t1")
    claimed = await reviews.claim("t1")
    assert isinstance(claimed, Review)
    assert (claimed.state, claimed.reviewer, claimed.etag) == (ReviewState.CLAIMED, "rob", "2")
    clock.step(60)
    decided = await reviews.decide("t1", verdict=verdict, etag=claimed.etag)
    assert isinstance(decided, Review)
    assert (decided.state, decided.reviewer) == (verdict.decision.state, "rob")
    assert (decided.decided, decided.lease_until, decided.etag) == (clock.today(), None, "3")
    assert decided.expires == claimed.expires
    found = await reviews.get("t1")
    assert (found.review, found.verdict, found.case) == (decided, verdict, case("t1"))
    # The same again changes nothing; another decision, or another reviewer, is too late.
    assert await reviews.decide("t1", verdict=verdict) == decided
    other = APPROVED if verdict is not APPROVED else REJECTED
    assert await reviews.decide("t1", verdict=other) is Reason.REVIEW_DECIDED
    assert await reviews.decide("t1", "eve", verdict) is Reason.REVIEW_DECIDED
    assert await reviews.claim("t1") is Reason.REVIEW_DECIDED
    assert await reviews.release("t1") is Reason.REVIEW_DECIDED
    word = verdict.decision.lower()
    assert await reviews.events("t1") == [("opened", ""), ("claimed", "rob"), (word, "rob")]


async def test_other_remarks_are_another_decision(reviews: Reviews) -> None:
    await reviews.open("t1")
    await reviews.claim("t1")
    assert isinstance(await reviews.decide("t1", verdict=REJECTED), Review)
    for other in (replace(REJECTED, note="Another note."), replace(REJECTED, wrong_sentences=())):
        assert other != REJECTED
        assert await reviews.decide("t1", verdict=other) is Reason.REVIEW_DECIDED
    assert (await reviews.get("t1")).verdict == REJECTED


async def test_the_trail_does_not_say_why_a_blind_sample_left_as_it_did(reviews: Reviews) -> None:
    await reviews.open("t1", waited_for=False)
    await reviews.open("t2")
    opened = [each.details.get("cause") for each in await reviews.audit.page("acme", "", 0, 10)]
    assert opened == [None, "REVIEW_REQUIRED"]


async def test_another_text_is_another_decision(reviews: Reviews) -> None:
    await reviews.open("t1")
    await reviews.claim("t1")
    await reviews.decide("t1", verdict=EDITED)
    assert await reviews.decide("t1", verdict=replace(EDITED, text=draft("Um zehn."))) is Reason.REVIEW_DECIDED


async def test_a_review_is_decided_by_who_holds_it_alone(reviews: Reviews, clock: SteppingClock) -> None:
    await reviews.open("t1")
    assert await reviews.decide("t1") is Reason.REVIEW_NOT_CLAIMED
    assert await reviews.release("t1") is Reason.REVIEW_NOT_CLAIMED
    await reviews.claim("t1", "eve")
    assert await reviews.decide("t1") is Reason.REVIEW_NOT_CLAIMED
    assert await reviews.release("t1") is Reason.REVIEW_NOT_CLAIMED
    with pytest.raises(Rejection) as refused:
        await reviews.records.claim("acme", "t1", "rob", LEASE)
    assert (refused.value.reason, refused.value.metadata) == (Reason.REVIEW_CLAIMED, {"ticket": "t1"})
    assert refused.value.retry_after == LEASE
    clock.step(LEASE)
    # Her claim has lapsed.
    assert await reviews.state("t1") is ReviewState.PENDING
    assert await reviews.decide("t1", "eve") is Reason.REVIEW_NOT_CLAIMED
    taken = await reviews.claim("t1")
    assert isinstance(taken, Review)
    assert (taken.reviewer, taken.etag) == ("rob", "3")


async def test_a_claim_that_is_prolonged_keeps_its_etag(reviews: Reviews, clock: SteppingClock) -> None:
    await reviews.open("t1")
    first = await reviews.claim("t1")
    clock.step(LEASE - 1)
    again = await reviews.claim("t1")
    assert isinstance(first, Review)
    assert isinstance(again, Review)
    assert again.etag == first.etag
    clock.step(LEASE - 1)
    assert isinstance(await reviews.decide("t1", etag=first.etag), Review)


async def test_a_review_that_was_given_back_is_free(reviews: Reviews) -> None:
    await reviews.open("t1")
    seen = await reviews.claim("t1")
    assert isinstance(seen, Review)
    released = await reviews.release("t1")
    assert isinstance(released, Review)
    assert (released.state, released.reviewer, released.lease_until) == (ReviewState.PENDING, "", None)
    assert isinstance(await reviews.claim("t1", "eve"), Review)
    await reviews.release("t1", "eve")
    await reviews.claim("t1")
    assert await reviews.decide("t1", etag=seen.etag) is Reason.REVIEW_CHANGED
    assert [event for event, _ in await reviews.events("t1")] == ["opened", *["claimed", "released"] * 2, "claimed"]


async def test_nothing_is_decided_once_the_time_is_over(reviews: Reviews, clock: SteppingClock) -> None:
    await reviews.open("t1")
    clock.step(WITHIN - 1)
    await reviews.claim("t1")
    assert not await reviews.records.expire("acme", "t1", COMPLETION)
    assert await reviews.records.overdue(10) == []
    clock.step(1)
    assert await reviews.decide("t1") is Reason.REVIEW_DECIDED
    assert await reviews.claim("t1") is Reason.REVIEW_DECIDED
    (found,) = await reviews.records.overdue(10)
    assert (found.review.ticket, found.case) == ("t1", case("t1"))
    assert await reviews.records.expire("acme", "t1", COMPLETION)
    assert not await reviews.records.expire("acme", "t1", COMPLETION)
    assert await reviews.records.overdue(10) == []
    expired = (await reviews.get("t1")).review
    assert (expired.state, expired.reviewer, expired.decided) == (ReviewState.EXPIRED, "", None)
    assert await reviews.events("t1") == [("opened", ""), ("claimed", "rob"), ("expired", "")]


async def test_the_longest_overdue_of_all_tenants_come_first(reviews: Reviews, clock: SteppingClock) -> None:
    for number, tenant in enumerate(("acme", "other", "acme", "other")):
        await reviews.open(f"t{number}", case=case(f"t{number}", tenant), waited_for=number % 2 == 0)
        clock.step(1)
    await reviews.claim("t0")
    clock.step(WITHIN)
    assert [each.review.ticket for each in await reviews.records.overdue(3)] == ["t0", "t1", "t2"]


async def test_changes_have_numbers_that_grow(reviews: Reviews) -> None:
    assert await reviews.records.changed("acme", -1, 10) == []
    await reviews.open("t1")
    await reviews.open("t2")
    (last,) = await reviews.records.changed("acme", -1, 10)
    assert last[1] == "t2"
    await reviews.claim("t1")
    await reviews.records.note_reading("acme", "t1", "rob", 2)
    await reviews.decide("t1")
    changed = await reviews.records.changed("acme", last[0], 10)
    assert [ticket for _, ticket in changed] == ["t1", "t1"]
    assert await reviews.records.changed("acme", last[0], 1) == changed[:1]
    assert await reviews.records.changed("acme", changed[-1][0], 10) == []
    assert await reviews.records.changed("acme", -1, 10) == changed[-1:]


async def test_who_reads_texts_is_written_down_once(reviews: Reviews) -> None:
    await reviews.open("t1")
    for reviewer in ("rob", "eve", "rob"):
        await reviews.records.note_reading("acme", "t1", reviewer, 1)
    await reviews.records.note_reading("acme", "unknown", "rob", 1)
    await reviews.records.note_reading("other", "t1", "rob", 1)
    assert await reviews.events("t1") == [("opened", ""), ("read", "rob"), ("read", "eve")]
    assert len(await reviews.audit.page("acme", "", 0, 10)) == 3
    (entry,) = [each for each in await reviews.audit.page("acme", "", 0, 10) if each.actor == "eve"]
    assert entry.details == {"withheld": "1"}
