"""`groundwire doctor`."""

import json
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from google.rpc import code_pb2

from groundwire_server.cli.doctor import checks, server
from groundwire_server.cli.doctor.report import Finding, State
from tests.cli.conftest import Ran
from tests.doubles.certificates import Authority
from tests.doubles.service import Failure, FakeService, serving

Command = Callable[..., Ran]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checks, "_EMBEDDER", ("json",))


def states(ran: Ran) -> dict[str, str]:
    listed = [json.loads(line) for line in ran.out.splitlines()]
    return {each["check"]: each["state"] for each in listed}


def test_a_server_of_an_unknown_version_is_warned_of(groundwire_command: Command, address: str) -> None:
    ran = groundwire_command("doctor", "--server", address, "--json")

    assert ran.code == 0
    assert states(ran) == {
        "tcp": "ok",
        "health": "warn",
        "version": "warn",
        "credential": "ok",
        "corpus": "ok",
        "data": "ok",
        "embedder": "ok",
    }


@pytest.mark.parametrize(
    ("trailers", "state"),
    [
        ((("groundwire-version", "0.1.0"),), State.OK),
        ((("groundwire-version", "9.9.9"),), State.WARN),
        ((), State.WARN),
    ],
)
def test_versions_are_compared(trailers: tuple[tuple[str, str], ...], state: State) -> None:
    assert server._version(trailers).state is state


def test_a_server_that_is_down(groundwire_command: Command) -> None:
    ran = groundwire_command("doctor", "--server", "127.0.0.1:1", "--json")

    assert ran.code == 3
    assert states(ran) == {"tcp": "fail", "data": "ok", "embedder": "ok"}
    assert "groundwire serve" in ran.out


@pytest.mark.parametrize("address", ["nowhere", "host:port", "127.0.0.1:99999"])
def test_what_is_no_address(groundwire_command: Command, address: str) -> None:
    ran = groundwire_command("doctor", "--server", address)

    assert ran.code == 3
    assert ran.out.startswith("fail tcp ")


@pytest.mark.parametrize(
    ("code", "reason", "state", "exit_code"),
    [
        (code_pb2.UNAUTHENTICATED, "UNAUTHENTICATED", "fail", 4),
        (code_pb2.PERMISSION_DENIED, "FORBIDDEN", "warn", 0),
    ],
)
def test_a_credential_that_is_not_accepted(
    groundwire_command: Command,
    service: FakeService,
    address: str,
    tmp_path: Path,
    code: int,
    reason: str,
    state: str,
    exit_code: int,
) -> None:
    service.refused = Failure(code, "It is not accepted.", reason)
    (tmp_path / "token").write_text("secret-of-nobody")

    ran = groundwire_command("doctor", "--server", address, "--token-file", "token", "--json")

    assert ran.code == exit_code
    assert states(ran)["credential"] == state
    assert "secret-of-nobody" not in ran.out + ran.err


def test_tls_on_one_side_alone(groundwire_command: Command, service: FakeService, address: str) -> None:
    issued = Authority().issue(dns=["localhost"])
    credentials = grpc.ssl_server_credentials([(issued.key, issued.certificate)])
    with serving(service, credentials) as secured:
        plain = groundwire_command("doctor", "--server", secured)
        strange = groundwire_command("doctor", "--server", secured, "--tls")
    bare = groundwire_command("doctor", "--server", address, "--tls")

    assert (plain.code, strange.code, bare.code) == (3, 3, 3)
    assert "add --tls" in " ".join(plain.out.split())
    assert "--tls-ca" in strange.out
    assert "the server has no TLS: leave out --tls" in bare.out


def test_a_secured_server_that_is_trusted(groundwire_command: Command, service: FakeService, tmp_path: Path) -> None:
    authority = Authority()
    issued = authority.issue(dns=["localhost"])
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    with serving(service, grpc.ssl_server_credentials([(issued.key, issued.certificate)])) as secured:
        ran = groundwire_command("doctor", "--server", secured, "--tls-ca", "ca.pem", "--json")

    assert ran.code == 0


def test_what_a_server_here_would_need(
    groundwire_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GROUNDWIRE_DATA", "file/data")
    monkeypatch.setenv("GROUNDWIRE_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(checks, "_EMBEDDER", ("no_such_package",))

    found = {each.check: each for each in checks.local()}

    assert {name: each.state for name, each in found.items()} == dict.fromkeys(("data", "embedder", "otlp"), State.WARN)
    assert all(each.do for each in found.values())


def test_settings_that_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDWIRE_LOG_LEVEL", "LOUD")

    (found,) = checks.local()

    assert isinstance(found, Finding)
    assert found.state is State.FAIL
