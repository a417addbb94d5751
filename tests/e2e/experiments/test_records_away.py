"""The records go away under a server with prompts, experiments and recordings: what was in force stays."""

import asyncio
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest

from groundwire import Client, Error
from tests.chaos.services import Service
from tests.chaos.stack import postgres_service
from tests.e2e.experiments.splitting import NAME, ROUTE, Splitting, configured, split, splitting
from tests.e2e.prompts import template
from tests.e2e.test_records_faults import made
from tests.postgres_server import USER, needs_postgres

GUARDED = "guards:\n- {metric: ANSWERED, absolute: 0.05}\n"
RECORDING = "recording: {tenants: [acme], share: 1, mask: []}"

Broken = Callable[[], AbstractAsyncContextManager[None]]


def served(folder: Path, records: str) -> str:
    """A configuration that records every call, and waits little for the database."""
    text = configured(folder, f"{ROUTE}, {RECORDING}")
    return text.replace("{enabled: true}", f"{{{records}, connect_seconds: 0.5, statement_seconds: 0.5}}")


async def goes_on_after(place: Splitting, broken: Broken, *, reads: bool) -> None:
    """Make sure that a fault of the records changes nothing that is in force, and that all goes on after it.

    Args:
        place: a server.
        broken: the fault, for as long as it is entered.
        reads: whether the records can be read meanwhile.
    """
    client, opened = place.client, place.server.process.recordings
    assert opened is not None
    await client.apply_experiment(split(more=GUARDED))
    await client.push_prompt("answer", "9.0.0", template("new"))
    await place.write_worse()
    before, trail = await place.arms(6), await _trail(client)
    await opened.writer.settle()
    recorded = await _recorded(client)
    async with Client(place.server.address, tenant="acme", subject="ops", retry=None) as once, broken():
        for change in _changes(once):
            await _refused(change)
        if not reads:
            for read in (once.experiment(NAME), once.get_recording(recorded[0])):
                await _refused(read)
        await place.guards().look()
        assert await place.arms(3) == {user: before[user] for user in list(before)[:3]}
        await opened.writer.settle()
    # Nothing of what was refused is there, in whole or in part.
    await _again(lambda: client.experiment(NAME))
    assert await _trail(client) == trail
    assert await _recorded(client) == recorded
    assert (await client.get_recording(recorded[0])).content
    await place.answer()
    await opened.writer.settle()
    assert len(await _recorded(client)) == len(recorded) + 1
    await client.set_prompt_label("answer", "production", "9.0.0")
    await client.apply_experiment(split("fewer", "{limits: {top_k: 2}}"))
    await place.guards().look()
    assert [each.arm for each in (await client.experiment(NAME)).experiment.ended_arms] == ["candidate"]
    assert (await client.verify_audit()).intact


def _changes(client: Client) -> Iterator[Awaitable[object]]:
    yield client.apply_experiment(split("fewer", "{limits: {top_k: 2}}"))
    yield client.end_experiment(NAME)
    yield client.push_prompt("answer", "9.1.0", template("newer"))
    yield client.set_prompt_label("answer", "production", "9.0.0")


async def _refused(call: Awaitable[object]) -> None:
    with pytest.raises(Error) as failed:
        await call
    assert (failed.value.code, failed.value.reason) == (grpc.StatusCode.UNAVAILABLE, "RECORDS_UNAVAILABLE")


async def _again(call: Callable[[], Awaitable[object]]) -> None:
    """Call as a client does: again while the records cannot be asked."""
    async with asyncio.timeout(60):
        while True:
            try:
                await call()
            except Error as error:
                if error.reason != "RECORDS_UNAVAILABLE":
                    raise
            else:
                return
            await asyncio.sleep(0.05)


async def _trail(client: Client) -> list[str]:
    """Return the changes that callers made: the server's own watch may end an arm as soon as it can."""
    found = [entry.event async for entry in client.audit_entries(target=f"experiments/{NAME}")]
    return [event for event in found if event != "experiment.arm_ended"]


async def _recorded(client: Client) -> list[str]:
    return [each.name async for each in client.recordings()]


async def test_a_file_that_another_process_has_locked(tmp_path: Path) -> None:
    file = tmp_path / "records.sqlite3"

    @asynccontextmanager
    async def locked() -> AsyncIterator[None]:
        with closing(sqlite3.connect(file, isolation_level=None, timeout=30, check_same_thread=False)) as other:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            yield

    async with splitting(tmp_path, served(tmp_path, f'url: "sqlite:///{file}"')) as place:
        await goes_on_after(place, locked, reads=True)


@pytest.fixture
async def own_postgres(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Service, str]]:
    """A PostgreSQL of this test's own, and what the records are configured with."""
    folder = Path(tempfile.mkdtemp(prefix="gw-pg-", dir="/tmp"))  # the path of a socket is short
    service = postgres_service(folder)
    try:
        service.start()
        other = await asyncpg.connect(host=str(folder), user=USER, database="postgres")
        await other.execute(f"CREATE DATABASE {USER}")
        await other.close()
        url = f"postgresql:///{USER}?host={folder}"
        await made(url, monkeypatch)
        yield service, f'url: "{url}", username: {USER}, keys: [{{id: k1, key: "env://CHAOSKEY"}}]'
    finally:
        service.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.process
@needs_postgres
@pytest.mark.parametrize("fault", ["killed", "stopped"])
async def test_a_postgresql_that_is_away_for_a_while(
    tmp_path: Path, own_postgres: tuple[Service, str], fault: str
) -> None:
    service, records = own_postgres

    @asynccontextmanager
    async def killed() -> AsyncIterator[None]:
        service.kill()
        yield
        await asyncio.to_thread(service.start)

    @asynccontextmanager
    async def stopped() -> AsyncIterator[None]:
        service.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            service.signal(signal.SIGCONT)

    faults: dict[str, Any] = {"killed": killed, "stopped": stopped}
    async with splitting(tmp_path, served(tmp_path, records)) as place:
        await goes_on_after(place, faults[fault], reads=False)
