"""What is known of every call: its span, its request id and its deadline."""

import asyncio
import logging
import re
from random import Random
from typing import ClassVar, Final

import grpc
from opentelemetry.trace import SpanKind, StatusCode, Tracer, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from groundwire_server.domain.deadline import Deadline
from groundwire_server.edge.call import Call
from groundwire_server.edge.interceptors.chain import Proceed, Reasons
from groundwire_server.telemetry import names

SERVER_ERRORS: Final = frozenset(
    {
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
"""The statuses that are errors of the server; the others are its callers'.

As the semantic conventions 1.39 have them for a server's span of gRPC (`docs/rpc/grpc.md`, on
`rpc.response.status_code`).
"""

_ID_BITS = 128
_VALID_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")

_log = logging.getLogger(__name__)


class Tracing:
    """Opens the RPC span within the caller's W3C trace context.

    It is outermost: it sees every call, and the status that the call ended with.
    """

    inside: ClassVar[Reasons] = {}

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Serve the call within a span that carries its status."""
        with self._tracer.start_as_current_span(
            call.method,
            context=self._propagator.extract(call.metadata),
            kind=SpanKind.SERVER,
            attributes={names.RPC_SYSTEM: call.rpc_system, names.RPC_METHOD: call.method},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            call.span = span
            call.trace_id = format_trace_id(span.get_span_context().trace_id)
            try:
                await proceed()
            except asyncio.CancelledError:
                call.status = status_of_cancelled(call)
                about = {"method": call.method, "status": call.status.name}
                ids = {"request_id": call.request_id, "trace_id": call.trace_id}
                _log.debug("the call was cancelled", extra={**about, **ids})
                raise
            finally:
                span.set_attribute(names.RPC_STATUS, call.status.name)
                if call.status in SERVER_ERRORS:
                    span.set_attribute(names.ERROR_TYPE, call.status.name)
                    span.set_status(StatusCode.ERROR)


class RequestId:
    """Takes the request's own id, or chooses one; either is sent in the trailing metadata.

    An invalid id is not echoed: validation refuses the request under a chosen one.
    """

    inside: ClassVar[Reasons] = {Tracing: "the call's span carries the id"}

    def __init__(self) -> None:
        # An id grants no access; asking the system for random bits would cost more than a stage.
        self._random = Random()  # noqa: S311

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Give the call its id."""
        given = "" if call.received is None else getattr(call.received.message, "request_id", "")
        call.request_id = given if _VALID_ID.fullmatch(given) else f"{self._random.getrandbits(_ID_BITS):032x}"
        call.span.set_attribute(names.REQUEST_ID, call.request_id)
        call.context.set_trailing_metadata(call.trailers)
        await proceed()


class CallDeadline:
    """Turns gRPC's remaining wall-clock time into an instant on the loop's clock, once."""

    inside: ClassVar[Reasons] = {Tracing: "the span's status tells an expired deadline from a cancelled call"}

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Read the deadline."""
        remaining = call.context.time_remaining()
        if remaining is not None:
            call.deadline = Deadline(call.arrived + remaining)
        await proceed()


def status_of_cancelled(call: Call) -> grpc.StatusCode:
    """Return which it was: for a handler a cancelled call and an expired deadline look the same."""
    late = call.deadline is not None and call.deadline.at <= asyncio.get_running_loop().time()
    return grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
