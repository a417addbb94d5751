"""The one span of a call, around all of its attempts."""

import asyncio
from collections.abc import Mapping
from contextvars import Token
from typing import Final, TypeAlias

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.telemetry import names

Attributes: TypeAlias = Mapping[str, str | bool | int | float | tuple[str, ...]]


_SLACK: Final = 0.05
"""Seconds by which a cancellation may come before a deadline and still be its doing: callers' clocks differ."""


class Instrumentation:
    """Makes the spans of one dependency's calls.

    Args:
        tracer: records them.
        name: of every span.
        attributes: of every span.
        late: the error of a call that was cut off at its deadline.
        kind: CLIENT, or INTERNAL for what runs in this process.
    """

    def __init__(
        self,
        tracer: Tracer,
        name: str,
        attributes: Attributes,
        late: Cause = Cause.MODEL_TIMEOUT,
        kind: SpanKind = SpanKind.CLIENT,
    ) -> None:
        self._tracer = tracer
        self._name = name
        self._attributes = attributes
        self._late = late
        self._kind = kind

    def span(self, attributes: Attributes, deadline: Deadline) -> "CallSpan":
        """Begin the span of a call."""
        merged = {**self._attributes, **attributes}
        return CallSpan(self._tracer.start_span(self._name, kind=self._kind, attributes=merged), deadline, self._late)


class CallSpan:
    """The span of a call until its end, with what it failed with.

    It is not current: an async generator that held it so over a yield would make it its reader's too.
    """

    __slots__ = ("_deadline", "_late", "_span")

    def __init__(self, span: Span, deadline: Deadline, late: Cause) -> None:
        self._span = span
        self._deadline = deadline
        self._late = late

    def __enter__(self) -> Span:
        return self._span

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        span = self._span
        if isinstance(raised, asyncio.CancelledError) and cut_off(self._deadline):
            raised = Failure(self._late)
        if isinstance(raised, Failure):
            span.set_attributes({names.CAUSE: raised.cause.value, names.ERROR_TYPE: raised.error_type})
            if raised.retry_after is not None:
                span.set_attribute(names.RETRY_AFTER, raised.retry_after)
            span.set_status(StatusCode.ERROR)
        elif isinstance(raised, asyncio.CancelledError):
            span.set_attribute(names.CANCELLED, True)
        elif isinstance(raised, Exception):
            span.set_attribute(names.ERROR_TYPE, type(raised).__qualname__)
            span.set_status(StatusCode.ERROR)
        span.end()


def cut_off(deadline: Deadline) -> bool:
    """Return whether a cancellation at this moment is a deadline's doing, and not a caller's who left."""
    return deadline.remaining(asyncio.get_running_loop().time()) <= _SLACK


class CurrentSpan:
    """Makes a span the current one for a while: requests carry its trace context."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: Span) -> None:
        self._span = span
        self._token: Token[Context] | None = None

    def __enter__(self) -> None:
        self._token = attach(set_span_in_context(self._span))

    def __exit__(self, *raised: object) -> None:
        if self._token is not None:
            detach(self._token)
