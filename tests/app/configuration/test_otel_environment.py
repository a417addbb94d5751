"""OpenTelemetry's own variables: what they set, what wins over them, what is wrong with them."""

from pathlib import Path
from typing import Any

import pytest

from groundwire_server.app.configuration.dump import as_yaml
from groundwire_server.app.configuration.otel_environment import VARIABLES
from tests.app.configuration.reading import errors, loaded, value_at

SETS: list[tuple[str, str, str, Any]] = [
    ("OTEL_SDK_DISABLED", "True", "otlp.enabled", False),
    ("OTEL_SDK_DISABLED", "yes", "otlp.enabled", True),
    ("OTEL_SERVICE_NAME", "faq", "service_name", "faq"),
    ("OTEL_RESOURCE_ATTRIBUTES", "service.name=faq,a.b=c%20d", "service_name", "faq"),
    ("OTEL_RESOURCE_ATTRIBUTES", "service.name=faq,a.b=c%20d", "resource", {"a.b": "c d"}),
    ("OTEL_TRACES_SAMPLER", "traceidratio", "sampler", "traceidratio"),
    ("OTEL_TRACES_SAMPLER_ARG", "0.25", "sampler_ratio", 0.25),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318", "otlp.endpoint", "http://collector:4318"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", "otlp.protocol", "http/protobuf"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "a=b", "otlp.header_list", "env://OTEL_EXPORTER_OTLP_HEADERS"),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem", "otlp.ca", "/ca.pem"),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500", "otlp.timeout_seconds", 1.5),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "otlp.compression", "gzip"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/v1/traces", "otlp.traces.endpoint", "http://t/v1/traces"),
    ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "100", "otlp.metrics.timeout_seconds", 0.1),
    ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc", "otlp.logs.protocol", "grpc"),
    ("OTEL_METRICS_EXPORTER", "none", "otlp.metrics.enabled", False),
    ("OTEL_LOGS_EXPORTER", "otlp", "otlp.logs.enabled", True),
    ("OTEL_BSP_SCHEDULE_DELAY", "500", "otlp.traces.delay_seconds", 0.5),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "100", "otlp.traces.queue_size", 100),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10", "otlp.traces.batch_size", 10),
    ("OTEL_BSP_EXPORT_TIMEOUT", "3000", "otlp.traces.timeout_seconds", 3.0),
    ("OTEL_BLRP_MAX_QUEUE_SIZE", "100", "otlp.logs.queue_size", 100),
    ("OTEL_METRIC_EXPORT_INTERVAL", "5000", "otlp.metrics.interval_seconds", 5.0),
]


@pytest.fixture(autouse=True)
def _headers(monkeypatch: pytest.MonkeyPatch) -> None:
    # Secrets are read where they are referred to, not from the sources of a configuration.
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20s3cr3t%3D,x-tenant=acme")


@pytest.mark.parametrize(("name", "text", "path", "value"), SETS)
def test_a_variable_sets_what_nothing_else_sets(tmp_path: Path, name: str, text: str, path: str, value: object) -> None:
    found = loaded(tmp_path, environment={name: text})
    assert value_at(found, f"telemetry.{path}") == value
    assert found.origin(("telemetry", *path.split("."))) == name


@pytest.mark.parametrize("variable", VARIABLES, ids=[each.name for each in VARIABLES])
def test_an_empty_variable_counts_as_unset(tmp_path: Path, variable: Any) -> None:
    assert loaded(tmp_path, environment={variable.name: " "}).configuration == loaded(tmp_path).configuration


def test_the_file_and_our_own_variables_win(tmp_path: Path) -> None:
    text = "telemetry: {otlp: {endpoint: 'http://file:1'}, resource: {a: file}}\n"
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:1",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "9000",
        "OTEL_SERVICE_NAME": "otel",
        "OTEL_RESOURCE_ATTRIBUTES": "a=otel,b=otel,service.name=attribute",
        "GROUNDWIRE_TELEMETRY__SERVICE_NAME": "ours",
    }
    found = loaded(tmp_path, text, environment).configuration.telemetry
    assert (found.otlp.endpoint, found.otlp.timeout_seconds) == ("http://file:1", 9.0)
    assert (found.service_name, found.resource) == ("ours", {"a": "file", "b": "otel"})


def test_an_endpoint_that_the_file_leaves_empty_stays_so(tmp_path: Path) -> None:
    found = loaded(tmp_path, "telemetry: {otlp: {endpoint: null}}\n", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:1"})
    assert found.configuration.telemetry.otlp.endpoint is None


def test_the_name_of_a_service_wins_over_its_attribute(tmp_path: Path) -> None:
    environment = {"OTEL_SERVICE_NAME": "name", "OTEL_RESOURCE_ATTRIBUTES": "service.name=attribute"}
    assert loaded(tmp_path, environment=environment).configuration.telemetry.service_name == "name"


def test_headers_are_read_and_never_shown(tmp_path: Path) -> None:
    found = loaded(tmp_path, environment={"OTEL_EXPORTER_OTLP_HEADERS": "is read from the process"})
    headers = found.configuration.telemetry.otlp.all_headers()
    assert headers == {"authorization": "Basic s3cr3t=", "x-tenant": "acme"}
    shown = as_yaml(found) + repr(found) + str(found.configuration.model_dump())
    assert "s3cr3t" not in shown
    assert "env://OTEL_EXPORTER_OTLP_HEADERS" in shown


@pytest.mark.parametrize("text", ["s3cr3t", "a=s3cr3t\n,b", "=s3cr3t", "a b=s3cr3t", "a=s3cr3t%0d%0ab: c"])
def test_headers_that_cannot_be_sent_are_one_line_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", text)
    (line,) = errors(tmp_path, environment={"OTEL_EXPORTER_OTLP_HEADERS": text})
    assert line.startswith("OTEL_EXPORTER_OTLP_HEADERS: telemetry.otlp")
    assert "s3cr3t" not in line


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "collector:4317",
            "telemetry.otlp.endpoint: must begin with http:// or https://",
        ),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "telemetry.otlp.protocol: is not one of the words allowed"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon", "telemetry.otlp.timeout_seconds: must be a number"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote", "telemetry.sampler: is not one of the words allowed"),
        ("OTEL_TRACES_SAMPLER_ARG", "2", "telemetry.sampler_ratio: must be at most 1"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "telemetry.otlp.traces.enabled: must be otlp or none"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "telemetry.otlp.traces.queue_size: must be at least 1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "many", "telemetry.otlp.traces.queue_size: must be a whole number"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a", "telemetry.resource: must be name=value pairs with commas between them"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_its_variable(tmp_path: Path, name: str, text: str, line: str) -> None:
    (found,) = errors(tmp_path, environment={name: text})
    assert found.startswith(f"{name}: {line}")


def test_a_variable_without_an_endpoint_changes_nothing_that_is_sent(tmp_path: Path) -> None:
    found = loaded(tmp_path, "telemetry:\n", {"OTEL_EXPORTER_OTLP_TIMEOUT": "1000"})
    assert found.configuration.telemetry.otlp.endpoint is None
