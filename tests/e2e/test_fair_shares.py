"""A tenant that floods the server, over every call that costs something: the others hardly notice."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import grpc.aio
import pytest

from groundwire.v1 import (
    answer_service_pb2,
    document_service_pb2,
    grounding_service_pb2,
    passage_pb2,
    retrieval_service_pb2,
)
from groundwire.v1.grounding_service_pb2_grpc import GroundingServiceStub
from groundwire_server.admission.capacity import CapacityOptions
from groundwire_server.edge.options import ArrivalOptions, ServerOptions, TransportOptions
from tests.doubles.generator import DONE, ScriptedGenerator, Wait, draft
from tests.doubles.time import waiting_skipped
from tests.e2e.calls import ingest, open_document, question
from tests.e2e.conftest import Product, Serve

SLOTS = 8
FLOOD = 100
"""Callers of the flooding tenant at once; another tenant has one."""

SAID = "Lambda expressions create anonymous functions."
SECONDS = 600.0
_NUMBERS = count()

Ask = Callable[[Product, str], Awaitable[object]]


def _caller(tenant: str) -> tuple[tuple[str, str], ...]:
    return (("groundwire-tenant", tenant), ("groundwire-subject", "somebody"), ("groundwire-principals", "staff"))


async def _answer(product: Product, tenant: str) -> object:
    request = answer_service_pb2.AnswerRequest(question=question())
    return await product.answers.Answer(request, metadata=_caller(tenant), timeout=SECONDS)


async def _stream(product: Product, tenant: str) -> object:
    request = answer_service_pb2.StreamAnswerRequest(question=question())
    call = product.answers.StreamAnswer(request, metadata=_caller(tenant), timeout=SECONDS)
    return [event async for event in call]


async def _retrieve(product: Product, tenant: str) -> object:
    request = retrieval_service_pb2.RetrieveRequest(text="What do lambda expressions create?")
    return await product.retrieval.Retrieve(request, metadata=_caller(tenant), timeout=SECONDS)


async def _check(product: Product, tenant: str) -> object:
    request = grounding_service_pb2.CheckGroundingRequest(text=SAID, search=passage_pb2.Search())
    stub = GroundingServiceStub(product.channel)
    return [event async for event in stub.CheckGrounding(request, metadata=_caller(tenant), timeout=SECONDS)]


async def _ingest(product: Product, tenant: str) -> object:
    number = next(_NUMBERS)
    document = open_document(f"document-{number}", f"Document {number} describes the thing {number}.")
    call = product.documents.IngestDocuments(metadata=_caller(tenant), timeout=SECONDS)
    await call.write(document_service_pb2.IngestDocumentsRequest(document=document))
    result = await call.read()
    await call.done_writing()
    assert isinstance(result, document_service_pb2.IngestDocumentsResponse)
    assert not result.HasField("error"), result
    return result


async def _seconds(call: Awaitable[object]) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await call
    return loop.time() - began


@pytest.mark.slow
@pytest.mark.parametrize("ask", [_answer, _stream, _retrieve, _check, _ingest], ids=lambda ask: ask.__name__[1:])
async def test_a_tenant_at_a_hundred_times_its_share_leaves_others_their_time(serve: Serve, ask: Ask) -> None:
    pieces = draft((SAID, ["p1"]))
    generator = ScriptedGenerator([Wait(0.5), pieces[0], Wait(0.5), *pieces[1:], DONE])
    capacity = CapacityOptions(max_concurrent=SLOTS, max_background=SLOTS, queue_size=4 * FLOOD)
    # Both tenants share a connection here. It has room for all their calls, so that admission alone decides.
    options = ServerOptions(
        connections=TransportOptions(max_streams=2 * FLOOD),
        arrival=ArrivalOptions(max_request_streams_per_tenant=2 * FLOOD),
    )
    async with serve(generator, capacity=capacity, options=options) as product:
        for tenant in ("quiet", "busy"):
            await ingest(product, ("lambdas", SAID), metadata=_caller(tenant))
        product.embedder.delay = 1.0

        async def flooding() -> None:
            while True:
                await ask(product, "busy")

        with waiting_skipped():
            idle = [await _seconds(ask(product, "quiet")) for _ in range(3)]
            flood = [asyncio.create_task(flooding()) for _ in range(FLOOD)]
            await asyncio.sleep(3.0)
            under_flood = sorted([await _seconds(ask(product, "quiet")) for _ in range(9)])
            assert not any(each.done() for each in flood)
            for each in flood:
                each.cancel()
            await asyncio.gather(*flood, return_exceptions=True)
    assert under_flood[len(under_flood) // 2] <= 1.5 * min(idle)
    assert under_flood[-1] <= 2.0 * min(idle)


async def test_an_answer_that_runs_is_joined_resumed_and_cancelled_by_a_server_that_has_no_slot_left(
    serve: Serve,
) -> None:
    pieces = draft((SAID, ["p1"]))
    generator = ScriptedGenerator([*pieces[:-1], Wait(5.0), pieces[-1], DONE])
    async with serve(generator, capacity=CapacityOptions(max_concurrent=1, queue_size=0)) as product:
        await ingest(product, ("lambdas", SAID), metadata=_caller("acme"))
        request = answer_service_pb2.StreamAnswerRequest(question=question(), request_id="order-4711")
        request.resume_window.seconds = 60
        running = product.answers.StreamAnswer(request, metadata=_caller("acme"), timeout=SECONDS)
        first = await running.read()
        assert isinstance(first, answer_service_pb2.StreamAnswerResponse)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _answer(product, "acme")
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "grpc-retry-pushback-ms" in dict(list(refused.value.trailing_metadata()))

        joined = product.answers.StreamAnswer(request, metadata=_caller("acme"), timeout=SECONDS)
        assert isinstance(await joined.read(), answer_service_pb2.StreamAnswerResponse)
        request.after_sequence = first.sequence
        resumed = product.answers.StreamAnswer(request, metadata=_caller("acme"), timeout=SECONDS)
        following = await resumed.read()
        assert isinstance(following, answer_service_pb2.StreamAnswerResponse)
        assert following.sequence > first.sequence
        cancelled = await product.answers.CancelAnswer(
            answer_service_pb2.CancelAnswerRequest(request_id="order-4711"),
            metadata=_caller("acme"),
            timeout=SECONDS,
        )
        assert cancelled.cancelled
