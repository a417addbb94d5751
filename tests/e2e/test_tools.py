"""What operators point at a server: an OTLP receiver and grpcurl."""

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from google.protobuf.message import Message
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from groundwire_server.app.configuration.models.telemetry import TelemetryConfig
from groundwire_server.app.telemetry import telemetry
from groundwire_server.telemetry.metrics import PASSAGES_DROPPED
from tests.e2e.calls import answer
from tests.e2e.conftest import Product

GRPCURL = shutil.which("grpcurl", path=str(Path(sys.executable).parent)) or shutil.which("grpcurl")


class Receiver:
    """Takes OTLP traces and metrics as a collector does."""

    def __init__(self) -> None:
        self.spans: list[trace_pb2.Span] = []
        self.metrics: list[metrics_pb2.Metric] = []
        self.server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        takes: dict[str, tuple[Any, Any]] = {
            "trace.v1.TraceService": (self._traces, trace_service_pb2.ExportTraceServiceRequest),
            "metrics.v1.MetricsService": (self._metrics, metrics_service_pb2.ExportMetricsServiceRequest),
        }
        for service, (take, request) in takes.items():
            handler = grpc.unary_unary_rpc_method_handler(
                take, request_deserializer=request.FromString, response_serializer=Message.SerializeToString
            )
            name = f"opentelemetry.proto.collector.{service}"
            self.server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, {"Export": handler})])

    async def _traces(self, request: trace_service_pb2.ExportTraceServiceRequest, context: object) -> Message:
        for resource in request.resource_spans:
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()

    async def _metrics(self, request: metrics_service_pb2.ExportMetricsServiceRequest, context: object) -> Message:
        for resource in request.resource_metrics:
            self.metrics += [metric for scope in resource.scope_metrics for metric in scope.metrics]
        return metrics_service_pb2.ExportMetricsServiceResponse()


async def test_spans_reach_a_collector_when_an_endpoint_is_set() -> None:
    receiver = Receiver()
    port = receiver.server.add_insecure_port("127.0.0.1:0")
    await receiver.server.start()
    measuring = telemetry("1.2.3", TelemetryConfig(otlp_endpoint=f"http://127.0.0.1:{port}"))
    with measuring.tracer.start_as_current_span("outer"), measuring.tracer.start_as_current_span("inner"):
        pass
    await asyncio.to_thread(measuring.shut_down)
    await receiver.server.stop(0)
    inner, outer = receiver.spans
    assert (inner.name, outer.name) == ("inner", "outer")
    assert inner.parent_span_id == outer.span_id


@pytest.mark.parametrize("metrics", [True, False], ids=["on", "off"])
async def test_counts_reach_it_where_they_are_on(*, metrics: bool) -> None:
    receiver = Receiver()
    port = receiver.server.add_insecure_port("127.0.0.1:0")
    await receiver.server.start()
    measuring = telemetry("1.2.3", TelemetryConfig(otlp_endpoint=f"http://127.0.0.1:{port}", metrics=metrics))
    for dropped in (2, 3):
        measuring.metrics.add(PASSAGES_DROPPED, dropped)
    await asyncio.to_thread(measuring.shut_down)
    await receiver.server.stop(0)
    counted = {each.name: [point.as_double for point in each.sum.data_points] for each in receiver.metrics}
    assert counted.get(PASSAGES_DROPPED.name) == ([5] if metrics else None)


async def test_a_collector_that_is_down_does_not_hold_up_the_end() -> None:
    measuring = telemetry("1.2.3", TelemetryConfig(otlp_endpoint="http://127.0.0.1:1"))
    with measuring.tracer.start_as_current_span("lost"):
        pass
    async with asyncio.timeout(5):
        await asyncio.to_thread(measuring.shut_down)


def test_without_an_endpoint_a_span_has_a_trace_id_and_is_not_recorded() -> None:
    with telemetry("1.2.3", TelemetryConfig()).tracer.start_as_current_span("call") as span:
        assert span.get_span_context().trace_id
        assert not span.is_recording()


@pytest.mark.process
@pytest.mark.skipif(GRPCURL is None, reason="grpcurl is not installed; it comes with make setup on Linux x86-64")
async def test_grpcurl_asks_by_reflection(product: Product) -> None:
    assert GRPCURL is not None
    process = await asyncio.create_subprocess_exec(
        GRPCURL,
        "-plaintext",
        "-H",
        "groundwire-tenant: acme",
        "-d",
        json.dumps({"question": {"text": "What do lambda expressions create?"}}),
        product.address,
        "groundwire.v1.AnswerService/Answer",
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(printed)["outcome"]["answered"]["answer"]["text"] == (await answer(product)).answered.answer.text
