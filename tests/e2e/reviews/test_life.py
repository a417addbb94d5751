"""A question, a person's decision, and the operation that ends with it, over gRPC and SQLite."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.longrunning import operations_pb2

from groundwire.v1 import answer_service_pb2, operation_service_pb2
from groundwire.v1.operation_service_pb2_grpc import OperationServiceStub
from groundwire_server.domain.vocabulary import Action, Cause
from groundwire_server.work.options import QueueOptions
from tests.e2e.calls import ACME, SECONDS, question, stream
from tests.e2e.conftest import Serve
from tests.e2e.reviews.desk import (
    LAMBDAS,
    OTTO,
    RITA,
    STRANGER,
    Desk,
    name_of,
    outcome_of,
    reviewing,
    state_of,
    waiting,
)

WRONG = "Bananas ripen in autumn."


@pytest.fixture
async def desk(serve: Serve) -> AsyncIterator[Desk]:
    async with reviewing(serve) as running:
        yield running


async def test_an_approved_answer_is_the_operations(desk: Desk) -> None:
    waits = await desk.ask(request_id="order-4711")
    assert state_of(await desk.operation(waits.operation)) == "IN_REVIEW"
    review = await desk.claim(waits.ticket)
    assert (name_of(review), review.reviewer, review.proposed.text) == ("CLAIMED", "rita", LAMBDAS)
    assert (review.question.text, review.request_id, review.operation) == (
        question().text,
        "order-4711",
        waits.operation,
    )
    assert [each.text for each in review.passages] == [LAMBDAS]
    review = await desk.call("ApproveReview", ticket=waits.ticket, note="Fine.", etag=review.etag)
    assert (name_of(review), review.note, review.decided.text) == ("APPROVED", "Fine.", LAMBDAS)
    outcome = outcome_of(await desk.operation(waits.operation))
    assert outcome.answered.answer.text == LAMBDAS
    assert outcome.answered.answer.citations[0].quote == LAMBDAS
    assert (outcome.report.review.ticket, outcome.report.review.decision) == (waits.ticket, 1)
    assert outcome.report.request_id == "order-4711"
    assert "rita" not in str(outcome)
    assert "Fine." not in str(outcome)


async def test_an_edited_answer_is_the_reviewers_with_its_own_verdicts(desk: Desk) -> None:
    waits = await desk.ask()
    await desk.claim(waits.ticket)
    text = "Lambda expressions create anonymous functions. <script>alert(1)</script>"
    shown = await desk.call("EditReview", ticket=waits.ticket, text=text, validate_only=True)
    assert (name_of(shown), list(shown.below_minimum)) == ("CLAIMED", [1])
    refused = await desk.refused("EditReview", ticket=waits.ticket, text=text)
    assert (refused.reason, dict(refused.metadata)) == ("REVIEW_TEXT_UNSUPPORTED", {"sentences": "1"})
    edited = await desk.call("EditReview", ticket=waits.ticket, text=f"  {LAMBDAS}\x00 ", note="Shorter.")
    assert (name_of(edited), edited.decided.text, edited.decided.verified) == ("EDITED", LAMBDAS, True)
    outcome = outcome_of(await desk.wait(waits.operation))
    assert (outcome.answered.answer.text, outcome.report.review.decision) == (LAMBDAS, 2)


async def test_an_unsupported_edit_leaves_marked_where_the_route_allows_it(serve: Serve) -> None:
    async with reviewing(serve, waiting(allow_unsupported=True)) as desk:
        waits = await desk.ask()
        await desk.claim(waits.ticket)
        await desk.call("EditReview", ticket=waits.ticket, text=WRONG, accept_unsupported=True)
        outcome = outcome_of(await desk.wait(waits.operation))
    assert outcome.degraded.answer.text == WRONG
    assert outcome.next_step == 2


@pytest.mark.parametrize("text", [" ", "\x00", "x" * 20_000])
async def test_an_edit_that_is_empty_or_too_long_decides_nothing(desk: Desk, text: str) -> None:
    waits = await desk.ask()
    await desk.claim(waits.ticket)
    assert (await desk.refused("EditReview", ticket=waits.ticket, text=text)).reason == "INVALID_REQUEST"
    assert name_of(await desk.call("GetReview", ticket=waits.ticket)) == "CLAIMED"


@pytest.mark.parametrize(
    ("row", "result"),
    [((Action.ABSTAIN,), "abstained"), ((Action.PASSAGES_ONLY,), "degraded"), ((Action.FAIL_SAFE,), "failed_safe")],
)
async def test_a_rejected_question_ends_by_the_row(serve: Serve, row: tuple[Action, ...], result: str) -> None:
    async with reviewing(serve, waiting(fallbacks={Cause.REVIEW_REJECTED: row})) as desk:
        waits = await desk.ask()
        await desk.claim(waits.ticket)
        review = await desk.call("RejectReview", ticket=waits.ticket, faults=[1], wrong_sentences=[0])
        assert (name_of(review), list(review.faults), list(review.wrong_sentences)) == ("REJECTED", [1], [0])
        outcome = outcome_of(await desk.wait(waits.operation))
    assert outcome.WhichOneof("result") == result
    assert not outcome.degraded.HasField("answer")
    assert outcome.report.review.decision == 3


async def test_what_nobody_decides_in_time_ends_by_the_row_of_its_expiry(serve: Serve) -> None:
    async with reviewing(serve, waiting(answer_within=8.0)) as desk:
        waits = await desk.ask()
        await desk.claim(waits.ticket)
        while not (operation := await desk.wait(waits.operation)).done:
            pass
        outcome = outcome_of(operation)
        assert (outcome.WhichOneof("result"), outcome.report.HasField("review")) == ("abstained", False)
        assert name_of(await desk.call("GetReview", ticket=waits.ticket)) == "EXPIRED"
        assert (await desk.refused("ApproveReview", ticket=waits.ticket)).reason == "REVIEW_DECIDED"


@pytest.mark.parametrize("method", ["CancelOperation", "DeleteOperation"])
async def test_a_caller_that_waits_no_longer_withdraws_the_review(desk: Desk, method: str) -> None:
    waits = await desk.ask()
    await desk.claim(waits.ticket)
    request = getattr(operations_pb2, f"{method}Request")(name=waits.operation)
    await getattr(desk.operations, method)(request, metadata=ACME, timeout=SECONDS)
    assert (await desk.refused("ApproveReview", ticket=waits.ticket)).reason == "REVIEW_DECIDED"
    assert name_of(await desk.call("GetReview", ticket=waits.ticket)) == "WITHDRAWN"


async def test_two_reviewers_never_decide_one_ticket_both(desk: Desk) -> None:
    for _ in range(10):
        waits = await desk.ask()

        async def decide(who: Any, method: str, ticket: str = waits.ticket) -> str:
            try:
                await desk.claim(ticket, who)
                return name_of(await desk.call(method, who, ticket=ticket))
            except grpc.aio.AioRpcError as failed:
                return failed.code().name

        ends = await asyncio.gather(decide(RITA, "ApproveReview"), decide(OTTO, "RejectReview"))
        assert len({"APPROVED", "REJECTED"} & set(ends)) == 1
        decided = [each for each in await desk.trail() if each.target == f"reviews/{waits.ticket}"]
        assert sum(each.event in {"review.approved", "review.rejected"} for each in decided) == 1


async def test_claims_keep_others_out_until_they_are_given_back(desk: Desk) -> None:
    waits = await desk.ask()
    assert (await desk.refused("ApproveReview", ticket=waits.ticket)).reason == "REVIEW_NOT_CLAIMED"
    first = await desk.claim(waits.ticket)
    refused = await desk.refused("ClaimReview", OTTO, ticket=waits.ticket)
    assert (refused.reason, dict(refused.metadata)) == ("REVIEW_CLAIMED", {"ticket": waits.ticket})
    assert (await desk.refused("ReleaseReview", OTTO, ticket=waits.ticket)).reason == "REVIEW_NOT_CLAIMED"
    await desk.call("ReleaseReview", ticket=waits.ticket)
    await desk.claim(waits.ticket, OTTO)
    stale = await desk.refused("RejectReview", OTTO, ticket=waits.ticket, etag=first.etag)
    assert stale.reason == "REVIEW_CHANGED"


@pytest.mark.parametrize("method", ["GetReview", "ClaimReview", "ReleaseReview", "ApproveReview", "RejectReview"])
async def test_an_unknown_ticket_and_one_of_another_tenant_are_the_same(desk: Desk, method: str) -> None:
    waits = await desk.ask()
    foreign = await desk.refused(method, STRANGER, ticket=waits.ticket)
    unknown = await desk.refused(method, STRANGER, ticket="7f3a09c2")
    assert (foreign.reason, unknown.reason) == ("REVIEW_NOT_FOUND", "REVIEW_NOT_FOUND")
    listed = await desk.call("ListReviews", STRANGER)
    assert (list(listed.reviews), listed.open) == ([], 0)


async def test_a_decision_whose_reply_was_lost_may_be_sent_again(desk: Desk) -> None:
    waits = await desk.ask()
    await desk.claim(waits.ticket)
    first = await desk.call("ApproveReview", ticket=waits.ticket)
    assert await desk.call("ApproveReview", ticket=waits.ticket) == first
    assert (await desk.refused("RejectReview", ticket=waits.ticket)).reason == "REVIEW_DECIDED"


async def test_a_caller_that_watches_sees_the_end_with_the_decision(desk: Desk) -> None:
    waits = await desk.ask()
    await desk.claim(waits.ticket)
    stub: Any = OperationServiceStub(desk.product.channel)
    request = operation_service_pb2.WatchOperationRequest(name=waits.operation)
    watch = stub.WatchOperation(request, metadata=ACME, timeout=SECONDS)
    assert state_of((await watch.read()).operation) == "IN_REVIEW"
    await desk.call("ApproveReview", ticket=waits.ticket)
    assert outcome_of((await watch.read()).operation).answered.answer.text == LAMBDAS


async def test_a_restart_between_question_and_decision_loses_nothing(serve: Serve) -> None:
    async with reviewing(serve) as desk:
        waits = await desk.ask()
        claimed = await desk.claim(waits.ticket)
    async with reviewing(serve) as desk:
        review = await desk.call("ApproveReview", ticket=waits.ticket, etag=claimed.etag)
        assert (name_of(review), review.proposed) == ("APPROVED", claimed.proposed)
        assert outcome_of(await desk.operation(waits.operation)).answered.answer.text == LAMBDAS


async def test_a_stream_that_waits_has_no_text(desk: Desk) -> None:
    events = await stream(desk.product)
    assert [event.WhichOneof("event") for event in events if event.WhichOneof("event") == "text_delta"] == []
    assert events[-1].outcome.in_review.ticket


async def test_a_queued_question_goes_on_waiting_for_a_person(serve: Serve) -> None:
    working = QueueOptions(concurrent=1, poll_seconds=0.02)
    async with reviewing(serve, waiting(queue=True), queue=working) as desk:
        request = answer_service_pb2.SubmitAnswerRequest(question=question())
        submitted = await desk.product.answers.SubmitAnswer(request, metadata=ACME, timeout=SECONDS)
        async for event in watched(desk, submitted.name):
            if state_of(event) == "IN_REVIEW":
                break
        (review,) = (await desk.call("ListReviews")).reviews
        assert review.operation == submitted.name
        await desk.claim(review.ticket)
        await desk.call("ApproveReview", ticket=review.ticket)
        assert outcome_of(await desk.wait(submitted.name)).answered.answer.text == LAMBDAS


async def watched(desk: Desk, name: str) -> AsyncIterator[Any]:
    stub: Any = OperationServiceStub(desk.product.channel)
    request = operation_service_pb2.WatchOperationRequest(name=name)
    async for event in stub.WatchOperation(request, metadata=ACME, timeout=SECONDS):
        yield event.operation
