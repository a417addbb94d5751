"""Runs the suite over OperationRecords on SQLite, and on a real PostgreSQL where one is installed."""

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groundwire_server.adapters.records import schema
from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.ports.operations import OperationRecords
from tests.contract.operations.queued import Queue, SteppingClock, empty, operation_records
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


# Making the tables takes longer than most tests: it is done once for those of a process.
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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.process, needs_postgres])])
def records_options(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions:
    if request.param == "postgresql":
        return postgres_options(request.getfixturevalue("postgres_url"))
    file = tmp_path / "records.sqlite3"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
    return sqlite_options(file)


@pytest.fixture
async def database(records_options: RecordsOptions) -> AsyncIterator[RecordsDatabase]:
    """The database with empty tables."""
    async with records_database(records_options) as opened:
        await empty(opened)
        yield opened


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def records(database: RecordsDatabase, clock: SteppingClock) -> OperationRecords:
    return operation_records(database, clock)


@pytest.fixture
def queue(records: OperationRecords, database: RecordsDatabase, clock: SteppingClock) -> Queue:
    return Queue(records, database, clock)
