"""OpenTelemetry, set up once."""

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.metrics import Meter, NoOpMeter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from groundwire_server.app.configuration.models.telemetry import TelemetryConfig
from groundwire_server.app.spans import LeanTracer

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider

SERVICE = "groundwire"
_EXPORT_SECONDS = 2
_QUEUED_SPANS = 16_384
"""Spans kept while the collector is slow, about two seconds of a busy server; more are dropped."""
_SPANS_AN_EXPORT = 2048
_COUNTED_EVERY_MS = 60_000
_SHUTDOWN_SECONDS = 3.0


class _HashedOnce(Resource):
    """A resource that does not write itself as JSON for every span that is exported, only to be found in a dict."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(resource.attributes, resource.schema_url)
        self._hash = super().__hash__()

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The tracer, the meter, and how to end them.

    Attributes:
        tracer: for spans.
        meter: for counts.
        processor: takes spans that have ended; None where they go nowhere.
        counting: the provider of the meter; None where counts go nowhere.
    """

    tracer: LeanTracer
    meter: Meter
    processor: SpanProcessor | None = None
    counting: "MeterProvider | None" = None

    def shut_down(self) -> None:
        """Send what is left, within a bound: with the collector down the exporters would wait for half a minute."""
        # Side by side: one that hangs must not cost the other its last words.
        ends = [each.shutdown for each in (self.processor, self.counting) if each is not None]
        workers = [threading.Thread(target=end, daemon=True) for end in ends]
        until = time.monotonic() + _SHUTDOWN_SECONDS
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))


def telemetry(version: str, section: TelemetryConfig) -> Telemetry:
    """Set up tracing and counting.

    Without an endpoint nothing is exported, but calls still have trace ids and take part in their callers' traces.

    Args:
        version: the version of the server.
        section: the receiver of spans and counts.
    """
    resource = _HashedOnce(Resource.create({"service.name": SERVICE, "service.version": version}))
    processor: SpanProcessor | None = None
    if section.otlp_endpoint is not None:
        # Imported here: a server that exports nothing starts without it.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        exporter = OTLPSpanExporter(**_receiver(section.otlp_endpoint, section))
        processor = BatchSpanProcessor(exporter, max_queue_size=_QUEUED_SPANS, max_export_batch_size=_SPANS_AN_EXPORT)
    tracer = LeanTracer(resource, InstrumentationScope(SERVICE, version), processor)
    if section.otlp_endpoint is None or not section.metrics:
        return Telemetry(tracer, NoOpMeter(SERVICE, version), processor)
    counting = _counting(resource, section.otlp_endpoint, section)
    return Telemetry(tracer, counting.get_meter(SERVICE, version), processor, counting)


def _counting(resource: Resource, otlp_endpoint: str, section: TelemetryConfig) -> "MeterProvider":
    # Imported here: as with spans.
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter  # noqa: PLC0415
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415

    exporter = OTLPMetricExporter(**_receiver(otlp_endpoint, section))
    reader = PeriodicExportingMetricReader(
        exporter, export_interval_millis=_COUNTED_EVERY_MS, export_timeout_millis=1000 * _EXPORT_SECONDS
    )
    return MeterProvider([reader], resource, shutdown_on_exit=False)


def _receiver(otlp_endpoint: str, section: TelemetryConfig) -> dict[str, Any]:
    """What every exporter is told of where it sends to."""
    return {
        "endpoint": otlp_endpoint,
        "insecure": otlp_endpoint.startswith("http://"),
        "headers": {name: secret.reveal() for name, secret in section.otlp_headers.items()},
        "timeout": _EXPORT_SECONDS,
    }
