"""The one span of a call, around all of its attempts."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias

from opentelemetry.context import attach, detach
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

    @contextmanager
    def span(self, attributes: Attributes) -> Iterator[Span]:
        """Open a span around a call; its failure, with the cause, is the span's.

        It is not current: an async generator that held it so over a yield would make it its reader's too.
        """
        span = self._tracer.start_span(self._name, kind=SpanKind.CLIENT, attributes={**self._attributes, **attributes})
        try:
            yield span
        except Failure as failure:
            span.set_attributes({names.CAUSE: failure.cause.value, names.ERROR_TYPE: failure.error_type})
            if failure.retry_after is not None:
                span.set_attribute(names.RETRY_AFTER, failure.retry_after)
            span.set_status(StatusCode.ERROR)
            raise
        except asyncio.CancelledError:
            span.set_attribute(names.CANCELLED, True)
            raise
        finally:
            span.end()


@contextmanager
def current(span: Span) -> Iterator[None]:
    """Make a span the current one: retries are its events, and requests carry its trace context."""
    token = attach(set_span_in_context(span))
    try:
        yield
    finally:
        detach(token)
