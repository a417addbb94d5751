"""What nobody has been let in for holds nothing for long: calls that are too many, requests that do not come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from groundwire_server.edge.interceptors.limits import CallLimits
from groundwire_server.edge.server import WATCHERS
from groundwire_server.telemetry import metrics, names
from tests.doubles.counts import Counts
from tests.doubles.deaf import deaf_call
from tests.e2e.access.world import World, bearer, let_in
from tests.e2e.calls import ACME, info
from tests.e2e.conftest import Product, Serve
from tests.e2e.methods import METHODS, REQUESTS, Method

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


async def test_watches_of_the_health_are_bounded_and_questions_go_on(product: Product) -> None:
    stub = health_pb2_grpc.HealthStub(product.channel)
    watches = [stub.Watch(QUESTION, timeout=30) for _ in range(WATCHERS + 50)]
    assert [await _refused(watch) for watch in watches].count(grpc.StatusCode.UNAVAILABLE) == 50
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


async def test_calls_that_are_too_many_are_told_when_to_come_again_and_widen_nothing() -> None:
    counts = Counts()
    async with _echo(CallLimits(2, {}, {}, counts)) as echo:
        held = [echo.call("Hold") for _ in range(2)]
        await echo.holding(2)
        for _ in range(5):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await echo.unary("Echo")
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            assert info(caught.value).reason == "OVERLOADED"
            assert dict(list(caught.value.trailing_metadata()))["grpc-retry-pushback-ms"] == "1000"
        assert counts.of(metrics.CALLS_REFUSED) == 5
        held[0].cancel()
        await echo.holding(1)
        # The place is free when the server's task has ended, which the client cannot see.
        answered = b""
        while not answered:
            with suppress(grpc.aio.AioRpcError):
                answered = await echo.unary("Echo")
        assert answered == b"hello"


async def test_a_request_that_does_not_come_ends_its_call() -> None:
    async with _echo(CallLimits(10, {}, {"/test.Echo/Echo": 0.05}, Counts())) as echo:
        for finished in (False, True):
            call = echo.call("Echo")
            if finished:
                await call.done_writing()
            assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert await echo.unary("Echo") == b"hello"


@dataclass
class _Echo:
    channel: grpc.aio.Channel
    held: set[object] = field(default_factory=set)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def call(self, name: str) -> Any:
        return self.channel.stream_stream(f"/test.Echo/{name}")(timeout=30)

    async def unary(self, name: str) -> bytes:
        call: Any = self.channel.unary_unary(f"/test.Echo/{name}")
        return bytes(await call(b"hello", timeout=30))

    async def holding(self, count: int) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.held) == count)


@asynccontextmanager
async def _echo(limits: CallLimits) -> AsyncIterator[_Echo]:
    """A server of two methods behind the limits."""
    server = grpc.aio.server(interceptors=[limits])
    port = server.add_insecure_port("127.0.0.1:0")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        echo = _Echo(channel)

        async def answer(request: bytes, context: Any) -> bytes:
            return request

        async def hold(requests: Any, context: Any) -> None:
            mark = object()
            echo.held.add(mark)
            async with echo.changed:
                echo.changed.notify_all()
            try:
                await asyncio.Event().wait()
            finally:
                echo.held.discard(mark)
                async with echo.changed:
                    echo.changed.notify_all()

        handlers: dict[str, Any] = {
            "Echo": grpc.unary_unary_rpc_method_handler(answer),
            "Hold": grpc.stream_stream_rpc_method_handler(hold),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
        await server.start()
        yield echo
        await server.stop(0)


@pytest.mark.parametrize("name", ["AnswerService/StreamAnswer", "DocumentService/IngestDocuments"])
async def test_a_stream_that_nobody_reads_ends(serve: Serve, name: str) -> None:
    method = f"groundwire.v1.{name}"
    async with serve(write_seconds=0.2) as product:
        request = REQUESTS[method].SerializeToString()
        async with deaf_call(product.address, method, request, ACME), asyncio.timeout(10):
            await product.spans.ended(method)
        assert product.spans.attributes(method)[names.RPC_STATUS] == "CANCELLED"
