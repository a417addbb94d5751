"""The bytes of spans beside those of the SDK's encoder."""

from collections.abc import Callable

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
    TraceState,
    set_span_in_context,
)

from groundwire_server.app.telemetry.encoding import SpanEncoder
from groundwire_server.app.telemetry.spans import LeanTracer

RESOURCE = Resource({"service.name": "tested", "numbers": [1, 2]}, "https://example.com/schema")
REMOTE = SpanContext(
    1 << 100, 7, is_remote=True, trace_flags=TraceFlags(1), trace_state=TraceState([("a", "b"), ("c", "d")])
)


def record(tracer: Tracer) -> None:
    for kind in SpanKind:
        tracer.start_span("kind", kind=kind).end()
    for status in StatusCode:
        span = tracer.start_span("status")
        span.set_status(status)
        span.end()
    span = tracer.start_span(
        "everything",
        set_span_in_context(NonRecordingSpan(REMOTE)),
        links=[Link(REMOTE, {"why": "so"}), Link(SpanContext(1, 2, is_remote=False))],
        attributes={
            "text": "text",
            "long": "x" * 10_000,
            "empty": "",
            "unicode": "Zürich",
            "texts": ["a", "b"],
            "none": [],
            "numbers": [1, 2],
            "floats": [1.5],
            "yes": [True, False],
            "large": 2**62,
            "negative": -1,
            "float": 0.1,
        },
    )
    # Equal, and of different types, under one key.
    for value in (True, 1, 1.0, False, 0, 0.0, "1"):
        span.add_event("event", {"value": value})
    span.end()
    with tracer.start_as_current_span("parent"):
        tracer.start_span("child").end()


def lean(processor: SimpleSpanProcessor) -> Tracer:
    return LeanTracer(RESOURCE, InstrumentationScope("tested", "1.2.3", "https://example.com/schema"), processor)


def sdk(processor: SimpleSpanProcessor) -> Tracer:
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider.get_tracer("tested", attributes={"of": "scope"})


@pytest.mark.parametrize("tracer", [lean, sdk])
def test_spans_are_encoded_as_by_the_sdk(tracer: Callable[[SimpleSpanProcessor], Tracer]) -> None:
    exporter = InMemorySpanExporter()
    record(tracer(SimpleSpanProcessor(exporter)))
    spans = exporter.get_finished_spans()
    encoder = SpanEncoder()
    for _ in range(2):
        assert encoder.encode(spans) == encode_spans(spans).SerializeToString()


def test_spans_of_several_scopes_are_grouped() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for scope in ("one", "other", "one"):
        provider.get_tracer(scope).start_span("span").end()
    record(lean(SimpleSpanProcessor(exporter)))
    spans = exporter.get_finished_spans()
    assert SpanEncoder().encode(spans) == encode_spans(spans).SerializeToString()
