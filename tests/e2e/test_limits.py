"""What nobody has been let in for holds nothing for long: calls that are too many, requests that do not come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import cycle
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from groundwire.v1 import answer_service_pb2, document_service_pb2
from groundwire_server.edge.options import ArrivalOptions, ServerOptions
from groundwire_server.telemetry import metrics, names
from tests.doubles.deaf import deaf_call
from tests.doubles.generator import DONE, ScriptedGenerator, Wait, draft
from tests.e2e.access.world import World, bearer, let_in
from tests.e2e.calls import ACME, answer, info, ingest, question
from tests.e2e.conftest import Product, Serve
from tests.e2e.methods import METHODS, REQUESTS, Method

DEADLINE_EXCEEDED = grpc.StatusCode.DEADLINE_EXCEEDED
REFLECTION = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
VERSION = document_service_pb2.GetCorpusVersionRequest()
ONE_REQUEST = [method for method in METHODS if not method.descriptor.client_streaming]
QUESTION = health_pb2.HealthCheckRequest()


@pytest.fixture
def world(tmp_path: Any) -> World:
    return World(tmp_path)


def _unsent(channel: grpc.aio.Channel, method: str, metadata: tuple[tuple[str, str], ...] = ()) -> Any:
    """A call whose request never comes."""
    return channel.stream_stream(method)(metadata=metadata, timeout=30)


@pytest.mark.parametrize("method", ONE_REQUEST, ids=lambda method: method.name.rpartition("/")[2])
async def test_who_may_not_come_in_is_refused_without_its_request(serve: Serve, world: World, method: Method) -> None:
    async with let_in(serve, world) as product:
        for metadata in ((), bearer("hush-hush"), world.revoked_key()):
            call = _unsent(product.channel, f"/{method.name}", metadata)
            assert await call.code() is grpc.StatusCode.UNAUTHENTICATED
            trailers = dict(list(await call.trailing_metadata()))
            assert trailers["groundwire-request-id"]
            assert product.spans.everything()


async def test_a_flood_of_refused_calls_takes_no_place_from_others(serve: Serve, world: World) -> None:
    async with let_in(serve, world) as product:
        method = next(method for method in ONE_REQUEST if method.name.endswith("GetCorpusVersion"))
        flood = [_unsent(product.channel, f"/{method.name}") for _ in range(200)]
        assert await method.call(product.channel, world.token())
        assert {await call.code() for call in flood} == {grpc.StatusCode.UNAUTHENTICATED}


async def test_watches_of_the_health_are_bounded_and_questions_go_on(serve: Serve) -> None:
    arrival = ArrivalOptions(max_health_watches=20, max_health_calls_per_address=20)
    async with serve(options=ServerOptions(arrival=arrival)) as product:
        stub = health_pb2_grpc.HealthStub(product.channel)
        watches = [stub.Watch(QUESTION, timeout=30) for _ in range(30)]
        assert [await _refused(watch) for watch in watches].count(grpc.StatusCode.UNAVAILABLE) == 10
        assert product.counts.of(metrics.CALLS_REFUSED, "health_watches") == 10
        assert (await stub.Check(QUESTION)).status == health_pb2.HealthCheckResponse.SERVING
        for watch in watches:
            watch.cancel()
        while await _refused(stub.Watch(QUESTION, timeout=30)):
            pass


async def _refused(watch: Any) -> grpc.StatusCode | None:
    """The status of a watch that is refused; None for one that is served."""
    try:
        await watch.read()
    except grpc.aio.AioRpcError as failed:
        return failed.code()
    return None


async def test_calls_that_are_too_many_are_told_when_to_come_again_and_widen_nothing(serve: Serve) -> None:
    generator = ScriptedGenerator([Wait(60), *draft(("Lambda expressions create functions.", ["p1"])), DONE])
    async with serve(generator, options=ServerOptions(max_concurrent_calls=2)) as product:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        held = [
            product.answers.Answer(_ask(f"What do lambda expressions create, {number}?"), metadata=ACME, timeout=60)
            for number in range(2)
        ]
        while len(generator.requests) < 2:  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0)
        for _ in range(5):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await answer(product)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            assert info(caught.value).reason == "OVERLOADED"
            assert dict(list(caught.value.trailing_metadata()))["grpc-retry-pushback-ms"] == "1000"
        assert product.counts.of(metrics.CALLS_REFUSED, "calls") == 5
        for call in held:
            call.cancel()
        # The places are free when the server's tasks have ended, which the client cannot see.
        served = None
        while served is None:
            with suppress(grpc.aio.AioRpcError):
                served = await product.documents.GetCorpusVersion(VERSION, metadata=ACME, timeout=10)


async def test_an_answer_can_be_cancelled_on_a_server_that_is_full(serve: Serve) -> None:
    generator = ScriptedGenerator([Wait(60), DONE])
    async with serve(generator, options=ServerOptions(max_concurrent_calls=1)) as product:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        request = answer_service_pb2.AnswerRequest(question=question(), request_id="order-4711")
        held = product.answers.Answer(request, metadata=ACME, timeout=60)
        while not generator.requests:  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0)
        with pytest.raises(grpc.aio.AioRpcError):
            await answer(product)
        cancel = answer_service_pb2.CancelAnswerRequest(request_id="order-4711")
        assert (await product.answers.CancelAnswer(cancel, metadata=ACME, timeout=10)).cancelled
        assert await held.code() is grpc.StatusCode.CANCELLED


def _ask(text: str) -> Any:
    return answer_service_pb2.AnswerRequest(question=question(text))


HASTY = ServerOptions(arrival=ArrivalOptions(request_seconds=0.05, next_request_seconds=0.05))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name.rpartition("/")[2])
async def test_a_request_that_does_not_come_ends_its_call(serve: Serve, method: Method) -> None:
    async with serve(options=HASTY) as product:
        call = _unsent(product.channel, f"/{method.name}", ACME)
        assert await call.code() is DEADLINE_EXCEEDED
        assert product.counts.of(metrics.CALLS_REFUSED, "arrival") == 1
        assert not product.spans.everything()


@pytest.mark.parametrize("name", ["Check", "Watch"])
async def test_a_health_check_whose_request_does_not_come_ends(serve: Serve, name: str) -> None:
    async with serve(options=HASTY) as product:
        assert await _unsent(product.channel, f"/grpc.health.v1.Health/{name}").code() is DEADLINE_EXCEEDED


async def test_reflection_waits_for_each_question_for_a_time(serve: Serve) -> None:
    async with serve(options=HASTY) as product:
        assert await _unsent(product.channel, f"/{REFLECTION}").code() is DEADLINE_EXCEEDED


@pytest.mark.parametrize("method", ONE_REQUEST, ids=lambda method: method.name.rpartition("/")[2])
async def test_a_call_that_is_closed_without_its_request_says_what_is_missing(product: Product, method: Method) -> None:
    call = _unsent(product.channel, f"/{method.name}", ACME)
    await call.done_writing()
    assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "must be sent" in await call.details()


async def test_the_next_document_of_a_stream_is_waited_for_for_a_time(serve: Serve) -> None:
    async with serve(options=HASTY) as product:
        stream = product.documents.IngestDocuments(metadata=ACME, timeout=30)
        request: Any = REQUESTS["groundwire.v1.DocumentService/IngestDocuments"]
        await stream.write(request)
        stored: Any = await stream.read()
        assert stored.document_id == "intruder"
        assert await stream.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert dict(list(await stream.trailing_metadata()))["groundwire-request-id"]


async def test_a_stream_that_is_closed_without_a_document_is_no_failure(product: Product) -> None:
    stream = product.documents.IngestDocuments(metadata=ACME, timeout=30)
    await stream.done_writing()
    assert await stream.code() is grpc.StatusCode.OK


async def test_one_tenant_waits_in_its_own_places_alone(serve: Serve, world: World) -> None:
    """Of one tenant come twelve hundred calls that never send their request; another's are served."""
    async with let_in(serve, world, options=ServerOptions()) as product, _channels(product.address, 12) as channels:
        acme, globex = world.token(), world.token(tenant="globex")
        method = next(method for method in METHODS if method.name.endswith("GetCorpusVersion"))
        names = ("AnswerService/Answer", "DocumentService/IngestDocuments")
        flood = [
            _unsent(channel, f"/groundwire.v1.{names[number % 2]}", acme)
            for channel in channels
            for number in range(100)
        ]
        refused = ("waiting", "request_streams")
        while sum(product.counts.of(metrics.CALLS_REFUSED, limit) for limit in refused) < 700:
            assert await method.call(product.channel, globex)
        assert await method.call(product.channel, globex)
        assert sum(not call.done() for call in flood) <= 500


async def test_one_connection_waits_in_its_own_places_alone(serve: Serve) -> None:
    arrival = ArrivalOptions(max_waiting_per_connection=30)
    async with serve(options=ServerOptions(arrival=arrival)) as product, _channels(product.address, 1) as (other,):
        flood = [_unsent(other, "/groundwire.v1.AnswerService/Answer", ACME) for _ in range(50)]
        while product.counts.of(metrics.CALLS_REFUSED, "waiting_of_connection") < 20:
            await product.documents.GetCorpusVersion(VERSION, metadata=ACME, timeout=10)
        assert sum(not call.done() for call in flood) == 30


async def test_of_calls_that_begin_at_once_and_send_their_request_none_is_refused(product: Product) -> None:
    method = next(method for method in METHODS if method.name.endswith("GetCorpusVersion"))
    async with _channels(product.address, 8) as channels:
        await asyncio.gather(*(method.call(channel, ACME) for channel in channels for _ in range(100)))


async def test_who_shows_no_credential_takes_no_place_from_those_who_do(serve: Serve, world: World) -> None:
    """Twelve connections with a hundred calls each, renewed as soon as they end, of every method there is."""
    async with let_in(serve, world) as product, _channels(product.address, 12) as channels:
        open_to_all = ["grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch"]
        methods = [*(method.name for method in METHODS), REFLECTION, *open_to_all]
        flooding = [asyncio.create_task(_flood(channel, methods)) for channel in channels]
        try:
            for tenant in ("acme", "globex") * 2:
                for method in METHODS:
                    if method.name.endswith(("GetCorpusVersion", "ListRoutes")):
                        assert await method.call(product.channel, world.token(tenant=tenant))
        finally:
            for task in flooding:
                task.cancel()
            await asyncio.gather(*flooding, return_exceptions=True)


async def test_who_has_more_calls_than_a_connection_takes_waits_and_is_not_refused(product: Product) -> None:
    async def call_after_call() -> None:
        for _ in range(5):
            await product.documents.GetCorpusVersion(VERSION, metadata=ACME, timeout=60)

    await asyncio.gather(*(call_after_call() for _ in range(300)))


async def _flood(channel: grpc.aio.Channel, methods: list[str]) -> None:
    calls: set[Any] = set()
    for name in cycle(methods):
        call = _unsent(channel, f"/{name}")
        calls.add(call)
        call.add_done_callback(calls.discard)
        while len(calls) >= 100:
            await next(iter(calls)).code()


@asynccontextmanager
async def _channels(address: str, count: int) -> AsyncIterator[list[grpc.aio.Channel]]:
    """Channels that share no connection."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(grpc.aio.insecure_channel(address, options=options)) for _ in range(count)
        ]


@pytest.mark.parametrize(
    "name", ["AnswerService/Answer", "AnswerService/StreamAnswer", "DocumentService/IngestDocuments"]
)
async def test_a_call_whose_response_nobody_reads_ends(
    serve: Serve, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    method = f"groundwire.v1.{name}"
    async with serve(write_seconds=0.2) as product:
        request = REQUESTS[method].SerializeToString()
        async with deaf_call(product.address, method, request, ACME), asyncio.timeout(10):
            await product.spans.ended(method)
            await product.documents.GetCorpusVersion(VERSION, metadata=ACME, timeout=10)
        assert product.spans.attributes(method)[names.RPC_STATUS] == "CANCELLED"
        assert [record.name for record in caplog.records if record.levelname == "ERROR"] == []
