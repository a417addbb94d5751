"""One call as the layers and servicers see it."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import grpc.aio
from opentelemetry.trace import INVALID_SPAN, Span

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline

VERSION = version("groundwire-server")


@dataclass(slots=True)
class Call:
    """What the layers have found out about a call.

    Attributes:
        method: `package.Service/Method`.
        context: gRPC's own.
        request: the message of a call with one request; None for a stream of requests.
        metadata: the text entries of the call's metadata; those of a repeated key joined with commas.
        arrived: when it came in, on the loop's clock.
        deadline: the caller's; None without one.
        status: the status it ended with, by name.
    """

    method: str
    context: "grpc.aio.ServicerContext[Any, Any]"
    request: Any
    metadata: dict[str, str] = field(repr=False)  # credentials are among it
    arrived: float
    deadline: Deadline | None = None
    request_id: str = ""
    trace_id: str = ""
    caller: Caller = field(default_factory=lambda: Caller("", ""))
    span: Span = INVALID_SPAN
    status: grpc.StatusCode = grpc.StatusCode.OK

    @property
    def trailers(self) -> tuple[tuple[str, str], ...]:
        """What every reply carries beside its message."""
        return (
            ("groundwire-request-id", self.request_id),
            ("groundwire-trace-id", self.trace_id),
            ("groundwire-version", VERSION),
            # By which a caller whose token is refused can tell that the clocks differ.
            ("groundwire-time", f"{time.time():.3f}"),
        )


_current: ContextVar[Call] = ContextVar("groundwire-call")


def current_call() -> Call:
    """The call that this task serves."""
    return _current.get()


def enter(call: Call) -> None:
    """Make this the call that the task serves; gRPC gives each call a task of its own."""
    _current.set(call)
