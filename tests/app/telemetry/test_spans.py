"""Our spans beside the SDK's: the same leaves."""

from collections.abc import Callable, Sequence

import pytest
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Encoded
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    TraceState,
    set_span_in_context,
    use_span,
)

from groundwire_server.app.telemetry.spans import LeanTracer

_RESOURCE = Resource({"service.name": "tested"})
_SCOPE = InstrumentationScope("tested", "1.2.3")
_FROM, _UNTIL = 1_000, 2_000


def _remote(flags: int) -> Context:
    ids = SpanContext(0xABC, 0xDEF, is_remote=True, trace_flags=TraceFlags(flags), trace_state=TraceState([("a", "b")]))
    return set_span_in_context(NonRecordingSpan(ids))


def _nested(tracer: Tracer) -> None:
    root = tracer.start_span("root", _remote(1), SpanKind.SERVER, {"given": "x", "many": ["a", "b"]}, start_time=_FROM)
    with use_span(root):
        child = tracer.start_span("child", start_time=_FROM)
        child.set_attribute("one", 1)
        child.set_attributes({"two": 2.5, "three": True, "four": "text"})
        child.add_event("happened", {"why": "so"}, _FROM)
        child.update_name("renamed")
        child.end(_UNTIL)
        child.set_attribute("after", "the end")
        child.add_event("after the end")
        child.end(_UNTIL + 1)
    root.end(_UNTIL)


def _statuses(tracer: Tracer) -> None:
    sequences: Sequence[Sequence[StatusCode | Status]] = (
        [],
        [StatusCode.ERROR],
        [Status(StatusCode.ERROR), StatusCode.UNSET],
        [StatusCode.ERROR, StatusCode.OK],
        [StatusCode.OK, StatusCode.ERROR],
    )
    for told in sequences:
        span = tracer.start_span("told", _remote(1), start_time=_FROM)
        for status in told:
            span.set_status(status)
        span.end(_UNTIL)


def _both(record: Callable[[Tracer], None]) -> tuple[Sequence[Encoded], Sequence[Encoded]]:
    """The spans of ours and of the SDK, as they leave, without the ids that are drawn."""
    ours, theirs = InMemorySpanExporter(), InMemorySpanExporter()
    provider = TracerProvider(resource=_RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(theirs))
    record(LeanTracer(_RESOURCE, _SCOPE, SimpleSpanProcessor(ours)))
    record(provider.get_tracer("tested", "1.2.3"))
    return _encoded(ours.get_finished_spans()), _encoded(theirs.get_finished_spans())


def _encoded(spans: Sequence[ReadableSpan]) -> Sequence[Encoded]:
    (of_resource,) = encode_spans(spans).resource_spans
    (of_scope,) = of_resource.scope_spans
    known = {span.span_id: bytes([number]) for number, span in enumerate(of_scope.spans)}
    for span in of_scope.spans:
        span.span_id = known[span.span_id]
        span.parent_span_id = known.get(span.parent_span_id, span.parent_span_id)
    return list(of_scope.spans)


def _links(tracer: Tracer) -> None:
    of_others = [SpanContext(trace, 0xDEF, is_remote=trace == 2, trace_flags=TraceFlags(1)) for trace in (1, 2)]
    span = tracer.start_span("linked", _remote(1), links=[Link(of_others[0], {"why": "so"})], start_time=_FROM)
    span.add_link(of_others[1])
    span.add_link(SpanContext(0, 0, is_remote=False))
    span.end(_UNTIL)
    span.add_link(of_others[0])


@pytest.mark.parametrize("record", [_nested, _statuses, _links])
def test_what_leaves_is_what_the_sdk_would_have_sent(record: Callable[[Tracer], None]) -> None:
    ours, theirs = _both(record)

    assert ours == theirs


def test_a_trace_of_our_own_is_recorded_and_says_that_its_id_is_random() -> None:
    exporter = InMemorySpanExporter()
    tracer = LeanTracer(_RESOURCE, _SCOPE, SimpleSpanProcessor(exporter))

    with tracer.start_as_current_span("outer") as outer, tracer.start_as_current_span("inner") as inner:
        assert repr(inner).endswith("recording>")

    ids = outer.get_span_context()
    assert ids.is_valid
    assert ids.trace_flags == TraceFlags.SAMPLED | TraceFlags.RANDOM_TRACE_ID
    assert inner.get_span_context().trace_id == ids.trace_id
    assert [(span.name, span.parent) for span in exporter.get_finished_spans()] == [("inner", ids), ("outer", None)]


def test_a_caller_that_does_not_sample_is_not_recorded() -> None:
    exporter = InMemorySpanExporter()
    tracer = LeanTracer(_RESOURCE, _SCOPE, SimpleSpanProcessor(exporter))

    with use_span(tracer.start_span("theirs", _remote(0))):
        child = tracer.start_span("child")
        child.end()

    assert not child.is_recording()
    assert child.get_span_context().trace_id == 0xABC
    assert not exporter.get_finished_spans()


@pytest.mark.parametrize("context", [None, _remote(1), _remote(2)])
def test_without_a_processor_calls_take_part_in_traces_as_with_the_sdk_switched_off(context: Context | None) -> None:
    provider = TracerProvider(ALWAYS_OFF, _RESOURCE, shutdown_on_exit=False)
    ids, expected = (
        tracer.start_span("call", context).get_span_context()
        for tracer in (LeanTracer(_RESOURCE, _SCOPE, None), provider.get_tracer("tested"))
    )

    assert ids.is_valid
    assert ids.trace_flags == expected.trace_flags
    if context is not None:
        assert ids.trace_id == expected.trace_id


def test_what_an_exception_says_is_not_recorded() -> None:
    exporter = InMemorySpanExporter()
    tracer = LeanTracer(_RESOURCE, _SCOPE, SimpleSpanProcessor(exporter))

    with pytest.raises(ValueError, match="private"), tracer.start_as_current_span("call"):
        raise ValueError("private")

    (span,) = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert [dict(event.attributes or {})["exception.type"] for event in span.events] == ["ValueError"]
    assert "private" not in span.to_json()
