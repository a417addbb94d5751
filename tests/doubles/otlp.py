"""A receiver of OTLP on this machine, over gRPC and over HTTP, that takes what comes or does what a test says."""

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

_REQUESTS: Mapping[str, type[Message]] = {
    "trace": trace_service_pb2.ExportTraceServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
    "logs": logs_service_pb2.ExportLogsServiceRequest,
}

OnCall: TypeAlias = Callable[[grpc.ServicerContext], bytes]
"""Answers a request over gRPC; an empty answer rejects nothing."""


@dataclass
class Taken:
    """What arrived.

    Attributes:
        requests: decoded, in their order.
        headers: of the last request, with lower-case names.
        paths: of the requests.
        arrived: is set when something has arrived.
    """

    requests: list[Any] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def resource_spans(self) -> list[trace_pb2.ResourceSpans]:
        traces = [each for each in self.requests if isinstance(each, trace_service_pb2.ExportTraceServiceRequest)]
        return [resource for request in traces for resource in request.resource_spans]

    @property
    def spans(self) -> list[trace_pb2.Span]:
        return [span for each in self.resource_spans for scope in each.scope_spans for span in scope.spans]

    @property
    def metrics(self) -> list[metrics_pb2.Metric]:
        found = [each for each in self.requests if isinstance(each, metrics_service_pb2.ExportMetricsServiceRequest)]
        scopes = [scope for request in found for each in request.resource_metrics for scope in each.scope_metrics]
        return [metric for scope in scopes for metric in scope.metrics]

    @property
    def log_records(self) -> list[logs_pb2.LogRecord]:
        found = [each for each in self.requests if isinstance(each, logs_service_pb2.ExportLogsServiceRequest)]
        scopes = [scope for request in found for each in request.resource_logs for scope in each.scope_logs]
        return [record for scope in scopes for record in scope.log_records]

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        noun = "trace" if "trace" in path.lower() else "metrics" if "metrics" in path.lower() else "logs"
        request = _REQUESTS[noun]()
        request.ParseFromString(body)
        self.headers = dict(headers)
        self.paths.append(path)
        self.requests.append(request)
        self.arrived.set()


@contextmanager
def grpc_receiver(
    answer: OnCall = lambda _: b"", port: int = 0, credentials: grpc.ServerCredentials | None = None
) -> Iterator[Taken]:
    """Take OTLP over gRPC on a port of this machine.

    Args:
        answer: is called before a request is taken; may abort the call.
        port: to listen on; 0 chooses a free one.
        credentials: for TLS.
    """
    taken = Taken()

    def export(path: str) -> Callable[[bytes, grpc.ServicerContext], bytes]:
        def handle(request: bytes, context: grpc.ServicerContext) -> bytes:
            response = answer(context)
            headers = {str(key): str(value) for key, value in context.invocation_metadata()}
            taken.take(path, headers, request)
            return response

        return handle

    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    for noun in _REQUESTS:
        name = f"opentelemetry.proto.collector.{noun}.v1.{noun.capitalize()}Service"
        handler = grpc.unary_unary_rpc_method_handler(
            export(name), request_deserializer=bytes, response_serializer=bytes
        )
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, {"Export": handler})])
    address = f"127.0.0.1:{port}"
    taken.port = (
        server.add_insecure_port(address) if credentials is None else server.add_secure_port(address, credentials)
    )
    server.start()
    try:
        yield taken
    finally:
        server.stop(0).wait()


@contextmanager
def http_receiver(status: int = 200, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Iterator[Taken]:
    """Take OTLP over HTTP on a free port of this machine, and answer each request in the same way."""
    taken = Taken()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                sent = gzip.decompress(sent)
            taken.take(self.path, {name.lower(): value for name, value in self.headers.items()}, sent)
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
