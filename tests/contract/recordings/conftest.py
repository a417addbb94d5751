"""Runs the suite over Recordings in memory, on SQLite, and on a real PostgreSQL where one is installed."""

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groundwire_server.adapters.records import schema
from groundwire_server.adapters.records.encryption import Sealing, SealingKey
from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.recordings.sql import SqlRecordings
from groundwire_server.ports.recordings import Recordings
from tests.contract.operations.queued import SteppingClock, empty
from tests.doubles.recordings import MemoryRecordings
from tests.postgres_server import USER, PostgresDatabases, needs_postgres

KEY = base64.b64encode(bytes(32)).decode()


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDS_KEY", KEY)


def postgres_options(url: str) -> RecordsOptions:
    keys = [{"id": "k1", "key": "env://RECORDS_KEY"}]
    return RecordsOptions.model_validate({"url": url, "username": USER, "keys": keys})


def sqlite_options(file: Path) -> RecordsOptions:
    return RecordsOptions.model_validate({"url": f"sqlite:///{file}"})


@pytest.fixture(scope="package")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with empty tables, to be copied."""
    file = tmp_path_factory.mktemp("records") / "records.sqlite3"
    asyncio.run(_make_tables(sqlite_options(file)))
    return file


@pytest.fixture(scope="package")
def postgres_url(postgres: PostgresDatabases) -> str:
    """Return the URL of a database with tables, which tests use one after the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECORDS_KEY", KEY)
        url = asyncio.run(postgres.create())
        asyncio.run(_make_tables(postgres_options(url)))
        return url


async def _make_tables(options: RecordsOptions) -> None:
    async with records_database(options) as database:
        await schema.upgrade(database)


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


def sealing() -> Sealing:
    return Sealing([SealingKey("k1", bytes(32))])


DATABASES = ["sqlite", pytest.param("postgresql", marks=[pytest.mark.process, needs_postgres])]


def _options(request: pytest.FixtureRequest, folder: Path) -> RecordsOptions:
    if request.param == "postgresql":
        return postgres_options(request.getfixturevalue("postgres_url"))
    file = folder / "records.sqlite3"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
    return sqlite_options(file)


# Made outside of the loop: making the tables of PostgreSQL begins one of its own.
@pytest.fixture(params=DATABASES)
def database_options(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions:
    return _options(request, tmp_path)


@pytest.fixture(params=["memory", *DATABASES])
def records_options(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions | None:
    return None if request.param == "memory" else _options(request, tmp_path)


@pytest.fixture
async def database(database_options: RecordsOptions) -> AsyncIterator[RecordsDatabase]:
    """The database with empty tables."""
    async with records_database(database_options) as opened:
        await empty(opened)
        yield opened


@pytest.fixture
async def recordings(records_options: RecordsOptions | None, clock: SteppingClock) -> AsyncIterator[Recordings]:
    """Recordings, of which there are none yet."""
    if records_options is None:
        yield MemoryRecordings(clock)
        return
    async with records_database(records_options) as opened:
        await empty(opened)
        yield SqlRecordings(opened, sealing(), clock)
