"""Recordings whose key is rotated, or lost: through a real server and the commands."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from groundwire_server.cli.main import run
from groundwire_server.domain.failure import SetupError
from tests.e2e.experiments.splitting import ROUTE, Splitting, configured, splitting

RECORDING = "recording: {tenants: [acme], share: 1, mask: []}"


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        monkeypatch.setenv(f"KEY_{number}", base64.b64encode(bytes([number] * 32)).decode())


@asynccontextmanager
async def serving(folder: Path, *numbers: int) -> AsyncIterator[Splitting]:
    """A server that records every call, whose records have keys of these numbers."""
    keys = ", ".join(f'{{id: k{number}, key: "env://KEY_{number}"}}' for number in numbers)
    text = configured(folder, f"{ROUTE}, {RECORDING}")
    records = f'{{url: "sqlite:///{folder}/records.sqlite3", keys: [{keys}]}}'
    async with splitting(folder, text.replace("{enabled: true}", records)) as place:
        yield place


async def commanded(place: Splitting, *command: str) -> int:
    given = (*command, "--server", place.server.address, "--tenant", "acme")
    return await asyncio.to_thread(run, given)


async def test_what_an_earlier_key_has_sealed_is_read_while_the_key_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(tmp_path, 1) as place:
        await place.answer()
    async with serving(tmp_path, 2, 1) as place:
        await place.answer()
        opened = place.server.process.recordings
        assert opened is not None
        await opened.writer.settle()
        names = [each.name.removeprefix("recordings/") async for each in place.client.recordings()]
        assert len(names) == 2
        assert await commanded(place, "replay", *names) == 0
    assert capsys.readouterr().out.endswith("2 of 2 replays exact\n")


async def test_a_server_does_not_start_without_a_key_that_recordings_need(tmp_path: Path) -> None:
    async with serving(tmp_path, 1) as place:
        await place.answer()
    with pytest.raises(SetupError) as failed:
        async with serving(tmp_path, 2):
            pass
    said = str(failed.value)
    assert "a record is sealed with a key that is not configured, k1: add the key to `records.keys`" in said
    assert "\n" not in said
    # Nothing was changed: with the key it starts as before.
    async with serving(tmp_path, 1) as place:
        assert len([each async for each in place.client.recordings()]) == 1
