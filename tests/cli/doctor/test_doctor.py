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
from groundwire_server.app.check_result import CheckState
from groundwire_server.app.clock import SystemClock
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor import server
from groundwire_server.cli.doctor.certificates import validity
from groundwire_server.cli.doctor.configured import _store
from groundwire_server.cli.doctor.examine import Examination
from tests.cli.conftest import Ran
from tests.doubles.certificates import DAY, Authority
from tests.doubles.issuer import Issuer
from tests.doubles.service import Failure, FakeService, serving
from tests.doubles.tls import showing

Command = Callable[..., Ran]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def states(ran: Ran) -> dict[str, str]:
    listed = [json.loads(line) for line in ran.out.splitlines()]
    return {each["check"]: each["state"] for each in listed}


def test_a_server_of_an_unknown_version_is_warned_of(groundwire_command: Command, address: str) -> None:
    ran = groundwire_command("doctor", "--server", address, "--json")
    strict = groundwire_command("doctor", "--server", address, "--json", "--strict")

    assert (ran.code, strict.code) == (0, 5)
    assert states(ran) == {
        "tcp": "ok",
        "grpc": "ok",
        "health": "warn",
        "version": "warn",
        "credential": "ok",
        "corpus": "ok",
        "config": "ok",
        "disk": "ok",
        "records": "ok",
        "wake-ups": "ok",
    }


@pytest.mark.parametrize(
    ("trailers", "state"),
    [
        ((("groundwire-version", "0.1.0"),), CheckState.OK),
        ((("groundwire-version", "9.9.9"),), CheckState.WARN),
        ((), CheckState.WARN),
    ],
)
def test_versions_are_compared(trailers: tuple[tuple[str, str], ...], state: CheckState) -> None:
    found = server._version(trailers)

    assert found.state is state
    assert found.message.count("0.1.0") == 1
    assert found.message.count("9.9.9") == ("9.9.9" in str(trailers))


@pytest.mark.parametrize(
    ("told", "state", "says"),
    [
        ("1000.500", CheckState.OK, "within 5 s"),
        ("996.000", CheckState.OK, "within 5 s"),
        ("1006.000", CheckState.OK, "within 5 s"),
        ("1042.000", CheckState.WARN, "41 s ahead of"),
        ("940.000", CheckState.WARN, "60 s behind"),
    ],
)
def test_clocks_are_compared(told: str, state: CheckState, says: str) -> None:
    (found,) = server.clock((("groundwire-time", told),), 1000.0, 1001.0)

    assert found.state is state
    assert says in found.message


@pytest.mark.parametrize("trailers", [None, (), (("groundwire-time", "noon"),)])
def test_a_server_that_does_not_tell_its_time_is_not_judged_by_it(trailers: tuple[tuple[str, str], ...] | None) -> None:
    assert list(server.clock(trailers, 1000.0, 1001.0)) == []


def test_a_server_that_is_down(groundwire_command: Command) -> None:
    ran = groundwire_command("doctor", "--server", "127.0.0.1:1", "--json")

    assert ran.code == 3
    assert states(ran) == {"tcp": "fail", "config": "ok", "disk": "ok", "records": "ok", "wake-ups": "ok"}
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
        (code_pb2.PERMISSION_DENIED, "FORBIDDEN", "ok", 0),
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
    assert "the server does not use TLS → leave out --tls" in " ".join(bare.out.split())


def test_a_secured_server_that_is_trusted(groundwire_command: Command, service: FakeService, tmp_path: Path) -> None:
    authority = Authority()
    issued = authority.issue(dns=["localhost"])
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    with serving(service, grpc.ssl_server_credentials([(issued.key, issued.certificate)])) as secured:
        ran = groundwire_command("doctor", "--server", secured, "--tls-ca", "ca.pem", "--json")

    assert ran.code == 0
    assert (states(ran)["tls"], states(ran)["certificate"]) == ("ok", "warn")  # it ends tomorrow


@pytest.mark.parametrize(
    ("begins", "ends", "state", "says"),
    [
        (-30, 90, CheckState.OK, "is valid until"),
        (-30, 29, CheckState.WARN, "expires on"),
        (-30, -1, CheckState.FAIL, "expired on"),
        (1, 30, CheckState.FAIL, "is valid only from"),
    ],
)
def test_certificates_are_looked_at_before_they_end(
    tmp_path: Path, begins: int, ends: int, state: CheckState, says: str
) -> None:
    now = datetime.now(UTC)
    issued = Authority().issue(dns=["localhost"], begins=now + begins * DAY, ends=now + ends * DAY)
    certificate, key = issued.write(tmp_path)
    with showing(certificate, key) as port:
        connection = ConnectionOptions(f"127.0.0.1:{port}", tls_cert=certificate, tls_key=key)
        theirs, own = validity(connection, ("127.0.0.1", port), now)

    assert (theirs.state, own.state) == (state, state)
    assert theirs.message.startswith(f"the server's certificate {says}")
    assert own.message.startswith(f"your certificate {says}")


def test_a_certificate_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    certificate, key = Authority().issue().write(tmp_path)
    certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")

    (found,) = validity(ConnectionOptions(tls_cert=certificate, tls_key=key), ("127.0.0.1", 1), datetime.now(UTC))

    assert found.state is CheckState.FAIL
    assert str(certificate) in found.message


def test_what_a_server_here_would_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GROUNDWIRE_STORES__MAIN__FOLDER", "file/data")
    monkeypatch.setenv("GROUNDWIRE_TELEMETRY__OTLP__ENDPOINT", "http://127.0.0.1:1")

    can_be_read, folder, _disk, records, _wakeups, *receivers = Examination.of(
        ConnectionOptions(), None, named=True
    ).of_configuration()

    assert can_be_read.state is CheckState.OK
    assert folder.state is CheckState.FAIL
    assert (records.check, records.state) == ("records", CheckState.OK)
    assert [(each.check, each.state) for each in receivers] == [("otlp", CheckState.WARN)]
    assert folder.message.startswith("GROUNDWIRE_STORES__MAIN__FOLDER: stores.main.folder: ")
    assert all(each.advice for each in (folder, *receivers))


def test_each_key_set_of_the_configuration_is_read(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_bytes(Issuer().jwks)
    (tmp_path / "bad.json").write_text("[]")
    config = tmp_path / "with-tokens.yaml"
    config.write_text(
        "authentication:\n  tokens:\n"
        "    - {issuer: good, audience: groundwire, jwks: good.json}\n"
        "    - {issuer: bad, audience: groundwire, jwks: bad.json}\n"
        "    - {issuer: down, audience: groundwire, jwks: 'http://127.0.0.1:1/jwks.json'}\n"
    )

    found = [
        each
        for each in Examination.of(
            ConnectionOptions("elsewhere.example.com:443"), config, named=True
        ).of_configuration()
        if each.check == "keys"
    ]

    assert [each.state for each in found] == [CheckState.OK, CheckState.FAIL, CheckState.FAIL]
    assert "has 1 usable key" in found[0].message
    assert "cannot be reached" in found[2].message
    assert all(each.advice for each in found[1:])


def test_of_a_server_elsewhere_nothing_is_looked_for_here() -> None:
    assert (
        list(Examination.of(ConnectionOptions("groundwire.example.com:443"), None, named=True).of_configuration()) == []
    )


@pytest.mark.parametrize(
    ("content", "state", "says"),
    [
        (None, None, ""),
        (b"", None, ""),
        (b"not a database", CheckState.FAIL, "another program's file"),
        (b"SQLite format 3\0" + bytes(84), CheckState.FAIL, "another program's file"),
        (
            b"SQLite format 3\0" + bytes(44) + struct.pack(">III", 99, 0, 0x67774472) + bytes(28),
            CheckState.FAIL,
            "newer",
        ),
    ],
)
def test_the_store_is_looked_at_without_being_opened(
    tmp_path: Path, content: bytes | None, state: CheckState | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "store.sqlite3").write_bytes(content)

    found = list(_store(tmp_path))

    assert [each.state for each in found] == ([state] if state else [])
    assert all(says in each.message for each in found)


def test_a_store_that_is_served_has_a_format_that_is_read(tmp_path: Path) -> None:
    EmbeddedStore.open(tmp_path / "store.sqlite3", SystemClock(), None).close()

    (found,) = _store(tmp_path)

    assert found.state is CheckState.OK
    assert "format 2" in found.message


def test_a_configuration_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDWIRE_TELEMETRY__LOG_LEVEL", "LOUD")

    (found,) = Examination.of(ConnectionOptions(), None, named=True).of_configuration()

    assert found.state is CheckState.FAIL
    assert found.message.startswith("GROUNDWIRE_TELEMETRY__LOG_LEVEL: telemetry.log_level: ")


def test_a_configuration_is_named(groundwire_command: Command, tmp_path: Path) -> None:
    config = tmp_path / "other.yaml"
    config.write_text("server: {listen: nowhere}\n")

    ran = groundwire_command("doctor", "--server", "127.0.0.1:1", "--config", str(config), "--json")

    assert ran.code == 3
    assert states(ran) == {"tcp": "fail", "config": "fail"}
    assert f"{config}:1: server.listen: must be HOST:PORT" in ran.out
