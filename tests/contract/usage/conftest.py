"""Runs the suite over UsageRecords in memory, on SQLite, and on a real PostgreSQL where one is installed."""

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.usage.accounts import SqlUsageRecords
from groundwire_server.ports.usage import UsageRecords
from tests.contract.operations import conftest as operations
from tests.contract.operations.queued import SteppingClock, empty
from tests.doubles.usage_records import MemoryUsageRecords
from tests.postgres_server import needs_postgres

KEEP = timedelta(days=400)

# The tables are made once for the suite, as for that of operations.
_key = operations._key
postgres_url = operations.postgres_url
sqlite_template = operations.sqlite_template

SQLITE, POSTGRESQL = "sqlite", pytest.param("postgresql", marks=[pytest.mark.process, needs_postgres])


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


def options_of(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions:
    if kind == "postgresql":
        return operations.postgres_options(request.getfixturevalue("postgres_url"))
    file = tmp_path / "records.sqlite3"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
    return operations.sqlite_options(file)


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def records_options(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions:
    return options_of(request.param, request, tmp_path)


@pytest.fixture
async def database(records_options: RecordsOptions) -> AsyncIterator[RecordsDatabase]:
    """A database with empty tables."""
    async with records_database(records_options) as opened:
        await empty(opened)
        yield opened


@pytest.fixture(params=["memory", SQLITE, POSTGRESQL])
def kept_in(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions | None:
    """Options of the database; None for accounts in memory."""
    return None if request.param == "memory" else options_of(request.param, request, tmp_path)


@pytest.fixture
async def accounts(kept_in: RecordsOptions | None, clock: SteppingClock) -> AsyncIterator[UsageRecords]:
    if kept_in is None:
        yield MemoryUsageRecords(clock, KEEP)
        return
    async with records_database(kept_in) as opened:
        await empty(opened)
        yield SqlUsageRecords(opened, clock, KEEP)
