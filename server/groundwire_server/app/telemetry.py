"""OpenTelemetry's set-up."""

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from groundwire_server.adapters.metrics.registry import MetricRegistry
from groundwire_server.app.configuration.models.telemetry import TelemetryConfig
from groundwire_server.app.spans import LeanTracer

if TYPE_CHECKING:
    from groundwire_server.adapters.metrics.otlp import PeriodicExport

SERVICE = "groundwire"
_EXPORT_SECONDS = 2
_QUEUED_SPANS = 16_384
"""Spans that are queued while the collector is slow, about two seconds of a busy server; more are dropped."""
_SPANS_PER_EXPORT = 2048
_METRICS_SECONDS = 60.0
_SHUTDOWN_SECONDS = 3.0


class _HashedOnce(Resource):
    """A resource that computes its hash once: the SDK's serializes itself to JSON for every exported span."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(resource.attributes, resource.schema_url)
        self._hash = super().__hash__()

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The tracer and the metrics, with their exporters.

    Attributes:
        tracer: for spans.
        metrics: of the process.
        processor: exports ended spans; None without an endpoint.
        export: sends metrics; None where they are not sent.
    """

    tracer: LeanTracer
    metrics: MetricRegistry
    processor: SpanProcessor | None = None
    export: "PeriodicExport | None" = None

    def shut_down(self) -> None:
        """Export what is left, within 3 s: without a collector the exporters would wait for half a minute."""
        # In parallel, so that one that hangs does not delay the other.
        ends = [each.shutdown for each in (self.processor, self.export) if each is not None]
        workers = [threading.Thread(target=end, daemon=True) for end in ends]
        until = time.monotonic() + _SHUTDOWN_SECONDS
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))


def telemetry(version: str, section: TelemetryConfig) -> Telemetry:
    """Set up traces and metrics.

    Without an endpoint nothing is exported, but calls still have trace ids and continue their callers' traces.

    Args:
        version: the version of the service.
        section: what is exported, and where to.
    """
    resource = _HashedOnce(Resource.create({"service.name": SERVICE, "service.version": version}))
    processor: SpanProcessor | None = None
    if section.otlp_endpoint is not None:
        # Imported here: a server that exports nothing does not need it.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        exporter = OTLPSpanExporter(**_exporter_options(section.otlp_endpoint, section))
        processor = BatchSpanProcessor(exporter, max_queue_size=_QUEUED_SPANS, max_export_batch_size=_SPANS_PER_EXPORT)
    tracer = LeanTracer(resource, InstrumentationScope(SERVICE, version), processor)
    metrics = MetricRegistry(section.tenants_in_metrics)
    if section.otlp_endpoint is None or not section.metrics:
        return Telemetry(tracer, metrics, processor)
    return Telemetry(tracer, metrics, processor, _exporting(metrics, resource, version, section.otlp_endpoint, section))


def _exporting(
    metrics: MetricRegistry, resource: Resource, version: str, otlp_endpoint: str, section: TelemetryConfig
) -> "PeriodicExport":
    # Imported here, as for spans.
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter  # noqa: PLC0415

    from groundwire_server.adapters.metrics.otlp import OtlpMetrics, PeriodicExport  # noqa: PLC0415

    exporter = OTLPMetricExporter(**_exporter_options(otlp_endpoint, section))
    collected = OtlpMetrics(metrics.registry, resource, InstrumentationScope(SERVICE, version))
    export = PeriodicExport(collected, exporter, _METRICS_SECONDS)
    export.start()
    return export


def _exporter_options(otlp_endpoint: str, section: TelemetryConfig) -> dict[str, Any]:
    """Return the options that all exporters share."""
    return {
        "endpoint": otlp_endpoint,
        "insecure": otlp_endpoint.startswith("http://"),
        "headers": {name: secret.reveal() for name, secret in section.otlp_headers.items()},
        "timeout": _EXPORT_SECONDS,
    }
