"""Limits on calls that no interceptor has looked at yet: how many there are, and how long their request may take."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import grpc
import grpc.aio

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.statuses import aborted
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics


class CallLimits(grpc.aio.ServerInterceptor):
    """Refuses calls over the limits, and ends calls of open methods whose request does not arrive.

    gRPC's own limit (`maximum_concurrent_rpcs`) counts a call that it refuses as one that has ended: a flood widens it.

    Args:
        calls: the maximum of calls in flight.
        calls_of: the maximum of a method, by its name.
        seconds_of: how long a method waits for its one request, by its name; others wait as long as the call lasts.
        recorder: counts the calls that are refused.
    """

    def __init__(
        self, calls: int, calls_of: Mapping[str, int], seconds_of: Mapping[str, float], recorder: Metrics
    ) -> None:
        self._calls = calls
        self._calls_of = calls_of
        self._seconds_of = seconds_of
        self._metrics = recorder
        self._open = 0
        self._open_of: Counter[str] = Counter()

    def __repr__(self) -> str:
        methods = "".join(f", {self._open_of[name]} of {most} {name}" for name, most in self._calls_of.items())
        return f"<CallLimits: {self._open} of {self._calls} calls in flight{methods}>"

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Count the call while it lasts."""
        method = handler_call_details.method
        most = self._calls_of.get(method)
        if self._open >= self._calls or (most is not None and self._open_of[method] >= most):
            self._metrics.add(metrics.CALLS_REFUSED, 1)
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
    """Return the same handler as a stream: then we read the request, with a limit; gRPC itself would wait for it."""

    async def serve(requests: AsyncIterator[Any], context: Any) -> None:
        try:
            async with asyncio.timeout(seconds):
                request = await anext(requests)
        except (TimeoutError, StopAsyncIteration):
            await context.abort(*aborted(Rejection(Reason.DEADLINE_EXCEEDED)))
            return
        if handler.response_streaming:
            await handler.unary_stream(request, context)
        else:
            await context.write(await handler.unary_unary(request, context))

    return grpc.stream_stream_rpc_method_handler(serve, handler.request_deserializer, handler.response_serializer)


async def _refuse(requests: Any, context: Any) -> None:
    await context.abort(*aborted(Rejection(Reason.OVERLOADED)))


_OVERLOADED: Any = grpc.stream_stream_rpc_method_handler(_refuse)
"""A stream, since gRPC waits for the request of any other kind."""
