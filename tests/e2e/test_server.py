"""The server as its operator sees it: health, reflection, draining, retrieval, faults of the store."""

import asyncio
import logging

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from groundwire.v1 import (
    answer_service_pb2,
    cause_pb2,
    outcome_pb2,
    passage_pb2,
    report_pb2,
)
from groundwire.v1 import retrieval_service_pb2 as retrieval
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.edge import security_events
from tests.doubles.generator import DONE, ScriptedGenerator, Wait
from tests.doubles.store import MemoryStore
from tests.doubles.time import waiting_skipped
from tests.e2e.calls import ACME, answer, info, ingest, question, stream
from tests.e2e.conftest import Product, Serve

SERVING = health_pb2.HealthCheckResponse.SERVING
SERVICES = ["groundwire.v1.AnswerService", "groundwire.v1.RetrievalService", "groundwire.v1.DocumentService"]


@pytest.mark.parametrize("service", ["", *SERVICES])
async def test_every_service_reports_its_health_to_anybody(product: Product, service: str) -> None:
    stub = health_pb2_grpc.HealthStub(product.channel)
    response = await stub.Check(health_pb2.HealthCheckRequest(service=service))
    assert response.status == SERVING


async def test_reflection_lists_the_services(product: Product) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(product.channel)
    call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
    response = await call.read()
    assert {service.name for service in response.list_services_response.service} >= set(SERVICES)


async def test_retrieve_shows_the_passages_with_what_their_scores_mean(product: Product) -> None:
    request = retrieval.RetrieveRequest(text="lambda expressions", search=passage_pb2.Search(top_k=1))
    response = await product.retrieval.Retrieve(request, metadata=ACME)
    (passage,) = response.passages
    assert passage.document_id == "lambdas"
    for score in ("vector_similarity", "keyword", "fused", "relevance"):
        assert passage.scores.HasField(score)
    assert [report_pb2.Stage.Name(item.stage) for item in response.stages] == ["STAGE_NORMALIZE", "STAGE_RETRIEVE"]
    assert response.corpus_version
    assert len(response.trace_id) == 32


@pytest.mark.parametrize(
    ("cause", "code", "retryable"),
    [
        (Cause.STORE_UNAVAILABLE, grpc.StatusCode.UNAVAILABLE, True),
        (Cause.STORE_TIMEOUT, grpc.StatusCode.UNAVAILABLE, True),
        (Cause.STORE_MISCONFIGURED, grpc.StatusCode.FAILED_PRECONDITION, False),
    ],
)
async def test_a_store_that_is_down_fails_safe_for_answers_and_fails_for_searches(
    serve: Serve, cause: Cause, code: grpc.StatusCode, retryable: bool
) -> None:
    store = MemoryStore()
    async with serve(retriever=store) as product:
        store.failures = [Failure(cause), Failure(cause), Failure(cause)]
        outcome = await answer(product)
        events = await stream(product)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await product.retrieval.Retrieve(retrieval.RetrieveRequest(text="anything"), metadata=ACME)
    for ended in (outcome, events[-1].outcome):
        assert cause_pb2.Cause.Name(ended.cause) == f"CAUSE_{cause}"
        assert ended.failed_safe.retryable is retryable
    assert caught.value.code() is code
    assert info(caught.value).metadata["cause"] == cause.value


async def test_a_defect_is_internal_and_says_nothing_of_itself(serve: Serve) -> None:
    class Broken:
        async def search(self, *args: object) -> None:
            raise ZeroDivisionError("the secret is 42")

    async with serve(retriever=Broken()) as product:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await answer(product)
        assert "secret" not in product.spans.everything()
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert info(caught.value).reason == "INTERNAL"
    assert "secret" not in str(caught.value.debug_error_string())


async def test_the_callers_deadline_reaches_the_store_and_the_model(serve: Serve) -> None:
    store = MemoryStore()
    async with serve(retriever=store) as product:
        with waiting_skipped():
            await answer(product, seconds=4.0)
            now = asyncio.get_running_loop().time()
            (search,) = store.deadlines
            assert 0.0 < search.at - now <= 1.0
            await answer(product, question(provided=_provided("Lambda expressions create functions.")), seconds=4.0)
            (generation,) = product.generator.deadlines
            assert 2.5 < generation.at - now <= 4.0 - 0.2


async def test_an_outcome_arrives_before_the_deadline_of_a_slow_model(serve: Serve) -> None:
    async with serve(ScriptedGenerator([Wait(60.0), DONE])) as product:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        with waiting_skipped():
            outcome = await answer(product, seconds=8.0)
    assert outcome.cause == cause_pb2.CAUSE_MODEL_TIMEOUT
    assert outcome.action == outcome_pb2.ACTION_PASSAGES_ONLY


async def test_a_caller_that_leaves_ends_the_model(serve: Serve) -> None:
    async with serve(ScriptedGenerator([Wait(60.0), DONE])) as product:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        request = answer_service_pb2.StreamAnswerRequest(question=question())
        call = product.answers.StreamAnswer(request, metadata=ACME, timeout=30)
        await call.read()
        await call.read()
        call.cancel()
        async with asyncio.timeout(5):
            await product.generator.ended.wait()
    assert product.generator.cancelled == 1


async def test_draining_lets_calls_in_flight_finish(serve: Serve) -> None:
    async with serve(ScriptedGenerator([Wait(0.3)])) as product:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        asking = asyncio.create_task(answer(product))
        await product.generator.began.wait()
        draining = asyncio.create_task(product.server.drain(0.0, 5.0))
        outcome = await asking
        await draining
    assert outcome.cause == cause_pb2.CAUSE_MODEL_INTERRUPTED


def _provided(text: str) -> passage_pb2.ProvidedPassages:
    return passage_pb2.ProvidedPassages(passages=[passage_pb2.ProvidedPassage(passage_id="p", text=text)])


async def test_a_drain_does_not_wait_for_those_who_watch_its_health(serve: Serve) -> None:
    async with serve() as product:
        watch = health_pb2_grpc.HealthStub(product.channel).Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == SERVING
        began = asyncio.get_running_loop().time()
        await product.server.drain(0.0, 30.0)
        assert asyncio.get_running_loop().time() - began < 10.0
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_call_that_outlasts_the_grace_is_told_why_it_ends(serve: Serve, streamed: bool) -> None:
    async with serve(ScriptedGenerator([Wait(60.0), DONE])) as product:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        asking: asyncio.Task[object] = asyncio.create_task(stream(product) if streamed else answer(product))
        await product.generator.began.wait()
        await product.server.drain(0.0, 0.05)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asking
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert info(caught.value).reason == "SHUTTING_DOWN"
    assert product.generator.cancelled == 1


class _Told(logging.Handler):
    """Waits for the count of what was suppressed."""

    def __init__(self) -> None:
        super().__init__()
        self.counted = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if vars(record)["event"] == "calls_denied":
            self.counted.set()


async def test_a_server_tells_of_a_flood_that_has_stopped(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security_events, "WINDOW", 1.0)
    handler = _Told()
    logger = logging.getLogger(security_events.LOGGER)
    logger.addHandler(handler)
    try:
        async with serve() as product:
            for _ in range(security_events.LOGGED + 1):
                with pytest.raises(grpc.aio.AioRpcError):
                    await product.answers.CancelAnswer(answer_service_pb2.CancelAnswerRequest(request_id="order-4711"))
            with waiting_skipped():
                await asyncio.wait_for(handler.counted.wait(), 10)
    finally:
        logger.removeHandler(handler)
