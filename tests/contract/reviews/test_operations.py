"""Operations that wait for a person: made by a direct call, or left to the review by a worker."""

from collections.abc import Awaitable, Callable

import pytest

from groundwire_server.domain.operation import Bill, OperationKey, Webhook
from groundwire_server.domain.review import Review, ReviewState
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason
from groundwire_server.ports.operations import FingerprintError
from tests.contract.operations.queued import AMPLE, ANSWER_WITHIN, KEEP, LEASE, Queue, SteppingClock
from tests.contract.reviews.cases import case
from tests.contract.reviews.reviewed import COMPLETION, WITHIN, SqlReviews

BILL = Bill(10, 20, 30)


async def test_a_direct_call_gets_an_operation_that_waits_for_its_review(sql: SqlReviews, clock: SteppingClock) -> None:
    await sql.reviews.open("t1")
    found = await sql.queue.records.get(sql.queue.key("t1"))
    assert found is not None
    assert (found.state, found.ticket, found.attempts, found.position) == (OperationState.IN_REVIEW, "t1", 0, 0)
    assert (found.cause, found.accepted, found.route) == (Cause.REVIEW_REQUIRED, clock.today(), "default")
    assert found.expires == sql.reviews.opening("t1").expires
    assert await sql.queue.events("t1") == [("accepted", 0), ("in_review", 0)]
    written = await sql.queue.everything()
    assert written.ledger == []
    assert await sql.queue.posts("t1") == []
    assert (await sql.queue.row("t1")).end_user not in {"", "visitor-1"}


async def test_it_has_no_turn_and_does_not_count_as_waiting(sql: SqlReviews) -> None:
    await sql.reviews.open("t1")
    await sql.queue.accept("q1")
    (accepted,) = [each for each in await sql.queue.records.page("acme", None, [], None, 10) if each.request_id == "q1"]
    assert accepted.position == 0
    depth = await sql.queue.records.depth("acme")
    assert depth.counts == {OperationState.IN_REVIEW: 1, OperationState.QUEUED: 1}
    assert await sql.queue.drain() == ["q1"]
    assert await sql.queue.requeued("t1") is Reason.OPERATION_NOT_HALTED


async def test_a_decision_ends_it_with_the_outcome(sql: SqlReviews, clock: SteppingClock) -> None:
    await sql.reviews.open("t1")
    await sql.reviews.claim("t1")
    clock.step(5)
    await sql.reviews.decide("t1")
    found = await sql.queue.records.get(sql.queue.key("t1"))
    assert found is not None
    assert (found.state, found.result, found.ticket) == (OperationState.DONE, COMPLETION.result, "t1")
    assert (found.ended, found.expires) == (clock.today(), clock.today() + KEEP.done)
    assert await sql.queue.events("t1") == [("accepted", 0), ("in_review", 0), ("effect", 0)]
    assert await sql.queue.posts("t1") == ["ended"]
    assert await sql.queue.documents("t1") == ["handbook", "memo"]
    # Once more changes nothing.
    await sql.reviews.decide("t1")
    assert await sql.queue.posts("t1") == ["ended"]


async def test_a_decision_that_is_refused_leaves_it_as_it_is(sql: SqlReviews) -> None:
    await sql.reviews.open("t1")
    assert await sql.reviews.decide("t1") is Reason.REVIEW_NOT_CLAIMED
    assert await sql.queue.state("t1") is OperationState.IN_REVIEW
    assert await sql.queue.posts("t1") == []


async def test_a_sample_has_no_operation(sql: SqlReviews) -> None:
    await sql.reviews.open("t1", waited_for=False)
    await sql.reviews.claim("t1")
    assert isinstance(await sql.reviews.decide("t1", completion=None), Review)
    assert (await sql.queue.everything()).operations == []


async def test_a_worker_leaves_its_operation_to_the_review(sql: SqlReviews) -> None:
    await sql.queue.accept("q1", webhook=Webhook("https://hooks.example.com/answers"))
    claim = await sql.queue.claim()
    await sql.reviews.open("q1", claim)
    found = await sql.queue.records.get(claim.key)
    assert found is not None
    assert (found.state, found.ticket, found.attempts) == (OperationState.IN_REVIEW, "q1", 1)
    assert (await sql.queue.row("q1")).sealed_question is None
    # It is nobody's any more.
    assert not await sql.queue.records.renew(claim, LEASE)
    assert not await sql.queue.records.complete(claim, b"late", BILL, [])
    # What it has consumed is booked, whatever becomes of the worker.
    assert (await sql.queue.bill("q1")).cost_micros == 7
    await sql.reviews.claim("q1")
    await sql.reviews.decide("q1")
    assert await sql.queue.events("q1") == [
        ("accepted", 0),
        ("begun", 1),
        ("in_review", 1),
        ("effect", 1),
        ("billed", 1),
    ]
    bill = await sql.queue.bill("q1")
    assert (bill.input_tokens, bill.output_tokens, bill.cost_micros, bill.lost_attempts) == (10, 5, 7, 0)
    assert await sql.queue.posts("q1") == ["work", "ended", "webhook"]


async def test_a_worker_that_has_lost_its_claim_opens_no_review(sql: SqlReviews, clock: SteppingClock) -> None:
    await sql.queue.accept("q1")
    lost = await sql.queue.claim("w1")
    clock.step(LEASE)
    await sql.queue.claim("w2")
    assert await sql.reviews.records.open(sql.reviews.opening("q1"), lost) is None
    assert await sql.reviews.tickets() == []
    assert await sql.queue.state("q1") is OperationState.RUNNING


async def test_a_worker_that_asks_twice_finds_its_review(sql: SqlReviews) -> None:
    claim = await sql.in_review("q1")
    again = await sql.reviews.records.open(sql.reviews.opening("other", operation_id=claim.key.operation_id), claim)
    assert again is not None
    assert again.ticket == "q1"
    assert await sql.reviews.tickets() == ["q1"]


async def test_a_request_that_waits_otherwise_is_another_request(sql: SqlReviews) -> None:
    await sql.queue.accept("t1")
    with pytest.raises(FingerprintError):
        await sql.reviews.open("t1")
    assert await sql.queue.state("t1") is OperationState.QUEUED


async def test_an_operation_that_is_kept_no_longer_gives_its_request_id_back(
    sql: SqlReviews, clock: SteppingClock
) -> None:
    await sql.reviews.open("t1")
    await sql.reviews.claim("t1")
    await sql.reviews.decide("t1")
    clock.step(KEEP.done.total_seconds())
    opened = await sql.reviews.open("t2", case=case("t1"))
    assert opened.ticket == "t2"


ENDS: dict[str, Callable[[Queue, OperationKey], Awaitable[object]]] = {
    "cancel": lambda queue, key: queue.records.cancel(key),
    "delete": lambda queue, key: queue.records.delete(key),
}


@pytest.mark.parametrize("end", ENDS)
async def test_what_its_caller_ends_is_withdrawn(sql: SqlReviews, end: str) -> None:
    claim = await sql.in_review("q1")
    await sql.reviews.claim("q1")
    await ENDS[end](sql.queue, claim.key)
    withdrawn = await sql.reviews.get("q1")
    assert (withdrawn.review.state, withdrawn.review.reviewer) == (ReviewState.WITHDRAWN, "")
    # The texts are gone at once.
    assert (withdrawn.case, withdrawn.verdict) == (None, None)
    assert await sql.reviews.decide("q1") is Reason.REVIEW_DECIDED
    assert (await sql.reviews.events("q1"))[-1] == ("withdrawn", "ann")
    events = [event for event, _ in await sql.queue.events("q1")]
    assert events == ["accepted", "begun", "in_review", "cancelled", "billed"]
    bill = await sql.queue.bill("q1")
    assert (bill.cost_micros, bill.lost_attempts) == (7, 0)


@pytest.mark.parametrize("end", ENDS)
async def test_what_the_caller_of_a_direct_call_ends_is_withdrawn(sql: SqlReviews, end: str) -> None:
    await sql.reviews.open("t1")
    await ENDS[end](sql.queue, sql.queue.key("t1"))
    assert await sql.reviews.state("t1") is ReviewState.WITHDRAWN
    assert await sql.queue.events("t1") == [("accepted", 0), ("in_review", 0), ("cancelled", 0)]


async def test_nobody_else_can_end_it(sql: SqlReviews) -> None:
    await sql.reviews.open("t1")
    for key in (sql.queue.key("t1", "other"), sql.queue.key("t1", subject="bob")):
        assert await sql.queue.records.cancel(key) is None
        assert not await sql.queue.records.delete(key)
    assert await sql.reviews.state("t1") is ReviewState.PENDING


async def test_a_review_ends_by_its_own_time_and_not_by_that_of_the_queue(
    sql: SqlReviews, clock: SteppingClock
) -> None:
    await sql.in_review("q1")
    await sql.reviews.open("t1")
    clock.step(max(WITHIN, ANSWER_WITHIN))
    assert await sql.queue.records.sweep() == 0
    for name in ("q1", "t1"):
        assert await sql.queue.state(name) is OperationState.IN_REVIEW
        assert await sql.reviews.records.expire("acme", name, COMPLETION)
        found = await sql.queue.records.get(sql.queue.key(name))
        assert found is not None
        assert (found.state, found.result) == (OperationState.DONE, COMPLETION.result)


async def test_the_same_request_finds_its_ticket_in_the_queue_too(sql: SqlReviews) -> None:
    await sql.in_review("q1")
    again = await sql.queue.records.accept(sql.queue.key("another"), sql.queue.work("q1"), AMPLE)
    assert (again.key, again.ticket, again.state) == (sql.queue.key("q1"), "q1", OperationState.IN_REVIEW)
