"""The interceptors of a call, put together in a checked order, as one interceptor of gRPC's.

Outermost first they are: tracing, request id, call deadline, decisions, error mapping, security events, authentication,
authorization, validation. Each says in `inside` which others must stand further out, and why.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Protocol, TypeAlias

import grpc
import grpc.aio

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import GroundwireError, Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import Call, enter
from groundwire_server.edge.convert.request import Received
from groundwire_server.edge.interceptors.reception import Reception, Requests
from groundwire_server.edge.sink import write_bounded

Proceed: TypeAlias = Callable[[], Awaitable[None]]

Reasons: TypeAlias = Mapping[type[Any], str]
"""Classes of interceptors, each with the reason why it must stand further out."""

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
        reception: lets calls in.
        write_seconds: returns how long writing a response may take.
        methods: the prefixes, as gRPC has them: `/package.`.

    Raises:
        InterceptorOrderError: when one does not stand inside another that it requires.
    """

    def __init__(
        self,
        interceptors: Sequence[Interceptor],
        reception: Reception,
        write_seconds: Callable[[], float],
        methods: str | tuple[str, ...] = _OURS,
    ) -> None:
        check_order(interceptors)
        self._interceptors = tuple(interceptors)
        self._reception = reception
        self._write_seconds = write_seconds
        self._methods = methods
        self._wrapped: dict[str, Any] = {}
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
        return wrapped

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
        """Return a handler that runs the interceptors, of whatever kind the method is a stream of bytes.

        So the requests are ours to read, when and as far as we like, and the peer is known before they are there.
        """
        if handler.stream_unary is not None:
            raise NotImplementedError(f"{method}: client-streaming methods are not supported yet")
        behavior = handler.unary_unary or handler.unary_stream or handler.stream_stream
        form = self._reception.reader.format_of(method, handler.request_deserializer)

        async def serve(requests: object, context: Any) -> None:
            run = partial(self._run, method, behavior, context)
            await self._reception.receive(method, form, context, run, stream=handler.request_streaming)

        return grpc.stream_stream_rpc_method_handler(serve, None, handler.response_serializer)

    async def _run(
        self,
        method: str,
        behavior: Callable[..., Awaitable[Any]],
        context: Any,
        metadata: Mapping[str, str],
        caller: Caller,
        request: Received | Requests | None,
    ) -> None:
        """Run the interceptors, and the method innermost; without a request, one of them rejects the call."""
        received = request if isinstance(request, Received) else None
        now, system = asyncio.get_running_loop().time(), getattr(context, "rpc_system", "grpc")
        call = Call(method, context, received, metadata, now, caller=caller, rpc_system=system)
        enter(call)

        async def innermost() -> None:
            if request is None:
                # Its credential became valid a moment ago: the caller may retry.
                raise Rejection(Reason.OVERLOADED)
            try:
                response = await behavior(request if received is None else received.message, context)
                if response is not None:
                    await write_bounded(context, response, self._write_seconds())
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
