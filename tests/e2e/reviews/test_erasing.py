"""Texts that are erased while a person has them before them."""

from typing import Any

import pytest

from groundwire.v1 import erasure_pb2
from groundwire.v1.record_service_pb2 import EraseRecordsRequest
from groundwire.v1.record_service_pb2_grpc import RecordServiceStub
from tests.e2e.calls import ACME, SECONDS, question
from tests.e2e.conftest import Serve
from tests.e2e.reviews.desk import LAMBDAS, Desk, name_of, reviewing

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
