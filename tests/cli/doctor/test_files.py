"""Checks of the files that a configuration names."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from groundwire_server.app import keys
from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.cli.doctor import files
from groundwire_server.domain.caller import Role
from tests.doubles.certificates import DAY, Authority

NOW = datetime.now(UTC)


def checked(folder: Path, text: str) -> Sequence[CheckResult]:
    file = folder / "groundwire.yaml"
    file.write_text(text)
    loaded = load(Sources(file))
    return [each for each in files.files(loaded.configuration, NOW) if each.check != "disk"]


@pytest.mark.parametrize(
    ("begins", "ends", "state", "says"),
    [
        (-30, 90, CheckState.OK, "is valid until"),
        (-30, 29, CheckState.WARN, "expires on"),
        (-30, -1, CheckState.FAIL, "has expired"),
        (1, 90, CheckState.FAIL, "is not valid before"),
    ],
)
def test_the_certificate_of_the_server(tmp_path: Path, begins: int, ends: int, state: CheckState, says: str) -> None:
    issued = Authority().issue(dns=["localhost"], begins=NOW + begins * DAY, ends=NOW + ends * DAY)
    certificate, key = issued.write(tmp_path)
    key.chmod(0o600)

    found = checked(tmp_path, f"server: {{tls: {{certificate: {certificate}, key: {key}}}}}\n")

    assert found[-1].state is state
    assert says in found[-1].message


def test_a_key_of_another_certificate(tmp_path: Path) -> None:
    certificate, key = Authority().issue(dns=["localhost"]).write(tmp_path)
    key.write_bytes(Authority().issue(dns=["localhost"]).key)

    (found,) = checked(tmp_path, f"server: {{tls: {{certificate: {certificate}, key: {key}}}}}\n")

    assert found.state is CheckState.FAIL
    assert "does not belong to the certificate" in found.message
    assert "PRIVATE" not in found.message


@pytest.mark.parametrize(("mode", "states"), [(0o600, ["ok", "ok"]), (0o604, ["ok", "ok", "warn"])])
def test_a_key_that_everybody_can_read(tmp_path: Path, mode: int, states: list[str]) -> None:
    certificate, key = Authority().issue(dns=["localhost"], ends=NOW + 90 * DAY).write(tmp_path)
    key.chmod(mode)

    found = checked(tmp_path, f"server: {{tls: {{certificate: {certificate}, key: {key}}}}}\n")

    assert [each.state.value for each in found] == states


def test_authorities_that_expire_are_named_by_their_setting(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    ending = Authority().issue(dns=["a"], ends=NOW + 3 * DAY)
    lasting = Authority().issue(dns=["b"], ends=NOW + 300 * DAY)
    bundle.write_bytes(lasting.certificate + ending.certificate)

    (found,) = checked(
        tmp_path, f"providers: {{house: {{kind: openai, base_url: 'https://127.0.0.1/v1', ca_file: {bundle}}}}}\n"
    )

    assert found.state is CheckState.WARN
    assert found.message.startswith(f"providers.house.ca_file {bundle} expires on")


@pytest.mark.parametrize(
    ("lifetimes", "state", "says"),
    [
        ([], CheckState.WARN, "has no key that is valid"),
        ([None, timedelta(days=90)], CheckState.OK, "has 2 valid keys"),
        ([timedelta(hours=8)], CheckState.OK, "has 1 valid key"),
    ],
)
def test_the_keys_of_callers(tmp_path: Path, lifetimes: list[timedelta | None], state: CheckState, says: str) -> None:
    file = tmp_path / "keys.json"
    made, _ = keys.create(file, "acme", "old", [], [Role.READER], None, SystemClock())
    keys.revoke(file, made.key_id, SystemClock())
    for lifetime in lifetimes:
        keys.create(file, "acme", "ci", [], [Role.READER], lifetime, SystemClock())

    (found,) = checked(tmp_path, f"authentication: {{api_keys: {{file: {file}}}}}\n")

    assert found.state is state
    assert says in found.message


def test_a_key_that_soon_expires_is_named(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    made, _ = keys.create(file, "acme", "ci", [], [Role.READER], timedelta(days=40), SystemClock())
    configuration = load(Sources(_yaml(tmp_path, f"authentication: {{api_keys: {{file: {file}}}}}\n"))).configuration

    found = [each for each in files.files(configuration, NOW + 20 * DAY) if each.check == "api-keys"]

    assert [each.state for each in found] == [CheckState.WARN]
    assert made.key_id in found[0].message


def test_a_key_file_that_is_not_there(tmp_path: Path) -> None:
    (found,) = checked(tmp_path, f"authentication: {{api_keys: {{file: {tmp_path / 'nowhere'}}}}}\n")

    assert found.state is CheckState.FAIL
    assert "groundwire keys create" in found.message


@pytest.mark.parametrize(
    ("free", "state"), [(1 << 40, CheckState.OK), (500 << 20, CheckState.WARN), (1 << 20, CheckState.FAIL)]
)
def test_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: CheckState) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=free, total=1 << 41))
    folder = tmp_path / "not" / "yet" / "there"
    configuration = load(Sources(_yaml(tmp_path, f"stores: {{main: {{folder: {folder}}}}}\n"))).configuration

    (found,) = [each for each in files.files(configuration, NOW) if each.check == "disk"]

    assert found.state is state
    assert found.message.endswith(f"under {tmp_path}")
    assert not os.path.lexists(folder.parent)


def _yaml(folder: Path, text: str) -> Path:
    file = folder / "groundwire.yaml"
    file.write_text(text)
    return file
