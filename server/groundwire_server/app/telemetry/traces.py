"""The tracer: ours or the SDK's, with a sampler, and with a processor that exports spans and never waits."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Tracer

from groundwire_server.app.configuration.models.telemetry import OtlpBatchConfig, SamplerName, TelemetryConfig
from groundwire_server.app.telemetry.spans import LeanTracer

if TYPE_CHECKING:
    from groundwire_server.app.telemetry.otlp import Export

_SAMPLERS: Final[dict[SamplerName, Callable[[float], Sampler]]] = {
    "always_on": lambda _: ALWAYS_ON,
    "always_off": lambda _: ALWAYS_OFF,
    "traceidratio": TraceIdRatioBased,
    "parentbased_always_on": lambda _: ParentBased(ALWAYS_ON),
    "parentbased_always_off": lambda _: ParentBased(ALWAYS_OFF),
    "parentbased_traceidratio": lambda ratio: ParentBased(TraceIdRatioBased(ratio)),
}


def tracer(
    section: TelemetryConfig, resource: Resource, scope: InstrumentationScope, processor: SpanProcessor | None
) -> Tracer:
    """Return the tracer that a configuration names.

    Args:
        section: names the tracer and the sampler.
        resource: the service that the spans come from.
        scope: of the spans.
        processor: takes ended spans; without one no span is recorded, but calls still have trace ids.
    """
    sampler = _SAMPLERS[section.sampler](section.sampler_ratio)
    # The SDK's would have no trace ids where OTEL_SDK_DISABLED switches it off.
    if section.tracer == "lean" or processor is None:
        return LeanTracer(resource, scope, processor, sampler)
    provider = TracerProvider(sampler, resource, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider.get_tracer(scope.name, scope.version, schema_url=scope.schema_url)


def processor(export: "Export", section: OtlpBatchConfig) -> SpanProcessor:
    """Return the processor that exports spans in batches, in a thread of its own."""
    # Imported here: a server that exports nothing does not need it.
    from groundwire_server.app.telemetry.otlp import OtlpSpanExporter  # noqa: PLC0415
    from groundwire_server.app.telemetry.span_batches import SpanBatches  # noqa: PLC0415

    size = min(section.batch_size, section.queue_size)
    return SpanBatches(OtlpSpanExporter(export), export.backlog, size, section.delay_seconds)
