"""A call weighs words and meaning where its route allows it, through a real server."""

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from groundwire.v1 import answer_service_pb2, passage_pb2, question_pb2, retrieval_service_pb2
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from groundwire.v1.route_service_pb2 import ListRoutesRequest
from groundwire.v1.route_service_pb2_grpc import RouteServiceStub
from tests.e2e.calls import ACME
from tests.e2e.generation.conftest import ROUTE, Serve, Served

QUESTION = "What do lambda expressions create?"


def sections(*, allow: bool) -> dict[str, Any]:
    return {"routes": {"default": {**ROUTE, "models": ["extractive"], "allow_alpha": allow}}}


async def retrieved(served: Served, alpha: float | None) -> list[str]:
    stub: Any = RetrievalServiceStub(served.channel)
    request = retrieval_service_pb2.RetrieveRequest(text=QUESTION, search=passage_pb2.Search(alpha=alpha))
    found = await stub.Retrieve(request, timeout=10, metadata=ACME)
    return [passage.chunk_id for passage in found.passages]


def violated(error: grpc.aio.AioRpcError) -> list[str]:
    status = rpc_status.from_call(error)
    found = error_details_pb2.BadRequest()
    assert status is not None
    assert any(detail.Unpack(found) for detail in status.details)
    return [violation.field for violation in found.field_violations]


async def test_a_route_that_allows_it_says_so_and_takes_it(configured: Serve) -> None:
    async with configured(sections(allow=True)) as served:
        routes: Any = RouteServiceStub(served.channel)
        (route,) = (await routes.ListRoutes(ListRoutesRequest(), timeout=10, metadata=ACME)).routes
        assert route.allow_alpha
        assert sorted(await retrieved(served, 0.0)) == sorted(await retrieved(served, None))


async def test_other_routes_refuse_it_and_name_the_field(configured: Serve) -> None:
    async with configured(sections(allow=False)) as served:
        assert await retrieved(served, None)
        with pytest.raises(grpc.aio.AioRpcError) as search:
            await retrieved(served, 0.5)
        asked = question_pb2.Question(text=QUESTION, search=passage_pb2.Search(alpha=0.5))
        with pytest.raises(grpc.aio.AioRpcError) as answer:
            await served.answers.Answer(answer_service_pb2.AnswerRequest(question=asked), timeout=10, metadata=ACME)
    assert [each.value.code() for each in (search, answer)] == [grpc.StatusCode.INVALID_ARGUMENT] * 2
    assert [violated(each.value) for each in (search, answer)] == [["search.alpha"], ["question.search.alpha"]]


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
async def test_a_weight_out_of_range_is_refused(configured: Serve, alpha: float) -> None:
    async with configured(sections(allow=True)) as served:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await retrieved(served, alpha)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert violated(refused.value) == ["search.alpha"]
