"""A receiver of OTLP traces over gRPC, for processes that are tested from outside."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.message import Message
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

_PATIENCE = 60.0
"""Seconds after which spans are not on their way any more."""


class Collector:
    """Keeps the spans that it receives, and takes metrics.

    Attributes:
        port: on which it listens.
    """

    def __init__(self) -> None:
        self.port = 0
        self._spans: list[trace_pb2.Span] = []
        self._arrived = threading.Condition()

    def names_of(self, trace_id: str) -> set[str]:
        """Return the names of a trace's spans, once its first span, the call's own, is there."""

        def whole() -> bool:
            return any(not span.parent_span_id for span in self._of(trace_id))

        with self._arrived:
            self._arrived.wait_for(whole, _PATIENCE)
            return {span.name for span in self._of(trace_id)}

    def _of(self, trace_id: str) -> list[trace_pb2.Span]:
        return [span for span in self._spans if span.trace_id.hex() == trace_id]

    def _traces(self, request: trace_service_pb2.ExportTraceServiceRequest, context: object) -> Message:
        with self._arrived:
            self._spans += [
                span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans
            ]
            self._arrived.notify_all()
        return trace_service_pb2.ExportTraceServiceResponse()

    def _metrics(self, request: metrics_service_pb2.ExportMetricsServiceRequest, context: object) -> Message:
        return metrics_service_pb2.ExportMetricsServiceResponse()


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector on a free port."""
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
    takes: dict[str, tuple[Any, Any]] = {
        "trace.v1.TraceService": (collector._traces, trace_service_pb2.ExportTraceServiceRequest),
        "metrics.v1.MetricsService": (collector._metrics, metrics_service_pb2.ExportMetricsServiceRequest),
    }
    for service, (take, request) in takes.items():
        handler: Any = grpc.unary_unary_rpc_method_handler(
            take,
            request_deserializer=request.FromString,
            response_serializer=lambda response: response.SerializeToString(),
        )
        name = f"opentelemetry.proto.collector.{service}"
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, {"Export": handler})])
    collector.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield collector
    finally:
        server.stop(0).wait()
