"""The one span of a call, around all of its attempts."""

import asyncio
from collections.abc import Mapping
from contextvars import Token
from typing import TypeAlias

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context

from groundwire_server.domain.failure import Failure
from groundwire_server.telemetry import names

Attributes: TypeAlias = Mapping[str, str | bool | int | float | tuple[str, ...]]


class Instrumentation:
    """Makes the CLIENT spans of one dependency's calls.

    Args:
        tracer: records them.
        name: of every span.
        attributes: of every span.
    """

    def __init__(self, tracer: Tracer, name: str, attributes: Attributes) -> None:
        self._tracer = tracer
        self._name = name
        self._attributes = attributes

    def span(self, attributes: Attributes) -> "CallSpan":
        """Begin the span of a call."""
        return CallSpan(
            self._tracer.start_span(self._name, kind=SpanKind.CLIENT, attributes={**self._attributes, **attributes})
        )


class CallSpan:
    """The span of a call until its end, with what it failed with.

    It is not current: an async generator that held it so over a yield would make it its reader's too.
    """

    __slots__ = ("_span",)

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> Span:
        return self._span

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: object) -> None:
        span = self._span
        if isinstance(raised, Failure):
            span.set_attributes({names.CAUSE: raised.cause.value, names.ERROR_TYPE: raised.error_type})
            if raised.retry_after is not None:
                span.set_attribute(names.RETRY_AFTER, raised.retry_after)
            span.set_status(StatusCode.ERROR)
        elif isinstance(raised, asyncio.CancelledError):
            span.set_attribute(names.CANCELLED, True)
        span.end()


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
