"""The credentials of a first start: made once, kept while they are valid, renewed before they expire."""

import ipaddress
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from groundwire_server.adapters.authentication.api_keys import ApiKeys
from groundwire_server.app import keys
from groundwire_server.app.initial_credentials import (
    LIFETIME,
    RENEW_BEFORE,
    InitialCredentialsError,
    ensure_api_key,
    ensure_certificate,
    ensure_secret,
)
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import Credentials
from groundwire_server.edge.options import TlsOptions
from groundwire_server.edge.tls import check
from tests.doubles.clock import SetClock

HOSTS = ("localhost", "127.0.0.1", "::1", "server")
ROLES = (Role.READER, Role.WRITER)
VALID = (LIFETIME - RENEW_BEFORE).total_seconds()
"""Seconds for which nothing is renewed."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("host", HOSTS)
def test_a_client_that_trusts_the_authority_accepts_every_host(tmp_path: Path, host: str) -> None:
    clock = SetClock()
    ensure_certificate(tmp_path, HOSTS, clock)

    (authority,) = x509.load_pem_x509_certificates((tmp_path / "ca.pem").read_bytes())
    (certificate,) = x509.load_pem_x509_certificates((tmp_path / "tls.crt").read_bytes())
    subject: x509.verification.Subject = x509.DNSName(host)
    if host[0] in "1:":
        subject = x509.IPAddress(ipaddress.ip_address(host))
    verifier = PolicyBuilder().store(Store([authority])).time(clock.today()).build_server_verifier(subject)

    assert verifier.verify(certificate, []) == [certificate, authority]


def test_the_server_accepts_the_pair(tmp_path: Path) -> None:
    clock = SetClock()
    ensure_certificate(tmp_path, HOSTS, clock)

    options = TlsOptions(certificate=tmp_path / "tls.crt", key=tmp_path / "tls.key")

    assert check(options, clock.today()) == clock.today() + LIFETIME


def test_only_the_owner_reads_what_is_secret(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, HOSTS, SetClock())
    ensure_api_key(tmp_path, "local", "first-key", ROLES, SetClock())
    ensure_secret(tmp_path / "shared" / "weaviate")

    modes = {path.name: mode(path) for path in tmp_path.iterdir()}

    assert modes == {
        "api-key": 0o600,
        "ca.pem": 0o644,
        "keys.json": 0o600,
        "shared": 0o700,
        "tls.crt": 0o644,
        "tls.key": 0o600,
    }
    assert mode(tmp_path / "shared" / "weaviate") == 0o600
    # The authority's key would be the second private key.
    assert sum(b"PRIVATE KEY" in content for content in contents_of_files(tmp_path)) == 1


def contents_of_files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def test_the_api_key_is_that_of_its_caller(tmp_path: Path) -> None:
    clock = SetClock()
    ensure_api_key(tmp_path, "acme", "first-key", ROLES, clock)

    opened = await ApiKeys.open(tmp_path / "keys.json", clock)
    caller = await opened.authenticate(Credentials(api_key=(tmp_path / "api-key").read_text().strip()))

    assert caller == Caller("acme", "first-key", frozenset(), frozenset(ROLES))


def test_what_is_valid_is_kept(tmp_path: Path) -> None:
    clock = SetClock()
    ensure_certificate(tmp_path, HOSTS, clock)
    ensure_api_key(tmp_path, "local", "first-key", ROLES, clock)
    ensure_secret(tmp_path / "secret")
    before = contents(tmp_path)

    clock.move(VALID - 1)
    said = [
        ensure_certificate(tmp_path, HOSTS, clock),
        ensure_api_key(tmp_path, "local", "first-key", ROLES, clock),
        ensure_secret(tmp_path / "secret"),
    ]

    assert [line.split()[0] for line in said] == ["kept"] * 3
    assert contents(tmp_path) == before


def test_what_is_about_to_expire_is_renewed_and_the_old_key_stays_valid(tmp_path: Path) -> None:
    clock = SetClock()
    ensure_certificate(tmp_path, HOSTS, clock)
    ensure_api_key(tmp_path, "local", "first-key", ROLES, clock)
    before = contents(tmp_path)

    clock.move(VALID)
    assert ensure_certificate(tmp_path, HOSTS, clock).startswith("made ")
    assert ensure_api_key(tmp_path, "local", "first-key", ROLES, clock).startswith("made ")

    after = contents(tmp_path)
    assert [name for name in before if before[name] == after[name]] == []
    assert [key.state for key in keys.known(tmp_path / "keys.json", clock)] == ["live", "live"]


def test_a_host_that_the_certificate_lacks_makes_another(tmp_path: Path) -> None:
    clock = SetClock()
    ensure_certificate(tmp_path, HOSTS, clock)

    assert ensure_certificate(tmp_path, [*HOSTS, "gw.example.com"], clock).startswith("made ")
    assert ensure_certificate(tmp_path, HOSTS, clock).startswith("kept ")


def test_a_revoked_key_is_not_replaced(tmp_path: Path) -> None:
    clock = SetClock()
    ensure_api_key(tmp_path, "local", "first-key", ROLES, clock)
    (key,) = keys.known(tmp_path / "keys.json", clock)
    keys.revoke(tmp_path / "keys.json", key.key_id, clock)

    said = ensure_api_key(tmp_path, "local", "first-key", ROLES, clock)

    assert said == f"kept {tmp_path / 'api-key'}, which is revoked: delete it to get another"
    assert len(keys.known(tmp_path / "keys.json", clock)) == 1


@pytest.mark.parametrize("lost", ["api-key", "keys.json"])
def test_a_key_of_which_half_is_lost_is_replaced(tmp_path: Path, lost: str) -> None:
    clock = SetClock()
    ensure_api_key(tmp_path, "local", "first-key", ROLES, clock)
    (tmp_path / lost).unlink()

    assert ensure_api_key(tmp_path, "local", "first-key", ROLES, clock).startswith("made ")
    assert ensure_api_key(tmp_path, "local", "first-key", ROLES, clock).startswith("kept ")


def test_a_damaged_certificate_is_replaced(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, HOSTS, SetClock())
    (tmp_path / "tls.crt").write_text("nothing that PEM would be")

    assert ensure_certificate(tmp_path, HOSTS, SetClock()).startswith("made ")


@pytest.mark.parametrize("host", ["", "a b", "größe.example", "http://gw.example.com"])
def test_a_host_has_to_be_a_name_or_an_address(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match="is neither a name nor an IP address"):
        ensure_certificate(tmp_path, [host], SetClock())


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InitialCredentialsError, match="file/secret cannot be written: "):
        ensure_secret(tmp_path / "file" / "secret")
