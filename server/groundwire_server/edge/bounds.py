"""What calls may hold that nobody has looked at: a place among the calls, and the time that their request takes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import grpc
import grpc.aio
from grpc_status import rpc_status

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.statuses import status_of


class Bounds(grpc.aio.ServerInterceptor):
    """Refuses calls that are too many, and ends those of open methods whose request does not come.

    gRPC's own bound on calls counts each that it refuses as one that has ended, so that a flood widens it.

    Args:
        calls: the most calls at once.
        calls_of: the most at once of a method.
        seconds_of: how long a method waits for its one request; others wait as long as the call lasts.
    """

    def __init__(self, calls: int, calls_of: Mapping[str, int], seconds_of: Mapping[str, float]) -> None:
        self._calls = calls
        self._calls_of = calls_of
        self._seconds_of = seconds_of
        self._open = 0
        self._open_of: Counter[str] = Counter()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Count the call while it lasts."""
        method = handler_call_details.method
        most = self._calls_of.get(method)
        if self._open >= self._calls or (most is not None and self._open_of[method] >= most):
            return _OVERLOADED
        task = asyncio.current_task()
        assert task is not None, "gRPC serves each call in a task"  # noqa: S101  # for the type checker
        self._open += 1
        if most is not None:
            self._open_of[method] += 1
        task.add_done_callback(partial(self._ended, method))
        handler = await continuation(handler_call_details)
        seconds = self._seconds_of.get(method)
        return handler if seconds is None else _in_time(handler, seconds)

    def _ended(self, method: str, task: "asyncio.Task[Any]") -> None:
        self._open -= 1
        if method in self._calls_of:
            self._open_of[method] -= 1


def _in_time(handler: Any, seconds: float) -> Any:
    """The same handler for a client; as a stream it has its request read by us, and not by gRPC, which would wait."""

    async def serve(requests: AsyncIterator[Any], context: Any) -> None:
        try:
            async with asyncio.timeout(seconds):
                request = await anext(requests)
        except (TimeoutError, StopAsyncIteration):
            await _abort(Rejection(Reason.DEADLINE_EXCEEDED), context)
            return
        if handler.response_streaming:
            await handler.unary_stream(request, context)
        else:
            await context.write(await handler.unary_unary(request, context))

    return grpc.stream_stream_rpc_method_handler(serve, handler.request_deserializer, handler.response_serializer)


async def _abort(rejection: Rejection, context: Any) -> None:
    status = rpc_status.to_status(status_of(rejection))
    await context.abort(status.code, status.details or "", tuple(status.trailing_metadata or ()))


async def _refuse(requests: Any, context: Any) -> None:
    await _abort(Rejection(Reason.OVERLOADED), context)


_OVERLOADED: Any = grpc.stream_stream_rpc_method_handler(_refuse)
"""As a stream it waits for no request."""
