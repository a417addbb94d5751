"""The samplers and the two tracers, side by side."""

from collections.abc import Sequence
from typing import get_args

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from groundwire_server.app.configuration.models.telemetry import SamplerName, TelemetryConfig
from groundwire_server.app.telemetry.traces import tracer

LOW, HIGH = 1, (1 << 64) - 1
"""Trace ids that a sampler by ratio keeps always, and never."""


def caller(trace_id: int, *, sampled: bool) -> Context:
    ids = SpanContext(trace_id, 0xDEF, is_remote=True, trace_flags=TraceFlags(int(sampled)))
    return set_span_in_context(NonRecordingSpan(ids))


CALLERS = [caller(trace_id, sampled=sampled) for trace_id in (LOW, HIGH) for sampled in (True, False)]


def recorded(which: str, sampler: SamplerName, ratio: float, context: Context | None) -> Sequence[tuple[str, int]]:
    """Names and flags of a call and its stage where they are recorded; the flags of the call where they are not."""
    exporter = InMemorySpanExporter()
    section = TelemetryConfig.model_validate({"tracer": which, "sampler": sampler, "sampler_ratio": ratio})
    made = tracer(section, Resource({}), InstrumentationScope("tested"), SimpleSpanProcessor(exporter))
    call = made.start_span("call", context)
    made.start_span("stage", set_span_in_context(call)).end()
    call.end()
    finished = exporter.get_finished_spans()
    if not finished:
        return [("", call.get_span_context().trace_flags)]
    return [(span.name, span.context.trace_flags) for span in finished if span.context is not None]


@pytest.mark.parametrize("sampler", get_args(SamplerName))
def test_every_sampler_decides_as_with_the_sdk(sampler: SamplerName) -> None:
    for context in CALLERS:
        assert recorded("lean", sampler, 0.5, context) == recorded("sdk", sampler, 0.5, context)
    for ratio in (0.0, 1.0):
        assert recorded("lean", sampler, ratio, None) == recorded("sdk", sampler, ratio, None)


def test_a_share_of_traces_is_kept_whole() -> None:
    kept = [recorded("lean", "parentbased_traceidratio", 0.25, None) for _ in range(1000)]
    assert {len(each) for each in kept} == {1, 2}
    # With 1000 traces, 12 standard deviations.
    assert 85 < len([each for each in kept if len(each) == 2]) < 415
