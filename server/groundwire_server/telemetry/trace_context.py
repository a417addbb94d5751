"""W3C trace contexts as values, which outlive their spans and may cross a network."""

from opentelemetry.trace import Span, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_HEADER = "traceparent"
_PROPAGATOR = TraceContextTextMapPropagator()


def traceparent(span: Span) -> str:
    """Return the `traceparent` header of a span; empty where it has no ids."""
    context = span.get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def link_current_span(header: str) -> None:
    """Link the current span to the one of a `traceparent` header; an empty or invalid one adds nothing."""
    of_header = get_current_span(_PROPAGATOR.extract({_HEADER: header})).get_span_context()
    if of_header.is_valid:
        get_current_span().add_link(of_header)
