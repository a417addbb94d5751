"""Reviews, feedback, usage and the audit trail, against a server on a port."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

import groundwire
from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.audit_service_pb2 import AuditEntry
from groundwire.v1.event_pb2 import Heartbeat
from groundwire.v1.feedback_service_pb2 import LabelledCase, Rating
from groundwire.v1.outcome_pb2 import Outcome
from groundwire.v1.review_pb2 import Review, ReviewOrder
from groundwire.v1.usage_service_pb2 import UsageDimension, UsageRow
from tests.client._aio import until
from tests.doubles.reviewed_service import DECIDED, TICKET, ReviewedService, serving_reviewed, waiting
from tests.doubles.service import FORBIDDEN, LOST


@pytest.fixture
def service() -> ReviewedService:
    return ReviewedService(*(waiting(f"t{number}") for number in range(3)), waiting())


@pytest.fixture
def address(service: ReviewedService) -> Iterator[str]:
    with serving_reviewed(service) as address:
        yield address


async def test_reviews_are_fetched_page_after_page(client: groundwire.Client, service: ReviewedService) -> None:
    found = [review.ticket async for review in client.reviews(states=["PENDING"], newest=True, page_size=2)]
    assert found == ["t0", "t1", "t2", TICKET]
    request = service.calls[-1].request
    assert (len(service.calls), request.page_token, request.filter.states) == (2, "2", [Review.STATE_PENDING])
    assert request.order == ReviewOrder.REVIEW_ORDER_NEWEST


async def test_a_state_that_the_contract_does_not_have_is_an_error(client: groundwire.Client) -> None:
    with pytest.raises(ValueError, match="'OPEN' is not one of PENDING, CLAIMED"):
        _ = [review async for review in client.reviews(states=["OPEN"])]


async def test_open_reviews_are_counted(client: groundwire.Client) -> None:
    assert await client.open_reviews() == 4


async def test_a_review_is_claimed_and_approved_as_it_was_seen(
    client: groundwire.Client, service: ReviewedService
) -> None:
    seen = await client.claim_review(TICKET, lease=60)
    decided = await client.approve_review(TICKET, note="fine", etag=seen.etag)
    claimed, approved = (call.request for call in service.calls)
    assert (claimed.lease.seconds, approved.note, approved.etag) == (60, "fine", "2")
    assert (decided.state, decided.decided.text) == (Review.STATE_APPROVED, decided.proposed.text)


async def test_a_review_is_read_released_and_rejected(client: groundwire.Client, service: ReviewedService) -> None:
    assert len((await client.review(TICKET)).passages) == 2
    assert (await client.release_review(TICKET)).state == Review.STATE_PENDING
    rejected = await client.reject_review(TICKET, faults=["INCORRECT", "UNSAFE"], wrong_sentences=[1])
    assert rejected.state == Review.STATE_REJECTED
    request = service.calls[-1].request
    assert list(request.faults) == [AnswerFault.ANSWER_FAULT_INCORRECT, AnswerFault.ANSWER_FAULT_UNSAFE]
    assert list(request.wrong_sentences) == [1]


async def test_an_edit_can_be_checked_before_it_leaves(client: groundwire.Client, service: ReviewedService) -> None:
    service.unsupported = {"Nobody may sign."}
    checked = await client.edit_review(TICKET, "Nobody may sign.", validate_only=True)
    assert (checked.state, list(checked.below_minimum)) == (Review.STATE_PENDING, [0])
    with pytest.raises(groundwire.Error) as failed:
        await client.edit_review(TICKET, "Nobody may sign.")
    assert failed.value.reason == "REVIEW_TEXT_UNSUPPORTED"
    edited = await client.edit_review(TICKET, "Nobody may sign.", accept_unsupported=True, faults=["UNCLEAR"])
    assert (edited.state, edited.decided.text) == (Review.STATE_EDITED, "Nobody may sign.")


async def test_a_decision_that_cannot_be_is_an_error(client: groundwire.Client, service: ReviewedService) -> None:
    service.failures["RejectReview"] = DECIDED
    with pytest.raises(groundwire.Error) as failed:
        await client.reject_review(TICKET)
    assert failed.value.reason == "REVIEW_DECIDED"


async def test_a_watch_goes_on_over_a_lost_connection_and_repeats_nothing(
    client: groundwire.Client, service: ReviewedService
) -> None:
    first, changed = waiting("t0"), waiting("t1")
    changed.etag = "2"
    service.watched = [[first, waiting("t1"), Heartbeat(), LOST], [first, changed, FORBIDDEN]]
    watched = client.watch_reviews(states=["PENDING"], route="compliance")
    for expected in [("t0", "1"), ("t1", "1"), ("t1", "2")]:
        review = await anext(watched)
        assert (review.ticket, review.etag) == expected
    with pytest.raises(groundwire.Error) as failed:
        await anext(watched)
    assert failed.value.reason == "FORBIDDEN"
    assert service.calls[1].request.filter.route == "compliance"


async def test_a_watch_that_is_left_is_ended_at_the_server(client: groundwire.Client, service: ReviewedService) -> None:
    service.watched = [[waiting("t0")]]
    watched = client.watch_reviews()
    async for review in watched:
        assert review.ticket == "t0"
        break
    await watched.aclose()
    assert await until(service.cancelled)


async def test_samples_are_measured(client: groundwire.Client, service: ReviewedService) -> None:
    (row,) = await client.measure_reviews(since=datetime(2026, 11, 1, tzinfo=UTC), route="faq")
    assert (row.decided, row.wrong) == (7, 1)
    assert service.calls[0].request.since.ToJsonString() == "2026-11-01T00:00:00Z"
    with pytest.raises(ValueError, match="a time needs a time zone"):
        await client.measure_reviews(until=datetime(2026, 11, 1))  # noqa: DTZ001  # what is refused


async def test_feedback_is_tied_to_its_outcome(client: groundwire.Client, service: ReviewedService) -> None:
    message = Outcome()
    message.report.request_id, message.report.trace_id, message.report.route = "order-4711", "ab" * 16, "faq"
    message.answered.answer.text = "So it is."
    outcome = groundwire.outcome_of(message)
    assert await client.submit_feedback(outcome, rating="DOWN", faults=["OUTDATED"], comment="It was so in May.")
    request = service.calls[0].request
    assert (request.request_id, request.trace_id, request.route) == ("order-4711", "ab" * 16, "faq")
    assert (request.rating, list(request.faults)) == (Rating.RATING_DOWN, [AnswerFault.ANSWER_FAULT_OUTDATED])
    with pytest.raises(ValueError, match="'GOOD' is not one of UP, DOWN"):
        await client.submit_feedback(outcome, rating="GOOD")


async def test_feedback_is_listed_and_exported(client: groundwire.Client, service: ReviewedService) -> None:
    assert [each async for each in client.list_feedback(rating="UP")] == []
    assert [each async for each in client.export_cases(sources=["REVIEW"])] == []
    listed, exported = (call.request for call in service.calls)
    assert (listed.rating, list(exported.sources)) == (Rating.RATING_UP, [LabelledCase.SOURCE_REVIEW])


async def test_usage_has_the_rows_of_all_pages(client: groundwire.Client, service: ReviewedService) -> None:
    service.rows = [UsageRow(model=f"m{number}", input_tokens=number) for number in range(5)]
    found = await client.usage(first_day=date(2026, 11, 1), group_by=["MODEL"], route="faq")
    assert [row.input_tokens for row in found.rows] == [0, 1, 2, 3, 4]
    request = service.calls[-1].request
    assert (request.first_day, request.last_day) == ("2026-11-01", "")
    assert list(request.group_by) == [UsageDimension.USAGE_DIMENSION_MODEL]


async def test_the_audit_trail_is_read_and_verified(client: groundwire.Client, service: ReviewedService) -> None:
    service.entries = [AuditEntry(sequence=number, target=f"reviews/t{number % 2}") for number in range(1, 6)]
    entries = [entry.sequence async for entry in client.audit_entries(target="reviews/t1", after=1, page_size=1)]
    assert entries == [3, 5]
    assert (await client.verify_audit(sequence=3, digest="ab" * 32)).intact
    assert service.calls[-1].request.digest == "ab" * 32
