"""What a part of the server is given to record what it does."""

from dataclasses import dataclass

from opentelemetry.trace import Tracer

from groundwire_server.ports.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Recording:
    """Spans, and the metrics that no sample of spans may miss."""

    tracer: Tracer
    metrics: Metrics
