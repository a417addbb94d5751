"""Log records over OTLP."""

import io
import logging

import pytest
from opentelemetry.sdk.resources import Resource

from groundwire_server.app.configuration.models.telemetry import TelemetryConfig
from groundwire_server.app.logs import logging_to
from groundwire_server.app.telemetry.setup import telemetry
from groundwire_server.telemetry.line_sums import LineSums
from tests.doubles.clock import SetClock
from tests.doubles.otlp import Taken, grpc_receiver
from tests.doubles.spans import Spans


@pytest.fixture(autouse=True)
def as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    """Logs are set up for a test alone."""
    caplog.set_level(logging.INFO)


def config(taken: Taken, **logs: object) -> TelemetryConfig:
    otlp = {
        "endpoint": f"http://127.0.0.1:{taken.port}",
        "timeout_seconds": 30,
        "metrics": {"enabled": False},
        "logs": logs,
    }
    return TelemetryConfig.model_validate({"otlp": otlp})


def test_what_is_written_is_sent_with_its_fields_its_trace_and_its_severity() -> None:
    handlers = logging.getLogger().handlers[:]
    with grpc_receiver() as taken:
        measuring = telemetry("1.2.3", config(taken))
        with logging_to(io.StringIO(), "INFO", LineSums(SetClock().now)) as logs:
            assert measuring.log_handler is not None
            logs.also(measuring.log_handler)
            fields = {"event": "groundwire.decision", "status": "OK", "attempts": [{"model": "cloud"}]}
            with Spans().tracer.start_as_current_span("call") as span:
                logging.getLogger("groundwire.decisions").warning("%s", "Answered", extra=fields)
            for _ in range(12):
                logging.getLogger("groundwire_server").info("again")
        measuring.shut_down()
    logging.getLogger().handlers[:] = handlers
    first, *others = taken.log_records
    context = span.get_span_context()
    assert (first.body.string_value, first.severity_text, first.event_name) == (
        "Answered",
        "WARNING",
        "groundwire.decision",
    )
    assert first.trace_id == context.trace_id.to_bytes(16)
    assert first.span_id == context.span_id.to_bytes(8)
    attributes = {each.key: each.value for each in first.attributes}
    assert attributes["status"].string_value == "OK"
    assert attributes["logger"].string_value == "groundwire.decisions"
    (attempt,) = attributes["attempts"].array_value.values
    assert attempt.kvlist_value.values[0].value.string_value == "cloud"
    # As on standard error: ten, and how many more there were.
    assert [record.body.string_value for record in others] == [*["again"] * 10, "2 more: again"]
    (resource,) = {each.resource.SerializeToString() for each in taken.requests[-1].resource_logs}
    assert b"groundwire" in resource
    assert isinstance(measuring.resource, Resource)


def test_none_are_sent_where_they_are_off() -> None:
    with grpc_receiver() as taken:
        measuring = telemetry("1.2.3", config(taken, enabled=False))
        measuring.shut_down()
    assert measuring.log_handler is None


def test_a_receiver_that_is_away_costs_records_that_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    away = TelemetryConfig.model_validate({"otlp": {"endpoint": "http://127.0.0.1:1", "logs": {"queue_size": 5}}})
    measuring = telemetry("1.2.3", away)
    assert measuring.log_handler is not None
    record = logging.makeLogRecord({"name": "groundwire_server", "msg": "lost", "levelno": logging.INFO})
    for _ in range(20):
        measuring.log_handler.emit(record)
    measuring.shut_down()
    assert sum(items for (signal, _), items in measuring.drops.totals.items() if signal.value == "logs") == 20
