"""The Connect protocol and gRPC-Web: each call becomes one behind our interceptors.

The messages stay bytes here: interceptors have to see who calls before a request is read, and they read it themselves.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import grpc
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import RequestContext
from connectrpc.server import ConnectASGIApplication, Endpoint
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.convert.request import JsonText
from groundwire_server.edge.gateway.compression import SingleMemberGzip
from groundwire_server.edge.gateway.context import CONNECT, GRPC, HttpContext
from groundwire_server.edge.gateway.errors import error_of, metadata_of, text_of, trailers_of
from groundwire_server.edge.gateway.exchange import HttpExchange
from groundwire_server.edge.gateway.http_call import current_http_call
from groundwire_server.edge.gateway.responses import json_bytes
from groundwire_server.edge.limits import RECEIVE_LIMIT

_UNARY_TYPES: Final = ("application/json", "application/proto")
_STREAM_TYPES: Final = ("application/connect+json", "application/connect+proto")
_GRPC_WEB_TYPES: Final = ("application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json")

_ENDED_BY_PROTOCOL: Final = {Code.CANCELED, Code.DEADLINE_EXCEEDED}
"""How the library ends a call whose client has left, or whose time is up: the call's own status says more."""


class ConnectApp(ConnectASGIApplication[Any]):
    """Serves every method of some services by the Connect protocol and gRPC-Web.

    Args:
        handlers: by `package.Service/Method`, behind the interceptors.
        max_bytes: the largest message taken.
    """

    def __init__(self, handlers: Mapping[str, Any], max_bytes: int = RECEIVE_LIMIT) -> None:
        super().__init__(
            service=None,
            endpoints=lambda _: {f"/{method}": _endpoint(method) for method in handlers},
            interceptors=(_CallInterceptor(handlers),),
            read_max_bytes=max_bytes,
            # The library compresses within the event loop: the fastest level takes a third of the time.
            compressions=(SingleMemberGzip(1),),
            codecs=(_ProtoBytes(), _JsonBytes()),
        )

    @property
    def path(self) -> str:
        """The path that all methods are under."""
        return "/"


class _ProtoBytes:
    """Leaves binary messages as they are."""

    def name(self) -> str:
        return "proto"

    def encode(self, message: bytes) -> bytes:
        return message

    def decode(self, data: bytes | bytearray, message_class: type[Any]) -> bytes:
        return bytes(data)


class _JsonBytes:
    """Leaves messages in JSON as they are."""

    def name(self) -> str:
        return "json"

    def encode(self, message: bytes) -> bytes:
        return message

    def decode(self, data: bytes | bytearray, message_class: type[Any]) -> JsonText:
        return JsonText(data)


class _CallInterceptor:
    """Begins each call before its request is read, and ends it."""

    def __init__(self, handlers: Mapping[str, Any]) -> None:
        self._handlers = handlers

    async def on_start(self, ctx: RequestContext[Any, Any]) -> HttpExchange:
        """Begin the call, and wait until it is to be given its request.

        Raises:
            ConnectError: when it has ended, for instance because it is not authenticated.
        """
        http, loop = current_http_call(), asyncio.get_running_loop()
        seconds = ctx.timeout_ms
        method = f"{ctx.method.service_name}/{ctx.method.name}"
        context = HttpContext(
            metadata_of(ctx.request_headers.allitems()),
            http.peer,
            http.certificates,
            None if seconds is None else loop.time() + seconds / 1000,
            GRPC if _content_type(ctx).startswith("application/grpc") else CONNECT,
        )
        exchange = http.exchange = HttpExchange(self._handlers[method], context)
        if not await exchange.begin():
            _write_metadata(ctx, context)
            raise error_of(context.status)
        exchange.ended.add_done_callback(lambda _: http.body.end(lambda: error_of(context.status)))
        return exchange

    async def on_end(self, exchange: HttpExchange, ctx: RequestContext[Any, Any], error: Exception | None) -> None:
        """End the call where it still runs.

        Raises:
            ConnectError: the call's own status, in place of what the library says of it.
        """
        late = isinstance(error, ConnectError) and error.code is Code.DEADLINE_EXCEEDED
        await exchange.cancel(Reason.DEADLINE_EXCEEDED if late else Reason.CANCELLED)
        _write_metadata(ctx, exchange.context)
        own = error is None or (isinstance(error, ConnectError) and error.code in _ENDED_BY_PROTOCOL)
        if own and exchange.context.status[0] is not grpc.StatusCode.OK:
            raise error_of(exchange.context.status)


def _endpoint(name: str) -> Any:
    """Return what serves a method: the same for all that have the same kinds of streams."""
    service, _, method = name.rpartition("/")
    descriptor = descriptor_pool.Default().FindMethodByName(f"{service}.{method}")
    info = MethodInfo(
        name=method,
        service_name=service,
        input=GetMessageClass(descriptor.input_type),
        output=GetMessageClass(descriptor.output_type),
        # GET would put questions into addresses, which proxies and browsers log.
        idempotency_level=IdempotencyLevel.UNKNOWN,
        stream_type=_stream_type(descriptor),
    )
    if info.stream_type is StreamType.UNARY:
        return Endpoint.unary(info, _unary)
    if info.stream_type is StreamType.SERVER_STREAM:
        return Endpoint.server_stream(info, _server_stream)
    if info.stream_type is StreamType.CLIENT_STREAM:
        return Endpoint.client_stream(info, _client_stream)
    return Endpoint.bidi_stream(info, _bidi_stream)


def _stream_type(method: MethodDescriptor) -> StreamType:
    if method.client_streaming:
        return StreamType.BIDI_STREAM if method.server_streaming else StreamType.CLIENT_STREAM
    return StreamType.SERVER_STREAM if method.server_streaming else StreamType.UNARY


async def _unary(request: bytes, ctx: RequestContext[Any, Any]) -> bytes:
    return await _single(_server_stream(request, ctx), ctx)


async def _client_stream(requests: AsyncIterator[bytes], ctx: RequestContext[Any, Any]) -> bytes:
    return await _single(_bidi_stream(requests, ctx), ctx)


async def _single(responses: AsyncIterator[bytes], ctx: RequestContext[Any, Any]) -> bytes:
    """Return the only response, once the call has ended."""
    single: bytes | None = None
    async for response in responses:
        single = response
    if single is None:
        raise ConnectError(Code.INTERNAL, "the call has ended without a response")
    return single


async def _server_stream(request: bytes, ctx: RequestContext[Any, Any]) -> AsyncIterator[bytes]:
    exchange = _exchange()
    await exchange.context.feed(request, last=True)
    async for response in _responses(exchange, ctx):
        yield response


async def _bidi_stream(requests: AsyncIterator[bytes], ctx: RequestContext[Any, Any]) -> AsyncIterator[bytes]:
    exchange = _exchange()
    feeding = asyncio.create_task(_feed(requests, exchange))
    try:
        async for response in _responses(exchange, ctx, feeding):
            yield response
    finally:
        feeding.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await feeding


async def _feed(requests: AsyncIterator[bytes], exchange: HttpExchange) -> None:
    """Hand on requests as they arrive; what is wrong with one ends the call."""
    try:
        async for request in requests:
            await exchange.context.feed(request)
        await exchange.context.feed(None)
    except ConnectError:
        exchange.stop(Reason.CANCELLED)
        raise


async def _responses(
    exchange: HttpExchange, ctx: RequestContext[Any, Any], feeding: "asyncio.Task[None] | None" = None
) -> AsyncIterator[bytes]:
    """Yield the responses of a call as its client reads them.

    Raises:
        ConnectError: when it fails.
    """
    context, as_json = exchange.context, _content_type(ctx).endswith("json")
    async for response in exchange.responses():
        _write_headers(ctx, context)
        yield await json_bytes(response) if as_json else response.SerializeToString()
    status = await exchange.status()
    if feeding is not None and feeding.done() and (wrong := feeding.exception()) is not None:
        raise wrong
    if status[0] is not grpc.StatusCode.OK:
        raise error_of(status)


def _exchange() -> HttpExchange:
    exchange = current_http_call().exchange
    assert exchange is not None, "the interceptor has begun it"  # noqa: S101  # for the type checker
    return exchange


def _content_type(ctx: RequestContext[Any, Any]) -> str:
    return ctx.request_headers.get("content-type", "").partition(";")[0].strip().lower()


def _write_headers(ctx: RequestContext[Any, Any], context: HttpContext) -> None:
    """Send the call's initial metadata once, as headers."""
    for key, value in context.take_initial_metadata():
        ctx.response_headers.add(key, text_of(value))


def _write_metadata(ctx: RequestContext[Any, Any], context: HttpContext) -> None:
    _write_headers(ctx, context)
    ctx.response_trailers.clear()
    for key, value in trailers_of(context.status[2]):
        ctx.response_trailers.add(key, value)


def content_types_of(method: str) -> Sequence[str]:
    """Return what a request of `package.Service/Method` may be sent as."""
    service, _, name = method.rpartition("/")
    descriptor = descriptor_pool.Default().FindMethodByName(f"{service}.{name}")
    return (*(_UNARY_TYPES if _stream_type(descriptor) is StreamType.UNARY else _STREAM_TYPES), *_GRPC_WEB_TYPES)


def methods_of(services: Iterable[str]) -> list[str]:
    """Return every method of some services, as `package.Service/Method`."""
    pool = descriptor_pool.Default()
    return [f"{name}/{method.name}" for name in services for method in pool.FindServiceByName(name).methods]
