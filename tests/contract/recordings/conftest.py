"""Runs the suite over Recordings in memory, on SQLite, and on a real PostgreSQL where one is installed."""

from collections.abc import AsyncIterator

import pytest

from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.recordings.sql import SqlRecordings
from groundwire_server.ports.call_recordings import Recordings
from tests.contract.operations.queued import SteppingClock, empty
from tests.contract.reviews.conftest import _key, options, postgres_url, sealing, sql_options, sqlite_template
from tests.doubles.recordings import MemoryRecordings

__all__ = ["_key", "options", "postgres_url", "sealing", "sql_options", "sqlite_template"]


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
async def database(sql_options: RecordsOptions) -> AsyncIterator[RecordsDatabase]:
    """The database with empty tables."""
    async with records_database(sql_options) as opened:
        await empty(opened)
        yield opened


@pytest.fixture
async def recordings(options: RecordsOptions | None, clock: SteppingClock) -> AsyncIterator[Recordings]:
    """Recordings, of which there are none yet."""
    if options is None:
        yield MemoryRecordings(clock)
        return
    async with records_database(options) as opened:
        await empty(opened)
        yield SqlRecordings(opened, sealing(), clock)
