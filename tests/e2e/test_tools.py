"""What operators point at a server: an OTLP receiver and grpcurl."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

import grpc.aio
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from groundwire_server.app.telemetry import telemetry
from tests.e2e.calls import answer
from tests.e2e.conftest import Product

GRPCURL = shutil.which("grpcurl", path=str(Path(sys.executable).parent)) or shutil.which("grpcurl")


class Receiver:
    """Takes OTLP traces as a collector does."""

    def __init__(self) -> None:
        self.spans: list[trace_pb2.Span] = []
        self.server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        handler = grpc.unary_unary_rpc_method_handler(
            self._export,
            request_deserializer=trace_service_pb2.ExportTraceServiceRequest.FromString,
            response_serializer=trace_service_pb2.ExportTraceServiceResponse.SerializeToString,
        )
        service = "opentelemetry.proto.collector.trace.v1.TraceService"
        self.server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"Export": handler})])

    async def _export(self, request: trace_service_pb2.ExportTraceServiceRequest, context: object) -> object:
        for resource in request.resource_spans:
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


async def test_spans_reach_a_collector_when_an_endpoint_is_set() -> None:
    receiver = Receiver()
    port = receiver.server.add_insecure_port("127.0.0.1:0")
    await receiver.server.start()
    measuring = telemetry("1.2.3", f"http://127.0.0.1:{port}")
    with measuring.tracer.start_as_current_span("outer"), measuring.tracer.start_as_current_span("inner"):
        pass
    await asyncio.to_thread(measuring.shut_down)
    await receiver.server.stop(0)
    inner, outer = receiver.spans
    assert (inner.name, outer.name) == ("inner", "outer")
    assert inner.parent_span_id == outer.span_id


async def test_a_collector_that_is_down_does_not_hold_up_the_end() -> None:
    measuring = telemetry("1.2.3", "http://127.0.0.1:1")
    with measuring.tracer.start_as_current_span("lost"):
        pass
    async with asyncio.timeout(5):
        await asyncio.to_thread(measuring.shut_down)


def test_without_an_endpoint_a_span_has_a_trace_id_and_is_not_recorded() -> None:
    with telemetry("1.2.3", None).tracer.start_as_current_span("call") as span:
        assert span.get_span_context().trace_id
        assert not span.is_recording()


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
