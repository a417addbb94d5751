"""The span around a call, and the caller's trace that it belongs to."""

import asyncio
import logging

import grpc
from opentelemetry.trace import SpanKind, Tracer, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from groundwire_server.edge.call import Call
from groundwire_server.edge.layers.chain import Proceed
from groundwire_server.telemetry import names

_log = logging.getLogger(__name__)


class Trace:
    """Opens the RPC span within the caller's W3C trace context."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    async def around(self, call: Call, proceed: Proceed) -> None:
        """Serve the call within a span that carries its status."""
        with self._tracer.start_as_current_span(
            call.method,
            context=self._propagator.extract(call.metadata),
            kind=SpanKind.SERVER,
            attributes={names.RPC_SYSTEM: "grpc", names.RPC_METHOD: call.method},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            call.span = span
            call.trace_id = format_trace_id(span.get_span_context().trace_id)
            try:
                await proceed()
            except asyncio.CancelledError:
                call.status = _left(call)
                told = {"method": call.method, "status": call.status.name}
                _log.debug("the caller left", extra={**told, "request_id": call.request_id, "trace_id": call.trace_id})
                raise
            finally:
                span.set_attribute(names.RPC_STATUS, call.status.name)


def _left(call: Call) -> grpc.StatusCode:
    """A caller that cancels and one whose deadline ends look the same to a handler."""
    late = call.deadline is not None and call.deadline.at <= asyncio.get_running_loop().time()
    return grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
