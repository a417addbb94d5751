"""The interceptors of a call, put together in a checked order, as one interceptor of gRPC's.

Outermost first they are: tracing, request id, call deadline, decisions, error mapping, security events, authentication,
authorization, validation. Each says in `inside` which others must stand further out, and why.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Protocol, TypeAlias

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from groundwire_server.domain.failure import GroundwireError, Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import Call, enter

Proceed: TypeAlias = Callable[[], Awaitable[None]]

Precheck: TypeAlias = Callable[[Mapping[str, str]], Awaitable[bool]]
"""Returns, from a call's metadata alone, whether the interceptors may let it pass."""

Reasons: TypeAlias = Mapping[type[Any], str]
"""Classes of interceptors, each with the reason why it must stand further out."""

UNPARSED = object()
"""Stands for a request whose bytes are not a message of the method's type."""

_OURS = ("/groundwire.", "/google.longrunning.")


class Interceptor(Protocol):
    """One concern around a call.

    Attributes:
        inside: the interceptors that must stand further out, each with the reason.
    """

    inside: ClassVar[Reasons]

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Do what comes before, await `proceed` at most once, do what comes after."""
        ...


class InterceptorOrderError(GroundwireError):
    """The interceptors of a server were put together in a wrong order, or one is missing."""


class Chain(grpc.aio.ServerInterceptor):
    """Runs the interceptors around calls whose methods have the given prefix; all others stay as they are.

    Args:
        interceptors: the outermost first.
        precheck: decides whether the request of a call is read at all.
        methods: the prefixes, as gRPC has them: `/package.`.

    Raises:
        InterceptorOrderError: when one does not stand inside another that it requires.
    """

    def __init__(
        self,
        interceptors: Sequence[Interceptor],
        precheck: Precheck | None = None,
        methods: str | tuple[str, ...] = _OURS,
    ) -> None:
        check_order(interceptors)
        self._interceptors = tuple(interceptors)
        self._precheck = precheck
        self._methods = methods
        self._wrapped: dict[str, Any] = {}
        self._unread: dict[str, Any] = {}
        self._running: set[asyncio.Task[Any]] = set()
        self._ended = False
        self.idle = asyncio.Event()
        self.idle.set()

    def __repr__(self) -> str:
        order = " > ".join(type(each).__name__ for each in self._interceptors)
        state = "ended" if self._ended else "serving"
        return f"<Chain of {self._methods}*: {order}; {state}, {len(self._running)} calls in flight>"

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Return the method's handler with the interceptors around it; it is made once."""
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
        if wrapped.request_streaming or self._precheck is None:
            return wrapped
        # gRPC would wait for the request, and hold up to 16 MiB of it, before an interceptor saw the call.
        admitted = await self._precheck(_texts(handler_call_details.invocation_metadata or ()))
        return wrapped if admitted else self._unread[method]

    @property
    def active(self) -> int:
        """How many calls are in flight."""
        return len(self._running)

    def end(self) -> None:
        """Cancel the calls that still run; each ends with SHUTTING_DOWN."""
        self._ended = True
        for task in self._running:
            task.cancel()

    def _wrap(self, method: str, handler: Any) -> Any:
        """Return a handler that runs the interceptors. Our methods have three of gRPC's four kinds; streams write."""
        codec = {
            "request_deserializer": _lenient(handler.request_deserializer),
            "response_serializer": handler.response_serializer,
        }
        if handler.stream_unary is not None:
            raise NotImplementedError(f"{method}: client-streaming methods are not supported yet")
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
        """Run the interceptors around a call whose request is not read: one of them rejects it."""
        return await self._run(method, None, context, _reject)

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
        for interceptor in reversed(self._interceptors):
            proceed = partial(interceptor.intercept, call, proceed)
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


def check_order(interceptors: Sequence[Interceptor]) -> None:
    """Check that each stands inside those that it requires.

    Args:
        interceptors: the outermost first.

    Raises:
        InterceptorOrderError: naming both, and the reason.
    """
    for position, interceptor in enumerate(interceptors):
        for outer, reason in interceptor.inside.items():
            if not any(isinstance(each, outer) for each in interceptors[:position]):
                raise InterceptorOrderError(
                    f"{type(interceptor).__name__} must stand inside {outer.__name__}: {reason}"
                )


async def _reject() -> None:
    """Reject a call that passes after all, since its credential became valid a moment ago: the caller may retry."""
    raise Rejection(Reason.OVERLOADED)


def _lenient(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Return a parser that does not raise: gRPC would send its message, with UNKNOWN and without details."""

    def read(data: bytes) -> Any:
        try:
            return parse(data)
        except DecodeError:
            return UNPARSED

    return read


def _texts(metadata: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    """Return the text entries; the values of a repeated key are joined with commas, so that none replaces another."""
    texts: dict[str, str] = {}
    for key, value in metadata:
        if isinstance(value, str):
            texts[key] = f"{texts[key]},{value}" if key in texts else value
    return texts
