"""Carries the caller's trace on to the server, where OpenTelemetry is in use."""

import sys

from groundwire.caller import Metadata


def trace_metadata() -> Metadata:
    """Return the W3C trace context of the current span, if there is one.

    A program that has a span has imported OpenTelemetry; one that has not is spared the import.
    """
    if "opentelemetry.trace" not in sys.modules:
        return ()
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415  (optional)

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return tuple(carrier.items())
