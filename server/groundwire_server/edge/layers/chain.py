"""The order of the layers, and the one interceptor that puts them around our services.

Outermost first:

1. trace: sees every call, and the status it ended with, whatever the others did.
2. request id: before errors, so that every refusal carries it.
3. errors: turns what is raised below into a status, once.
4. deadline: before any work.
5. security events: whoever is turned away below is written down.
6. identity: nothing is looked at for a caller who is nobody.
7. roles: nor for one who may not make the call.
8. validation: last, so that only callers learn what a valid request looks like.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeAlias

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import Call, enter

Proceed: TypeAlias = Callable[[], Awaitable[None]]

Foreseen: TypeAlias = Callable[[Mapping[str, str]], Awaitable[bool]]
"""Whether a call of this metadata may be let in: False when the layers will refuse it without its request."""

UNREADABLE = object()
"""Stands for bytes that are no message of the method's type."""

_OURS = ("/groundwire.", "/google.longrunning.")


class Layer(Protocol):
    """One concern around a call."""

    async def around(self, call: Call, proceed: Proceed) -> None:
        """Do what comes before, await `proceed` at most once, do what comes after."""
        ...


class Chain(grpc.aio.ServerInterceptor):
    """Runs the layers around the calls whose methods begin as given; all others stay as they are."""

    def __init__(
        self, layers: Sequence[Layer], precheck: Foreseen | None = None, methods: str | tuple[str, ...] = _OURS
    ) -> None:
        self._layers = tuple(layers)
        self._foreseen = precheck
        self._methods = methods
        self._wrapped: dict[str, Any] = {}
        self._unread: dict[str, Any] = {}
        self._running: set[asyncio.Task[Any]] = set()
        self._ended = False
        self.idle = asyncio.Event()
        self.idle.set()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap the method's handler, once a method."""
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None or not method.startswith(self._methods):
                return handler
            wrapped = self._wrapped[method] = self._wrap(method.removeprefix("/"), handler)
            self._unread[method] = grpc.stream_stream_rpc_method_handler(
                partial(self._refuse, method.removeprefix("/"))
            )
        if wrapped.request_streaming or self._foreseen is None:
            return wrapped
        # gRPC would wait for the request, and hold up to its limit of it, before a layer saw the call.
        admitted = await self._foreseen(_texts(handler_call_details.invocation_metadata or ()))
        return wrapped if admitted else self._unread[method]

    def end(self) -> None:
        """End the calls that still run: they are told that the server is shutting down."""
        self._ended = True
        for task in self._running:
            task.cancel()

    def _wrap(self, method: str, handler: Any) -> Any:
        """Our servicers have three of gRPC's four shapes; streams write, they do not yield."""
        codec = {
            "request_deserializer": _lenient(handler.request_deserializer),
            "response_serializer": handler.response_serializer,
        }
        if handler.stream_unary is not None:
            raise NotImplementedError(f"{method}: no layer stands around a stream of requests with one response yet")
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(partial(self._unary, method, handler.unary_unary), **codec)
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(partial(self._unary, method, handler.unary_stream), **codec)
        return grpc.stream_stream_rpc_method_handler(partial(self._stream, method, handler.stream_stream), **codec)

    async def _unary(self, method: str, behavior: Callable[..., Awaitable[Any]], request: Any, context: Any) -> Any:
        return await self._run(method, request, context, partial(behavior, request, context))

    async def _stream(
        self, method: str, behavior: Callable[..., Awaitable[Any]], requests: AsyncIterator[Any], context: Any
    ) -> Any:
        return await self._run(method, None, context, partial(behavior, requests, context))

    async def _refuse(self, method: str, requests: AsyncIterator[Any], context: Any) -> Any:
        """Let the layers refuse a call whose request nobody reads."""
        return await self._run(method, None, context, _nobody)

    async def _run(self, method: str, request: Any, context: Any, serve: Callable[[], Awaitable[Any]]) -> Any:
        metadata = _texts(context.invocation_metadata() or ())
        call = Call(method, context, request, metadata, arrived=asyncio.get_running_loop().time())
        enter(call)
        response: Any = None

        async def innermost() -> None:
            nonlocal response
            try:
                response = await serve()
            except asyncio.CancelledError:
                if self._ended:
                    raise Rejection(Reason.SHUTTING_DOWN) from None
                raise

        proceed: Proceed = innermost
        for layer in reversed(self._layers):
            proceed = partial(layer.around, call, proceed)
        task = asyncio.current_task()
        assert task is not None, "gRPC serves each call in a task"  # noqa: S101  # for the type checker
        self._running.add(task)
        self.idle.clear()
        try:
            await proceed()
        finally:
            self._running.discard(task)
            if not self._running:
                self.idle.set()
        return response


async def _nobody() -> None:
    """What is let in after all, since its credential became good a moment ago, may come again."""
    raise Rejection(Reason.OVERLOADED)


def _lenient(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """GRPC would send the parser's own words, with UNKNOWN and without details."""

    def read(data: bytes) -> Any:
        try:
            return parse(data)
        except DecodeError:
            return UNREADABLE

    return read


def _texts(metadata: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    """The text entries; a key that is given again is joined with a comma: no later entry replaces an earlier."""
    texts: dict[str, str] = {}
    for key, value in metadata:
        if isinstance(value, str):
            texts[key] = f"{texts[key]},{value}" if key in texts else value
    return texts
