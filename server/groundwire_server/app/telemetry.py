"""OpenTelemetry, set up once."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from groundwire_server.app.spans import LeanTracer

SERVICE = "groundwire"
_EXPORT_SECONDS = 2
_QUEUED_SPANS = 16_384
"""Spans kept while the collector is slow, about two seconds of a busy server; more are dropped."""
_SPANS_AN_EXPORT = 2048
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
    """The tracer and how to end it.

    Attributes:
        tracer: makes spans.
        processor: takes them, if they are to go anywhere.
    """

    tracer: LeanTracer
    processor: SpanProcessor | None

    def shut_down(self) -> None:
        """Send what is left, within a bound: with the collector down the exporter would wait for half a minute."""
        if self.processor is None:
            return
        worker = threading.Thread(target=self.processor.shutdown, daemon=True)
        worker.start()
        worker.join(_SHUTDOWN_SECONDS)


def telemetry(version: str, otlp_endpoint: str | None, headers: Mapping[str, str] | None = None) -> Telemetry:
    """Set up tracing.

    Without an endpoint nothing is exported, but calls still have trace ids and take part in their callers' traces.

    Args:
        version: the service's.
        otlp_endpoint: where to send spans over OTLP gRPC.
        headers: what goes with them, such as a key.
    """
    resource = _HashedOnce(Resource.create({"service.name": SERVICE, "service.version": version}))
    processor: SpanProcessor | None = None
    if otlp_endpoint is not None:
        # Imported here: a server that exports nothing starts without it.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        exporter = OTLPSpanExporter(
            endpoint=otlp_endpoint,
            insecure=otlp_endpoint.startswith("http://"),
            headers=dict(headers or {}),
            timeout=_EXPORT_SECONDS,
        )
        processor = BatchSpanProcessor(exporter, max_queue_size=_QUEUED_SPANS, max_export_batch_size=_SPANS_AN_EXPORT)
    return Telemetry(LeanTracer(resource, InstrumentationScope(SERVICE, version), processor), processor)
