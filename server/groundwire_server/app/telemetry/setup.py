"""OpenTelemetry's set-up."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Tracer

from groundwire_server.adapters.metrics.registry import MetricRegistry
from groundwire_server.app.configuration.models.telemetry import (
    OtlpBatchConfig,
    OtlpConfig,
    OtlpMetricsConfig,
    TelemetryConfig,
)
from groundwire_server.app.telemetry.delivery import DropTotals
from groundwire_server.app.telemetry.senders import Receiver, Signal
from groundwire_server.app.telemetry.traces import processor, tracer

if TYPE_CHECKING:
    from groundwire_server.adapters.metrics.otlp import PeriodicExport
    from groundwire_server.app.telemetry.otlp import Export

SCOPE: Final = "groundwire"
SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.44.0"
"""The conventions of `telemetry/names.py`, by the version that they have there."""
_TIMEOUT_SECONDS: Final = 2.0
_SHUTDOWN_SECONDS: Final = 3.0


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
        resource: the service that all telemetry comes from.
        tracer: for spans.
        metrics: of the process.
        drops: what was dropped on the way to receivers.
        exports: the ways to the receivers.
        processor: exports ended spans; None where they are not exported.
        export: sends metrics; None where they are not sent.
    """

    resource: Resource
    tracer: Tracer
    metrics: MetricRegistry
    drops: DropTotals
    exports: "Sequence[Export]" = ()
    processor: SpanProcessor | None = None
    export: "PeriodicExport | None" = None

    def shut_down(self) -> None:
        """Export what is left, within 3 s: without a receiver the SDK would wait for half a minute."""
        for export in self.exports:
            export.delivery.end_retries()
        # In parallel, so that one that hangs does not delay the other.
        ends = [each.shutdown for each in (self.processor, self.export) if each is not None]
        workers = [threading.Thread(target=end, daemon=True) for end in ends]
        until = time.monotonic() + _SHUTDOWN_SECONDS
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))
        for export in self.exports:
            export.backlog.close()


def telemetry(version: str, section: TelemetryConfig) -> Telemetry:
    """Set up traces and metrics.

    Without an endpoint nothing is exported, but calls still have trace ids and continue their callers' traces.

    Args:
        version: the version of the service.
        section: what is exported, and where to.

    Raises:
        OSError: when the file of a receiver's authorities cannot be read.
    """
    resource = _HashedOnce(_resource(version, section))
    registry = MetricRegistry(section.tenants_in_metrics)
    drops = DropTotals(registry)
    traces = export(section.otlp, Signal.TRACES, drops)
    measured = export(section.otlp, Signal.METRICS, drops)
    spans = None if traces is None else processor(traces, section.otlp.traces)
    scope = InstrumentationScope(SCOPE, version, SCHEMA_URL)
    return Telemetry(
        resource,
        tracer(section, resource, scope, spans),
        registry,
        drops,
        [each for each in (traces, measured) if each is not None],
        spans,
        None if measured is None else _sending(measured, registry, resource, scope, section.otlp.metrics),
    )


def export(section: OtlpConfig, signal: Signal, drops: DropTotals) -> "Export | None":
    """Return the way of a signal to its receiver; None where it is not sent.

    Raises:
        OSError: when the file of the receiver's authorities cannot be read.
    """
    found = receiver(section, signal)
    if found is None:
        return None
    # Imported here: a server that exports nothing does not need it.
    from groundwire_server.app.telemetry.otlp import Export  # noqa: PLC0415

    return Export.to(found, signal, _batched(section, signal).queue_size, drops)


def receiver(section: OtlpConfig, signal: Signal) -> Receiver | None:
    """Return the receiver of a signal: what its own section leaves unset is that of all signals.

    Raises:
        OSError: when the file of its authorities cannot be read.
    """
    own: OtlpBatchConfig | OtlpMetricsConfig = section.metrics
    if signal is not Signal.METRICS:
        own = _batched(section, signal)
    url = own.endpoint or section.endpoint
    if url is None or not section.enabled or not own.enabled:
        return None
    http = (own.protocol or section.protocol) == "http/protobuf"
    if http and own.endpoint is None:
        url = f"{url.rstrip('/')}/v1/{signal.value}"
    ca = own.ca or section.ca
    return Receiver(
        url,
        http,
        own.all_headers() or section.all_headers(),
        None if ca is None else ca.read_bytes(),
        own.timeout_seconds or section.timeout_seconds or _TIMEOUT_SECONDS,
        (own.compression or section.compression) == "gzip",
    )


def _batched(section: OtlpConfig, signal: Signal) -> OtlpBatchConfig:
    return section.logs if signal is Signal.LOGS else section.traces


def _resource(version: str, section: TelemetryConfig) -> Resource:
    instance = {"service.instance.id": str(uuid4()), **section.resource}
    return Resource.create(
        {**instance, "service.name": section.service_name, "service.version": version}, schema_url=SCHEMA_URL
    )


def _sending(
    measured: "Export",
    registry: MetricRegistry,
    resource: Resource,
    scope: InstrumentationScope,
    section: OtlpMetricsConfig,
) -> "PeriodicExport":
    # Imported here, as for spans.
    from groundwire_server.adapters.metrics.otlp import OtlpMetrics, PeriodicExport  # noqa: PLC0415
    from groundwire_server.app.telemetry.otlp import OtlpMetricExporter  # noqa: PLC0415

    metrics = OtlpMetrics(registry.registry, resource, scope)
    sending = PeriodicExport(metrics, OtlpMetricExporter(measured), section.interval_seconds)
    sending.start()
    return sending
