"""Runs the suite over OperationRecords on SQLite, and on a real PostgreSQL where one is installed."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.tables import metadata
from groundwire_server.ports.operations import OperationRecords
from tests.contract.operations.queued import Queue, SteppingClock, operation_records
from tests.postgres_server import USER, PostgresDatabases, needs_postgres


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDS_KEY", base64.b64encode(bytes(32)).decode())


def postgres_options(url: str) -> RecordsOptions:
    keys = [{"id": "k1", "key": "env://RECORDS_KEY"}]
    return RecordsOptions.model_validate({"url": url, "username": USER, "keys": keys})


@pytest.fixture(scope="package")
def postgres_url(postgres: PostgresDatabases) -> str:
    """Return the URL of a database for the tests of a process, one after the other: making one takes a while."""
    return asyncio.run(postgres.create())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.process, needs_postgres])])
def records_options(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions:
    if request.param == "sqlite":
        return RecordsOptions.model_validate({"url": f"sqlite:///{tmp_path}/records.sqlite3"})
    return postgres_options(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def database(records_options: RecordsOptions) -> AsyncIterator[RecordsDatabase]:
    """The database with empty tables."""
    async with records_database(records_options) as opened:
        async with opened.writing() as connection:
            await connection.run_sync(metadata.create_all)
            for table in reversed(metadata.sorted_tables):
                await connection.execute(delete(table))
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
