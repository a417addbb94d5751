"""`groundwire doctor`."""

import json
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from google.rpc import code_pb2

from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.cli.connection import Connection
from groundwire_server.cli.doctor import checks, server
from groundwire_server.cli.doctor.certificates import validity
from groundwire_server.cli.doctor.report import Finding, State
from tests.cli.conftest import Ran
from tests.doubles.certificates import DAY, Authority
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

    assert ran.code == 1
    assert states(ran) == {
        "tcp": "ok",
        "grpc": "ok",
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
    found = server._version(trailers)

    assert found.state is state
    assert found.says.count("0.1.0") == 1
    assert found.says.count("9.9.9") == ("9.9.9" in str(trailers))


@pytest.mark.parametrize(
    ("told", "state", "says"),
    [
        ("1000.500", State.OK, "within 5 s"),
        ("996.000", State.OK, "within 5 s"),
        ("1006.000", State.OK, "within 5 s"),
        ("1042.000", State.WARN, "41 s ahead of"),
        ("940.000", State.WARN, "60 s behind"),
    ],
)
def test_clocks_are_compared(told: str, state: State, says: str) -> None:
    (found,) = server.clock((("groundwire-time", told),), 1000.0, 1001.0)

    assert found.state is state
    assert says in found.says


@pytest.mark.parametrize("trailers", [None, (), (("groundwire-time", "noon"),)])
def test_a_server_that_does_not_tell_its_time_is_not_judged_by_it(trailers: tuple[tuple[str, str], ...] | None) -> None:
    assert list(server.clock(trailers, 1000.0, 1001.0)) == []


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
        (code_pb2.PERMISSION_DENIED, "FORBIDDEN", "ok", 1),  # the scripted server does not say its version
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

    assert ran.code == 1
    assert (states(ran)["tls"], states(ran)["certificate"]) == ("ok", "warn")  # it ends tomorrow


@pytest.mark.parametrize(
    ("begins", "ends", "state", "says"),
    [
        (-30, 90, State.OK, "holds until"),
        (-30, 13, State.WARN, "ends on"),
        (-30, -1, State.FAIL, "has ended on"),
        (1, 30, State.FAIL, "holds only from"),
    ],
)
def test_certificates_are_looked_at_before_they_end(
    service: FakeService, tmp_path: Path, begins: int, ends: int, state: State, says: str
) -> None:
    now = datetime.now(UTC)
    issued = Authority().issue(dns=["localhost"], begins=now + begins * DAY, ends=now + ends * DAY)
    certificate, key = issued.write(tmp_path)
    with serving(service, grpc.ssl_server_credentials([(issued.key, issued.certificate)])) as secured:
        connection = Connection(secured, tls_cert=certificate, tls_key=key)
        theirs, own = validity(connection, ("127.0.0.1", int(secured.rpartition(":")[2])), now)

    assert (theirs.state, own.state) == (state, state)
    assert theirs.says.startswith(f"the server's certificate {says}")
    assert own.says.startswith(f"your certificate {says}")


def test_a_certificate_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    certificate, key = Authority().issue().write(tmp_path)
    certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")

    (found,) = validity(Connection(tls_cert=certificate, tls_key=key), ("127.0.0.1", 1), datetime.now(UTC))

    assert found.state is State.FAIL
    assert str(certificate) in found.says


def test_what_a_server_here_would_need(
    groundwire_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GROUNDWIRE_DATA", "file/data")
    monkeypatch.setenv("GROUNDWIRE_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(checks, "_EMBEDDER", ("no_such_package",))

    found = {each.check: each for each in checks.local(Connection())}

    assert {name: each.state for name, each in found.items()} == dict.fromkeys(("data", "embedder", "otlp"), State.WARN)
    assert all(each.do for each in found.values())


def test_of_a_server_elsewhere_nothing_is_looked_for_here() -> None:
    assert list(checks.local(Connection("groundwire.example.com:443"))) == []


@pytest.mark.parametrize(
    ("content", "state", "says"),
    [
        (None, None, ""),
        (b"", None, ""),
        (b"not a database", State.FAIL, "another program's file"),
        (b"SQLite format 3\0" + bytes(84), State.FAIL, "another program's file"),
        (b"SQLite format 3\0" + bytes(44) + struct.pack(">III", 99, 0, 0x67774472) + bytes(28), State.FAIL, "newer"),
    ],
)
def test_the_store_is_looked_at_without_being_opened(
    tmp_path: Path, content: bytes | None, state: State | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "store.sqlite3").write_bytes(content)

    found = list(checks._store(tmp_path))

    assert [each.state for each in found] == ([state] if state else [])
    assert all(says in each.says for each in found)


def test_a_store_that_is_served_has_a_format_that_is_read(tmp_path: Path) -> None:
    EmbeddedStore.open(tmp_path / "store.sqlite3", SystemClock(), None).close()

    (found,) = checks._store(tmp_path)

    assert found.state is State.OK
    assert "format 1" in found.says


def test_settings_that_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDWIRE_LOG_LEVEL", "LOUD")

    (found,) = checks.local(Connection())

    assert isinstance(found, Finding)
    assert found.state is State.FAIL
