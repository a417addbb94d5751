"""What the collector keeps, masks and bounds; over a real one where GROUNDWIRE_TEST_COLLECTOR names its binary."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from opentelemetry.trace import StatusCode

from groundwire_server.app.configuration.models.routes import TimeConfig
from groundwire_server.app.configuration.models.telemetry import TelemetryConfig
from groundwire_server.app.telemetry.setup import telemetry
from groundwire_server.domain.outcome import Degraded
from groundwire_server.telemetry import names
from tests.doubles.otlp import Taken, grpc_receiver

FILE = Path(__file__).parents[2] / "otel-collector.yaml"
COLLECTOR: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
SAMPLING = COLLECTOR["processors"]["tail_sampling"]

BINARY = os.environ.get("GROUNDWIRE_TEST_COLLECTOR", "")
real = pytest.mark.skipif(
    not BINARY, reason="GROUNDWIRE_TEST_COLLECTOR=/path/to/otelcol runs this over a real collector"
)

SECRETS = {
    "text": "mail bob@example.com about it",
    "credential": "Bearer abcdefgh12345678",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "key": "sk-abcdefghijklmnop1234",
    "account": "DE02 1203 0000 0000 2020 51",
    "gen_ai.input.messages": "Who may sign for parcels?",
    "gen_ai.system_instructions": "Answer from the passages.",
    "db.query.text": "SELECT parcels",
    "http.request.header.authorization": "a secret",
    "exception.message": "a private text",
    "question": "Who may sign for parcels?",
    "api_key": "a secret",
}
HARMLESS: dict[str, str | int | float] = {
    names.GEN_AI_INPUT_TOKENS: 12,
    names.GEN_AI_MODEL: "gpt-5-mini",
    names.CORPUS_VERSION: "5f1c9d42e0b7a6c3",
    names.PROMPT_NAME: "answer",
    names.ROUTE: "default",
    names.SERVER_ADDRESS: "api.example.com",
}


def test_it_decides_after_the_longest_call() -> None:
    longest = TimeConfig.model_fields["max_seconds"].default
    assert int(SAMPLING["decision_wait"].removesuffix("s")) > longest


def test_its_policies_use_the_servers_own_names() -> None:
    policies = {each["name"]: each for each in SAMPLING["policies"]}
    assert policies["not-answered-as-asked"]["string_attribute"]["key"] == names.OUTCOME
    assert Degraded.__name__ in policies["not-answered-as-asked"]["string_attribute"]["values"]
    assert policies["fell-back"]["numeric_attribute"]["key"] == names.ATTEMPT


@contextmanager
def collecting(receiver: Taken, **environment: str) -> Iterator[str]:
    """Run the real collector over the file, with ports of its own; give its endpoint."""
    ports = []
    for _ in range(4):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ports.append(listener.getsockname()[1])
    otlp, http, health, metrics = (f"127.0.0.1:{port}" for port in ports)
    changed = {
        "extensions": {"health_check": {"endpoint": health}},
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": otlp}, "http": {"endpoint": http}}}},
        "exporters": {
            "otlp_grpc/jaeger": {"endpoint": f"127.0.0.1:{receiver.port}"},
            "prometheus": {"endpoint": metrics},
        },
        "service": {"telemetry": {"metrics": {"level": "none"}}},
    }
    command = [BINARY, f"--config={FILE}", f"--config=yaml:{yaml.safe_dump(changed, default_flow_style=True)}"]
    with subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + 20
            while time.monotonic() < until:
                try:
                    socket.create_connection(("127.0.0.1", ports[0]), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield f"http://{otlp}"
        finally:
            process.terminate()


@real
@pytest.mark.process
def test_a_real_collector_finds_nothing_wrong_with_it() -> None:
    done = subprocess.run([BINARY, "validate", f"--config={FILE}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@real
@pytest.mark.process
@pytest.mark.slow
def test_a_real_collector_keeps_what_matters_and_masks_what_must_not_leave() -> None:
    with grpc_receiver() as jaeger, collecting(jaeger, TRACES_PERCENT="0") as endpoint:
        section = {"otlp": {"endpoint": endpoint, "timeout_seconds": 10, "metrics": {"enabled": False}}}
        measuring = telemetry("1.2.3", TelemetryConfig.model_validate(section))
        for number in range(100):
            with measuring.tracer.start_as_current_span(f"call {number}") as span:
                if number == 1:
                    span.set_status(StatusCode.ERROR)
                    span.set_attributes({**SECRETS, **HARMLESS})
                if number == 2:
                    span.set_attribute(names.OUTCOME, "FailedSafe")
                if number == 3:
                    span.set_attribute(names.ATTEMPT, 2)
        slow = measuring.tracer.start_span("slow", start_time=time.time_ns() - 6 * 10**9)
        slow.end()
        measuring.shut_down()
        assert measuring.drops.totals == {}
        until = time.monotonic() + 30
        while len(jaeger.spans) < 4 and time.monotonic() < until:
            jaeger.arrived.wait(0.1)
    assert {span.name for span in jaeger.spans} == {"call 1", "call 2", "call 3", "slow"}
    (failed,) = [span for span in jaeger.spans if span.name == "call 1"]
    shown = {each.key: each.value for each in failed.attributes}
    assert {key: shown[key].string_value or shown[key].int_value for key in HARMLESS} == HARMLESS
    for key, secret in SECRETS.items():
        assert secret not in shown[key].string_value
        assert "****" in shown[key].string_value
