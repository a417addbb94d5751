"""Telemetry as a configuration sets it up: what arrives, what does not, and how it ends."""

import logging
import threading
import time
from collections.abc import Mapping

import grpc
import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from pydantic import TypeAdapter

from groundwire_server.app.configuration.models.telemetry import OtlpConfig, TelemetryConfig
from groundwire_server.app.telemetry.drops import QUEUE_FULL, REJECTED, DropTotals
from groundwire_server.app.telemetry.otlp import OtlpLogExporter
from groundwire_server.app.telemetry.receivers import Signal
from groundwire_server.app.telemetry.setup import SCHEMA_URL, export, telemetry
from groundwire_server.telemetry.metrics import PASSAGES_DROPPED
from tests.doubles.counts import Counts
from tests.doubles.otlp import grpc_receiver, http_receiver

_CONFIG = TypeAdapter(TelemetryConfig)


def config(**otlp: object) -> TelemetryConfig:
    return _CONFIG.validate_python({"otlp": otlp})


def test_the_resource_is_found_and_compared_as_any_other() -> None:
    made = telemetry("1.2.3", TelemetryConfig()).resource
    plain = Resource(made.attributes, made.schema_url)

    assert made == plain
    assert {plain: "found"}[made] == "found"
    assert made != Resource({**made.attributes, "service.version": "1.2.4"}, made.schema_url)


def test_the_resource_names_the_service_its_instance_and_what_the_configuration_adds() -> None:
    section = TelemetryConfig(service_name="faq", resource={"deployment.environment.name": "production"})
    attributes = telemetry("1.2.3", section).resource.attributes
    assert attributes["service.name"] == "faq"
    assert attributes["service.version"] == "1.2.3"
    assert attributes["deployment.environment.name"] == "production"
    assert attributes["service.instance.id"] != telemetry("1.2.3", section).resource.attributes["service.instance.id"]


@pytest.mark.parametrize("tracer", ["lean", "sdk"])
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_spans_arrive_with_the_schema_of_their_conventions(protocol: str, tracer: str) -> None:
    with grpc_receiver() if protocol == "grpc" else http_receiver() as taken:
        otlp = {"endpoint": f"http://127.0.0.1:{taken.port}", "protocol": protocol, "timeout_seconds": 30}
        measuring = telemetry("1.2.3", _CONFIG.validate_python({"tracer": tracer, "otlp": otlp}))
        with measuring.tracer.start_as_current_span("outer"), measuring.tracer.start_as_current_span("inner"):
            pass
        measuring.shut_down()
    inner, outer = taken.spans
    assert (inner.name, outer.name) == ("inner", "outer")
    assert inner.parent_span_id == outer.span_id
    (resource,) = taken.resource_spans
    assert {resource.schema_url, *(scope.schema_url for scope in resource.scope_spans)} == {SCHEMA_URL}
    if protocol != "grpc":
        assert set(taken.paths) <= {"/v1/traces", "/v1/metrics"}
    assert measuring.drops.totals == {}


@pytest.mark.parametrize("enabled", [True, False], ids=["on", "off"])
def test_counts_arrive_where_they_are_on(*, enabled: bool) -> None:
    with grpc_receiver() as taken:
        endpoint = f"http://127.0.0.1:{taken.port}"
        measuring = telemetry("1.2.3", config(endpoint=endpoint, timeout_seconds=30, metrics={"enabled": enabled}))
        for dropped in (2, 3):
            measuring.metrics.add(PASSAGES_DROPPED, dropped)
        measuring.shut_down()
    counted = {each.name: [point.as_double for point in each.sum.data_points] for each in taken.metrics}
    assert counted.get(PASSAGES_DROPPED.name) == ([5] if enabled else None)


@pytest.mark.parametrize("section", [{}, {"endpoint": "http://127.0.0.1:1", "enabled": False}], ids=["unset", "off"])
def test_without_a_receiver_a_span_has_a_trace_id_and_is_not_recorded(
    section: Mapping[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    for tracer in ("lean", "sdk"):
        measuring = telemetry("1.2.3", _CONFIG.validate_python({"tracer": tracer, "otlp": section}))
        with measuring.tracer.start_as_current_span("call") as span:
            assert span.get_span_context().trace_id
            assert not span.is_recording()
        assert measuring.processor is None


def _stall(context: grpc.ServicerContext) -> bytes:
    # Until the call is over: its client has a deadline.
    while context.is_active():
        time.sleep(0.01)
    context.abort(grpc.StatusCode.CANCELLED, "")
    raise AssertionError("the call was aborted")


def _deny(context: grpc.ServicerContext) -> bytes:
    context.abort(grpc.StatusCode.PERMISSION_DENIED, "")
    raise AssertionError("the call was aborted")


@pytest.mark.parametrize("answer", [_stall, _deny, None], ids=["stalls", "denies", "is away"])
def test_a_receiver_that_takes_nothing_costs_no_span_its_time_and_has_few_lines(
    caplog: pytest.LogCaptureFixture, answer: object
) -> None:
    caplog.set_level(logging.INFO)
    with grpc_receiver(answer if callable(answer) else lambda _: b"") as taken:
        port = taken.port if answer else 1
        batches = {"queue_size": 100, "batch_size": 10}
        section = config(
            endpoint=f"http://127.0.0.1:{port}", timeout_seconds=0.1, traces=batches, metrics={"enabled": False}
        )
        measuring = telemetry("1.2.3", section)
        for _ in range(10_000):
            measuring.tracer.start_span("call").end()
        measuring.shut_down()
    assert taken.spans == []
    totals = {reason: items for (_, reason), items in measuring.drops.totals.items()}
    assert totals[QUEUE_FULL] > 9000
    assert sum(totals.values()) == 10_000
    ours = [each for each in caplog.records if each.name.startswith("groundwire")]
    assert {each.message for each in ours} == {"telemetry is not delivered"}
    assert sum(each.__dict__["dropped"] for each in ours) == 10_000
    assert len(caplog.records) <= 2


def test_log_records_arrive_by_the_same_way() -> None:
    with http_receiver() as taken:
        section = {"endpoint": f"http://127.0.0.1:{taken.port}", "protocol": "http/protobuf", "timeout_seconds": 30}
        way = export(OtlpConfig.model_validate(section), Signal.LOGS, drops := DropTotals(Counts()))
        assert way is not None
        exporter = OtlpLogExporter(way)
        provider = LoggerProvider(shutdown_on_exit=False)
        provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
        provider.get_logger("tested").emit(LogRecord(body="draining", severity_text="INFO"))
        exporter.shutdown()
    assert (taken.paths, drops.totals) == (["/v1/logs"], {})
    (record,) = taken.requests[0].resource_logs[0].scope_logs[0].log_records
    assert (record.body.string_value, record.severity_text) == ("draining", "INFO")


@pytest.mark.parametrize("body", [b"{}", b"<html>", b"\xff\xff", ExportTraceServiceResponse().SerializeToString()])
def test_a_receiver_that_takes_spans_and_answers_in_another_format_has_them(body: bytes) -> None:
    with http_receiver(body=body) as taken:
        section = {"endpoint": f"http://127.0.0.1:{taken.port}", "protocol": "http/protobuf", "timeout_seconds": 30}
        measuring = telemetry("1.2.3", config(**section, metrics={"enabled": False}))
        measuring.tracer.start_span("call").end()
        measuring.shut_down()
    assert ([span.name for span in taken.spans], measuring.drops.totals) == (["call"], {})


def test_spans_that_a_receiver_rejects_are_counted() -> None:
    partial = ExportTracePartialSuccess(rejected_spans=1, error_message="too old")
    answer = ExportTraceServiceResponse(partial_success=partial).SerializeToString()
    with grpc_receiver(lambda _: answer) as taken:
        endpoint = f"http://127.0.0.1:{taken.port}"
        measuring = telemetry("1.2.3", config(endpoint=endpoint, timeout_seconds=30, metrics={"enabled": False}))
        measuring.tracer.start_span("call").end()
        measuring.shut_down()
    assert measuring.drops.totals == {(Signal.TRACES, REJECTED): 1}


@pytest.mark.slow
def test_the_end_does_not_wait_for_a_receiver_that_stalls() -> None:
    left = threading.Event()

    def stall(context: grpc.ServicerContext) -> bytes:
        while context.is_active():
            time.sleep(0.01)
        left.set()
        return b""

    with grpc_receiver(stall) as taken:
        section = config(endpoint=f"http://127.0.0.1:{taken.port}", timeout_seconds=60)
        measuring = telemetry("1.2.3", section)
        measuring.tracer.start_span("call").end()
        measuring.metrics.add(PASSAGES_DROPPED, 1)
        measuring.shut_down()
        # Waited for, the request would have been left at its own end, after a minute.
        assert not left.is_set()
