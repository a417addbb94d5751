"""One call as interceptors and servicers see it."""

import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final

import grpc.aio
from opentelemetry.trace import INVALID_SPAN, Span

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.grounding import GroundingSummary
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.vocabulary import Reason, StreamMode
from groundwire_server.edge.convert.request import Received
from groundwire_server.telemetry.trail import Trail

VERSION = version("groundwire-server")

NOBODY: Final = Caller("", "")
"""The caller of a call that proves nothing."""


@dataclass(slots=True)
class Call:
    """A call, with what the interceptors have found out about it.

    Attributes:
        method: `package.Service/Method`.
        context: gRPC's own.
        received: the request of a call that has one; None for a stream of requests, or one that is not read.
        metadata: the text entries of the call's metadata; those of a repeated key joined with commas.
        arrived: when the call came in, on the loop's clock.
        deadline: the caller's; None without one.
        request_id: the caller's, or one that was chosen.
        trace_id: of the call's span, in hexadecimal.
        caller: who calls, once authenticated; until then `NOBODY`.
        span: the RPC span.
        status: the status that the call ended with.
        reason: why it failed; None where it did not, or was cancelled.
        mode: when text of its stream may leave; None for a unary call.
        outcome: the outcome that left.
        grounding: what the check of a caller's own text came to.
        trail: what the work for it leaves behind.
        rpc_system: by which it came: gRPC, or the Connect protocol.
    """

    method: str
    context: "grpc.aio.ServicerContext[Any, Any]" = field(repr=False)
    received: Received | None = field(repr=False)  # holds the caller's texts
    metadata: Mapping[str, str] = field(repr=False)  # holds credentials
    arrived: float
    deadline: Deadline | None = None
    request_id: str = ""
    trace_id: str = ""
    caller: Caller = NOBODY
    span: Span = INVALID_SPAN
    status: grpc.StatusCode = grpc.StatusCode.OK
    reason: Reason | None = None
    mode: StreamMode | None = None
    outcome: Outcome | None = field(default=None, repr=False)  # holds texts
    grounding: GroundingSummary | None = None
    trail: Trail = field(default_factory=Trail)
    rpc_system: str = "grpc"

    def within(self, now: float, most: float) -> Deadline:
        """Return the call's deadline, at most so many seconds from now on the loop's clock."""
        own = Deadline(now + most)
        return own if self.deadline is None else min(own, self.deadline)

    @property
    def trailers(self) -> tuple[tuple[str, str], ...]:
        """The trailing metadata of every response."""
        return (
            ("groundwire-request-id", self.request_id),
            ("groundwire-trace-id", self.trace_id),
            ("groundwire-version", VERSION),
            # A caller whose token is refused can see from it that the clocks differ.
            ("groundwire-time", f"{time.time():.3f}"),
        )


_current: ContextVar[Call] = ContextVar("groundwire-call")


def current_call() -> Call:
    """Return the call that this task serves."""
    return _current.get()


def enter(call: Call) -> None:
    """Make this the call that the current task serves: gRPC runs each call in a task of its own."""
    _current.set(call)
