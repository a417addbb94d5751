"""`groundwire doctor` beside a server that was started from the same configuration."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from groundwire_server.app import keys
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.serve import running
from groundwire_server.cli.exits import ExitCode
from groundwire_server.cli.main import run
from groundwire_server.domain.caller import Role
from tests.doubles.certificates import DAY, Authority

Doctor = Callable[..., Awaitable[tuple[int, dict[str, str]]]]


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Doctor:
    """Runs the command on another thread; returns its exit code and the last state of each check."""
    for name in [name for name in os.environ if name.startswith("GROUNDWIRE_")]:
        monkeypatch.delenv(name)

    async def call(*arguments: str) -> tuple[int, dict[str, str]]:
        capfd.readouterr()
        code = await asyncio.to_thread(run, ["doctor", "--json", *arguments])
        printed = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
        return code, {each["check"]: each["state"] for each in printed}

    return call


async def test_a_server_with_tls_and_api_keys_is_well(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    configure(tmp_path)
    sources = Sources(Path("groundwire.yaml"))
    async with running(sources, load(sources)) as served:
        # The port that is written in the file of a server that has one.
        monkeypatch.setenv("GROUNDWIRE_SERVER__LISTEN", served.address)
        anonymous = await doctor()
        code, states = await doctor("--api-key-file", "key", "--strict")

    assert (anonymous[0], anonymous[1]["credential"]) == (ExitCode.INCOMPLETE, "skip")
    assert (code, set(states.values())) == (ExitCode.OK, {"ok"})
    assert states.keys() >= {
        "tls",
        "health",
        "version",
        "clock",
        "corpus",
        "config",
        "certificate",
        "api-keys",
        "schema",
    }


def configure(folder: Path) -> None:
    """Write a configuration with a certificate and an API key, and that key beside it."""
    now = SystemClock().today()
    certificate, key = Authority().issue(dns=["answers.example.com"], ends=now + 90 * DAY).write(folder)
    key.chmod(0o600)
    _, text = keys.create(folder / "keys.json", "acme", "doctor", [], [Role.READER], None, SystemClock())
    (folder / "key").write_text(text)
    (folder / "groundwire.yaml").write_text(
        f"server: {{listen: 127.0.0.1:0, tls: {{certificate: {certificate}, key: {key}}}}}\n"
        "authentication: {api_keys: {file: keys.json}}\n"
        "stores: {main: {folder: data, embedder: null}}\n"
    )
