"""A block that a caller says was a mistake: over gRPC, with the Python client."""

import asyncio
import logging
from typing import Any

import grpc
import pytest

import groundwire
from groundwire.v1 import feedback_service_pb2
from groundwire.v1.feedback_service_pb2_grpc import FeedbackServiceStub
from tests.doubles.upstream import upstream
from tests.e2e.calls import ACME, info
from tests.e2e.generation.conftest import Serve
from tests.e2e.generation.drafts import answers
from tests.e2e.generation.test_screens import screened


async def logged(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    for _ in range(100):
        found = [vars(each) for each in caplog.records if vars(each).get("event") == event]
        if found:
            return found
        await asyncio.sleep(0.01)
    return []


async def test_an_appeal_is_in_the_security_log_with_the_trace_of_the_call(
    configured: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with (
        upstream(answers()) as writer,
        configured(screened(writer, question={"use": [{"guard": "words"}]})) as served,
        groundwire.Client(served.address, tenant="acme", subject="alice") as client,
    ):
        outcome = await client.answer("Initech?")
        assert isinstance(outcome, groundwire.Blocked)
        await client.appeal(outcome)
        (blocked,) = await logged(caplog, "content_blocked")
        (appeal,) = await logged(caplog, "block_appealed")
    for name in ("guard", "category", "tenant", "request_id", "trace_id"):
        assert appeal[name] == blocked[name]


@pytest.mark.parametrize(
    ("policy", "category"),
    [("unknown", "rivals"), ("words", "a_name_of_my_own"), ("functions", "functions")],
    ids=["a guard that there is not", "a category that it does not find", "a guard of another tenant"],
)
async def test_an_appeal_names_a_guard_and_category_of_the_callers_routes(
    configured: Serve, policy: str, category: str
) -> None:
    request = feedback_service_pb2.AppealBlockRequest(
        request_id="request-1", trace_id="ab" * 16, policy=policy, category=category
    )
    use = [{"guard": "words"}, {"guard": "functions", "tenants": ["globex"]}]
    async with (
        upstream(answers()) as writer,
        configured(screened(writer, question={"use": use})) as served,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await FeedbackServiceStub(served.channel).AppealBlock(request, metadata=ACME)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert info(caught.value).reason == "INVALID_REQUEST"
