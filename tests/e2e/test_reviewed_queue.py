"""Queued questions whose answers a person looks at: the worker leaves them, and the decision ends them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsStub

from groundwire.v1 import operation_service_pb2, review_service_pb2
from groundwire.v1.operation_pb2 import AnswerOperationMetadata
from groundwire.v1.operation_service_pb2_grpc import OperationServiceStub
from groundwire.v1.review_service_pb2_grpc import ReviewServiceStub
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.telemetry import metrics
from groundwire_server.work.history import HistoryEvent
from tests.doubles.generator import ScriptedGenerator
from tests.e2e.calls import ACME, SECONDS, answer, question
from tests.e2e.conftest import Product, Serve
from tests.e2e.test_queue_work import ANSWER, PROMPT, about, filled, history, result, submit, wait

BOB = (("groundwire-tenant", "acme"), ("groundwire-subject", "bob"))
IN_REVIEW = AnswerOperationMetadata.STATE_IN_REVIEW
SAID = "Lambda expressions create anonymous functions."


def always(policy: Policy) -> Policy:
    return replace(policy, queue=True, review=ReviewPolicy(always=True))


@asynccontextmanager
async def reviewed(serve: Serve, **changes: Any) -> AsyncIterator[Product]:
    async with serve(ScriptedGenerator(ANSWER), queue=PROMPT, policy=always, reviews=True, **changes) as product:
        await filled(product)
        yield product


async def in_review(product: Product, name: str) -> AnswerOperationMetadata:
    """Follow an operation until a person looks at it."""
    request = operation_service_pb2.WatchOperationRequest(name=name)
    watched = OperationServiceStub(product.channel).WatchOperation(request, metadata=ACME, timeout=SECONDS)
    async for event in watched:
        said = about(event.operation)
        if said.state == IN_REVIEW:
            watched.cancel()
            return said
    raise AssertionError("it has ended")


async def approve(product: Product, ticket: str) -> None:
    desk = ReviewServiceStub(product.channel)
    claim = review_service_pb2.ClaimReviewRequest(ticket=ticket)
    await desk.ClaimReview(claim, metadata=BOB, timeout=SECONDS)
    approval = review_service_pb2.ApproveReviewRequest(ticket=ticket)
    await desk.ApproveReview(approval, metadata=BOB, timeout=SECONDS)


async def test_a_queued_question_waits_for_its_reviewer_and_is_billed_once(serve: Serve) -> None:
    async with reviewed(serve) as product:
        submitted = await submit(product)
        said = await in_review(product, submitted.name)
        assert said.ticket
        assert said.poll_after.seconds == 60
        # The worker has its place back, and leaves the rest to the reviewer.
        assert product.counts.of(metrics.QUEUE_ATTEMPTS, "default", "IN_REVIEW") == 1
        assert (await history(product, submitted.name)).faults == ()
        await approve(product, said.ticket)
        done = await wait(product, submitted.name)
        outcome = result(done).outcome
        assert outcome.answered.answer.text == SAID
        assert outcome.report.review.ticket == about(done).ticket == said.ticket
        report = await history(product, submitted.name)
        assert (report.faults, report.ends, report.lost_attempts) == ((), {HistoryEvent.EFFECT: 1}, 0)


async def test_a_call_that_waits_for_a_reviewer_has_an_operation_with_an_end(serve: Serve) -> None:
    async with reviewed(serve) as product:
        outcome = await answer(product, question(), request_id="request-1")
        assert outcome.WhichOneof("result") == "in_review"
        assert SAID not in str(outcome)
        name = outcome.in_review.operation
        assert (await in_review(product, name)).ticket == outcome.in_review.ticket
        await approve(product, outcome.in_review.ticket)
        assert result(await wait(product, name)).outcome.answered.answer.text == SAID
        assert (await history(product, name)).faults == ()


async def test_a_caller_may_give_up_waiting(serve: Serve) -> None:
    async with reviewed(serve) as product:
        submitted = await submit(product)
        await in_review(product, submitted.name)
        cancel = operations_pb2.CancelOperationRequest(name=submitted.name)
        await OperationsStub(product.channel).CancelOperation(cancel, metadata=ACME, timeout=SECONDS)
        assert (await wait(product, submitted.name)).error.code == 1
        report = await history(product, submitted.name)
        assert (report.faults, report.ends, report.lost_attempts) == ((), {HistoryEvent.CANCELLED: 1}, 0)
