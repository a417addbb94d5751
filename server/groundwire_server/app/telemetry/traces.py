"""The tracer: ours or the SDK's, with a sampler, and with a processor that exports spans and never waits."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Tracer

from groundwire_server.app.configuration.models.telemetry import OtlpBatchConfig, SamplerName, TelemetryConfig
from groundwire_server.app.telemetry.spans import LeanTracer

if TYPE_CHECKING:
    from groundwire_server.app.telemetry.delivery import Backlog
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
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    from groundwire_server.app.telemetry.otlp import OtlpSpanExporter  # noqa: PLC0415

    batches = BatchSpanProcessor(
        OtlpSpanExporter(export),
        max_queue_size=section.queue_size,
        schedule_delay_millis=1000 * section.delay_seconds,
        max_export_batch_size=min(section.batch_size, section.queue_size),
    )
    return BoundedProcessor(batches, export.backlog)


class BoundedProcessor(SpanProcessor):
    """Passes ended spans on while the backlog has room for them."""

    def __init__(self, inner: SpanProcessor, backlog: "Backlog") -> None:
        self._inner = inner
        self._backlog = backlog

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Do nothing."""

    def on_end(self, span: ReadableSpan) -> None:
        """Pass a span on, or drop it."""
        if self._backlog.enter():
            self._inner.on_end(span)

    def shutdown(self) -> None:
        """Export what is left. Blocks."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Export what there is. Blocks."""
        return self._inner.force_flush(timeout_millis)
