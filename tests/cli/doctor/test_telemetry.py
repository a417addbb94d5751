"""What `groundwire doctor` says of the receivers of telemetry."""

import socket
from collections.abc import Sequence
from pathlib import Path

import grpc
import pytest

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.app.configuration.models.telemetry import OtlpConfig
from groundwire_server.app.otlp_examination import examine_otlp
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.examine import Examination
from tests.doubles.otlp import grpc_receiver

CANARY = "canary-of-a-header"


def found(**section: object) -> Sequence[CheckResult]:
    return list(examine_otlp(OtlpConfig.model_validate(section)))


def test_a_receiver_that_takes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTLP_TOKEN", CANARY)
    with grpc_receiver() as taken:
        endpoint = f"http://127.0.0.1:{taken.port}"
        results = found(endpoint=endpoint, headers={"authorization": "env://OTLP_TOKEN"})

    assert [each.message for each in results] == [f"127.0.0.1:{taken.port} takes traces, metrics and logs"]
    assert taken.headers["authorization"] == CANARY
    assert taken.spans == []


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, "correct telemetry.otlp.headers"),
        (grpc.StatusCode.UNIMPLEMENTED, "set `enabled` to false"),
        (grpc.StatusCode.UNAVAILABLE, "start the receiver"),
    ],
)
def test_a_receiver_that_refuses(code: grpc.StatusCode, advice: str) -> None:
    def refuse(context: grpc.ServicerContext) -> bytes:
        context.abort(code, CANARY)

    with grpc_receiver(refuse) as taken:
        results = found(endpoint=f"http://127.0.0.1:{taken.port}")

    assert [each.state for each in results] == [CheckState.WARN]
    assert results[0].advice.startswith(advice)
    assert CANARY not in f"{results}"


def test_a_receiver_of_traces_alone() -> None:
    asked: list[grpc.ServicerContext] = []

    def refuse(context: grpc.ServicerContext) -> bytes:
        asked.append(context)
        if len(asked) > 1:  # traces come first
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "unknown service")
        return b""

    with grpc_receiver(refuse) as taken:
        traces, others = found(endpoint=f"http://127.0.0.1:{taken.port}")

    assert traces.message == f"127.0.0.1:{taken.port} takes traces"
    assert others.message == f"127.0.0.1:{taken.port} does not take metrics and logs (UNIMPLEMENTED)"


def test_what_is_not_sent_is_not_tried() -> None:
    assert found() == []
    assert found(endpoint="http://127.0.0.1:1", enabled=False) == []


def test_each_signal_has_a_receiver_of_its_own() -> None:
    with grpc_receiver() as taken:
        traces, metrics = found(
            endpoint="http://127.0.0.1:1",
            traces={"endpoint": f"http://127.0.0.1:{taken.port}"},
            logs={"enabled": False},
        )

    assert (traces.state, metrics.state) == (CheckState.OK, CheckState.WARN)
    assert metrics.message == "127.0.0.1:1 does not take metrics (UNAVAILABLE)"


@pytest.mark.parametrize(("listens", "state"), [(True, CheckState.OK), (False, CheckState.WARN)])
def test_the_gateway(tmp_path: Path, listens: bool, state: CheckState) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1] if listens else 1
        file = tmp_path / "groundwire.yaml"
        file.write_text(f"gateway: {{listen: '127.0.0.1:{port}'}}\n")
        examination = Examination.of(ConnectionOptions("elsewhere.example.com:443"), file, named=True)
        (result,) = [each for each in examination.of_configuration() if each.check == "gateway"]

    assert result.state is state


@pytest.mark.parametrize(("listens", "state"), [(True, CheckState.OK), (False, CheckState.WARN)])
def test_the_page_of_metrics(tmp_path: Path, listens: bool, state: CheckState) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1] if listens else 1
        file = tmp_path / "groundwire.yaml"
        file.write_text(f"telemetry: {{prometheus_listen: '0.0.0.0:{port}'}}\n")
        examination = Examination.of(ConnectionOptions("elsewhere.example.com:443"), file, named=True)
        (result,) = [each for each in examination.of_configuration() if each.check == "metrics"]

    assert result.state is state
