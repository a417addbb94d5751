"""Runs the suite over OperationRecords on SQLite, and on a real PostgreSQL where one is installed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.operations.sql import SqlOperationRecords
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.tables import metadata
from tests.contract.operations.queued import Queue, SteppingClock, operation_records
from tests.postgres_server import USER, PostgresDatabases, needs_postgres


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.process, needs_postgres])])
async def records_options(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions:
    """Options of an empty database of the test's own."""
    if request.param == "sqlite":
        return RecordsOptions.model_validate({"url": f"sqlite:///{tmp_path}/records.sqlite3"})
    databases: PostgresDatabases = request.getfixturevalue("postgres")
    keys = [{"id": "k1", "key": "env://UNUSED"}]
    return RecordsOptions.model_validate({"url": await databases.create(), "username": USER, "keys": keys})


@pytest.fixture
async def database(records_options: RecordsOptions) -> AsyncIterator[RecordsDatabase]:
    async with records_database(records_options) as opened:
        async with opened.writing() as connection:
            await connection.run_sync(metadata.create_all)
        yield opened


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def records(database: RecordsDatabase, clock: SteppingClock) -> SqlOperationRecords:
    return operation_records(database, clock)


@pytest.fixture
def queue(records: SqlOperationRecords, database: RecordsDatabase, clock: SteppingClock) -> Queue:
    return Queue(records, database, clock)
