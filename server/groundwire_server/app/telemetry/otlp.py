"""The exporters of traces, metrics and logs that the SDK's processors hand their batches to.

Metrics and logs are encoded by the SDK. Sending is ours: the SDK's own exporters report neither what they drop nor why,
write a line for each batch and ignore what a receiver rejects.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from google.protobuf.message import DecodeError
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from groundwire_server.app.telemetry.delivery import Backlog, Delivery, DeliveryLog
from groundwire_server.app.telemetry.drops import INVALID, DropCounter
from groundwire_server.app.telemetry.encoding import SpanEncoder
from groundwire_server.app.telemetry.receivers import Receiver, Signal
from groundwire_server.app.telemetry.senders import sender

_Rejected: TypeAlias = tuple[int, str]


def _rejected_spans(response: bytes) -> _Rejected:
    found = ExportTraceServiceResponse.FromString(response).partial_success
    return found.rejected_spans, found.error_message


def _rejected_points(response: bytes) -> _Rejected:
    found = ExportMetricsServiceResponse.FromString(response).partial_success
    return found.rejected_data_points, found.error_message


def _rejected_records(response: bytes) -> _Rejected:
    found = ExportLogsServiceResponse.FromString(response).partial_success
    return found.rejected_log_records, found.error_message


_REJECTED: Final[Mapping[Signal, Callable[[bytes], _Rejected]]] = {
    Signal.TRACES: _rejected_spans,
    Signal.METRICS: _rejected_points,
    Signal.LOGS: _rejected_records,
}


def rejected(signal: Signal, response: bytes) -> _Rejected:
    """Return how many items a response rejects of its request, and why."""
    try:
        return _REJECTED[signal](response)
    except DecodeError:
        # Some receivers answer in another format: that they took the request is in the status.
        return 0, ""


@dataclass(frozen=True, slots=True)
class Export:
    """The way of one signal to its receiver.

    Attributes:
        delivery: delivers encoded batches.
        backlog: bounds what waits to be exported; a processor asks it before it takes a span or a record.
    """

    delivery: Delivery
    backlog: Backlog

    @classmethod
    def to(cls, receiver: Receiver, signal: Signal, queue_size: int, drops: DropCounter) -> "Export":
        """Return the way to a receiver; nothing is connected yet.

        Args:
            receiver: of the signal.
            signal: what is exported.
            queue_size: how many spans or records may wait.
            drops: counts what is dropped.
        """
        log = DeliveryLog(signal, receiver.address, drops)
        return cls(Delivery(sender(receiver, signal), log, partial(rejected, signal)), Backlog(queue_size, log))


class OtlpSpanExporter(SpanExporter):
    """Exports spans that have entered a backlog."""

    def __init__(self, export: Export) -> None:
        self._way = export
        self._encoder = SpanEncoder()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Deliver a batch. Blocks."""
        self._way.backlog.leave(len(spans))
        try:
            request = self._encoder.encode(spans)
        except ValueError as error:
            # A name that a provider gave may hold half of a character, which no message can.
            self._way.delivery.drop(INVALID, len(spans), type(error).__name__)
            return SpanExportResult.FAILURE
        delivered = self._way.delivery.deliver(request, len(spans))
        return SpanExportResult.SUCCESS if delivered else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """End the connection."""
        self._way.delivery.close()


class OtlpLogExporter(LogRecordExporter):
    """Exports log records that have entered a backlog."""

    def __init__(self, export: Export) -> None:
        self._way = export

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Deliver a batch. Blocks."""
        self._way.backlog.leave(len(batch))
        delivered = self._way.delivery.deliver(encode_logs(batch).SerializeToString(), len(batch))
        return LogRecordExportResult.SUCCESS if delivered else LogRecordExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 10_000) -> bool:
        """Return True: nothing is kept here."""
        return True

    def shutdown(self) -> None:
        """End the connection."""
        self._way.delivery.close()


class OtlpMetricExporter(MetricExporter):
    """Exports metrics, with cumulative sums."""

    def __init__(self, export: Export) -> None:
        super().__init__()
        self._way = export

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: object) -> MetricExportResult:
        """Deliver what was collected. Blocks."""
        delivered = self._way.delivery.deliver(encode_metrics(metrics_data).SerializeToString(), _points(metrics_data))
        return MetricExportResult.SUCCESS if delivered else MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Return True: nothing is kept here."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: object) -> None:
        """End the connection."""
        self._way.delivery.close()


def _points(data: MetricsData) -> int:
    return sum(
        len(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )
