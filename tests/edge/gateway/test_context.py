"""A call over HTTP is one of gRPC to interceptors and servicers."""

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest

from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.gateway.context import CONNECT, HttpContext
from groundwire_server.edge.gateway.exchange import HttpExchange
from groundwire_server.edge.sink import SlowConsumerError, write_bounded

TEXT = "what the user has asked"


def context(deadline: float | None = None) -> HttpContext:
    return HttpContext((("k", "v"),), "ipv4:192.0.2.1:4711", {}, deadline, CONNECT)


def exchange(behavior: Any, of: HttpContext | None = None) -> HttpExchange:
    """A call that is served by a function."""
    return HttpExchange(grpc.stream_stream_rpc_method_handler(behavior), of or context())


async def test_a_call_reads_its_requests_and_then_their_end() -> None:
    read: list[Any] = []

    async def serve(requests: object, call: HttpContext) -> None:
        read.extend([await call.read() for _ in range(4)])

    served = exchange(serve)
    assert await served.begin()
    await served.context.feed(b"first")
    await served.context.feed(b"second", last=True)
    assert [each async for each in served.responses()] == []
    assert read == [b"first", b"second", grpc.aio.EOF, grpc.aio.EOF]


async def test_a_call_that_ends_before_it_reads_is_given_no_request() -> None:
    async def serve(requests: object, call: HttpContext) -> None:
        call.set_code(grpc.StatusCode.UNAUTHENTICATED)
        call.set_details("who are you?")

    served = exchange(serve)
    assert not await served.begin()
    assert (await served.status())[:2] == (grpc.StatusCode.UNAUTHENTICATED, "who are you?")


async def test_a_write_ends_when_the_transport_asks_for_the_next() -> None:
    written: list[str] = []

    async def serve(requests: object, call: HttpContext) -> None:
        for each in ("a", "b"):
            await call.write(each)
            written.append(each)

    served = exchange(serve)
    await asyncio.wait_for(_begun(served), 1)
    assert await served.context.next_response() == "a"
    await asyncio.sleep(1)
    assert written == []
    assert await served.context.next_response() == "b"
    assert written == ["a"]
    assert await served.context.next_response() is None
    assert written == ["a", "b"]


async def _begun(served: HttpExchange) -> None:
    """Begin a call that reads nothing."""
    served.context.reading.set()
    await served.begin()


async def test_a_client_that_takes_nothing_is_a_slow_consumer() -> None:
    failed: list[BaseException] = []

    async def serve(requests: object, call: Any) -> None:
        await write_bounded(call, "taken", 10.0)
        try:
            await write_bounded(call, "never taken", 10.0)
        except SlowConsumerError as slow:
            failed.append(slow)

    served = exchange(serve)
    await _begun(served)
    assert await served.context.next_response() == "taken"
    before = asyncio.get_running_loop().time()
    taking = asyncio.create_task(served.context.next_response())
    await asyncio.wait([taking])
    assert taking.result() == "never taken"
    await asyncio.wait([served.ended])
    assert len(failed) == 1
    assert asyncio.get_running_loop().time() - before == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize(
    ("reason", "code"),
    [(Reason.CANCELLED, grpc.StatusCode.CANCELLED), (Reason.DEADLINE_EXCEEDED, grpc.StatusCode.DEADLINE_EXCEEDED)],
)
async def test_a_cancelled_call_ends_with_the_reason_and_its_trailers(reason: Reason, code: grpc.StatusCode) -> None:
    cleaned = asyncio.Event()

    async def serve(requests: object, call: HttpContext) -> None:
        call.set_trailing_metadata((("groundwire-request-id", "request-4711"),))
        try:
            await call.read()
        finally:
            cleaned.set()

    served = exchange(serve)
    assert await served.begin()
    await served.cancel(reason)
    assert cleaned.is_set()
    ended, _, trailers = await served.status()
    assert (ended, trailers) == (code, (("groundwire-request-id", "request-4711"),))
    assert await served.context.next_response() is None


async def test_an_abort_ends_the_call_with_its_status() -> None:
    async def serve(requests: object, call: HttpContext) -> None:
        await call.abort(grpc.StatusCode.ABORTED, "not now", (("k", "v"),))

    served = exchange(serve)
    assert not await served.begin()
    assert await served.status() == (grpc.StatusCode.ABORTED, "not now", (("k", "v"),))


async def test_an_exception_leaves_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    async def serve(requests: object, call: HttpContext) -> None:
        raise RuntimeError(TEXT)

    served = exchange(serve)
    await served.begin()
    code, message, _ = await served.status()
    assert code is grpc.StatusCode.INTERNAL
    assert TEXT not in message + caplog.text
    assert "RuntimeError" in caplog.text


async def test_time_remaining_counts_down() -> None:
    now = asyncio.get_running_loop().time()
    call = context(now + 5)
    await asyncio.sleep(2)
    assert call.time_remaining() == pytest.approx(3, abs=0.1)
    await asyncio.sleep(9)
    assert call.time_remaining() == 0
    assert context().time_remaining() is None
