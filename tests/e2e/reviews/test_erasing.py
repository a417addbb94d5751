"""Texts that are erased while a person has them before them."""

import asyncio
from typing import Any

import pytest

from groundwire.v1 import erasure_pb2
from groundwire.v1.feedback_service_pb2 import Rating, SubmitFeedbackRequest
from groundwire.v1.feedback_service_pb2_grpc import FeedbackServiceStub
from groundwire.v1.record_service_pb2 import EraseRecordsRequest
from groundwire.v1.record_service_pb2_grpc import RecordServiceStub
from tests.e2e.calls import ACME, SECONDS, answer, question
from tests.e2e.conftest import Serve
from tests.e2e.reviews.desk import LAMBDAS, Desk, name_of, reviewing, waiting

TARGETS = {
    "subject": erasure_pb2.ErasureTarget(subject="alice"),
    "document": erasure_pb2.ErasureTarget(document_id="lambdas"),
    "tenant": erasure_pb2.ErasureTarget(tenant=erasure_pb2.EntireTenant()),
}


async def erase(desk: Desk, what: str) -> None:
    stub: Any = RecordServiceStub(desk.product.channel)
    await stub.EraseRecords(EraseRecordsRequest(target=TARGETS[what]), metadata=ACME, timeout=SECONDS)


@pytest.mark.parametrize("what", ["subject", "document"])
async def test_what_is_erased_meanwhile_is_decided_no_more_and_has_no_texts(serve: Serve, what: str) -> None:
    async with reviewing(serve) as desk:
        waits = await desk.ask()
        await desk.claim(waits.ticket)
        await erase(desk, what)
        assert (await desk.refused("ApproveReview", ticket=waits.ticket)).reason == "REVIEW_DECIDED"
        assert (await desk.refused("EditReview", ticket=waits.ticket, text=LAMBDAS)).reason == "REVIEW_DECIDED"
        shown = await desk.call("GetReview", ticket=waits.ticket)
        assert name_of(shown) == "WITHDRAWN"
        assert LAMBDAS not in str(shown)
        assert question().text not in str(shown)


async def test_of_a_tenant_that_is_erased_no_review_is_left(serve: Serve) -> None:
    async with reviewing(serve) as desk:
        waits = await desk.ask()
        await desk.claim(waits.ticket)
        await erase(desk, "tenant")
        assert (await desk.refused("ApproveReview", ticket=waits.ticket)).reason == "REVIEW_NOT_FOUND"
        assert list((await desk.call("ListReviews")).reviews) == []


@pytest.mark.parametrize("what", ["subject", "document", "tenant"])
@pytest.mark.parametrize("kept_for", [{"sample_share": 1.0}, {"keep_share": 1.0}])
async def test_of_an_answer_that_has_just_left_no_sample_is_written_behind_an_erasure(
    serve: Serve, what: str, kept_for: dict[str, float]
) -> None:
    async with reviewing(serve, waiting(always=False, **kept_for)) as desk:
        outcome = await answer(desk.product)
        assert outcome.WhichOneof("result") == "answered"
        await erase(desk, what)
        await asyncio.sleep(0.2)
        said = SubmitFeedbackRequest(
            request_id=outcome.report.request_id,
            trace_id=outcome.report.trace_id,
            route="default",
            rating=Rating.RATING_UP,
        )
        feedback: Any = FeedbackServiceStub(desk.product.channel)
        assert not (await feedback.SubmitFeedback(said, metadata=ACME, timeout=SECONDS)).answer_kept
