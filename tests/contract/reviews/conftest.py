"""Runs the suite over ReviewRecords in memory, on SQLite, and on a real PostgreSQL where one is installed."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from groundwire_server.adapters.records.audit.sql import SqlAuditRecords
from groundwire_server.adapters.records.encryption import Sealing, SealingKey
from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.reviews.sql import SqlReviewRecords
from tests.contract.operations.conftest import _key, postgres_options, postgres_url, sqlite_options, sqlite_template
from tests.contract.operations.queued import Queue, SteppingClock, empty, operation_records
from tests.contract.reviews.reviewed import Reviews, SqlReviews
from tests.doubles.review_records import MemoryAuditRecords, MemoryReviewRecords
from tests.postgres_server import needs_postgres

__all__ = ["_key", "postgres_url", "sqlite_template"]

KEEP = timedelta(days=1)
POSTGRESQL = pytest.param("postgresql", marks=[pytest.mark.process, needs_postgres])


def sealing(*key_ids: str) -> Sealing:
    """Return what seals with keys of these ids, the same for the same id; `k1` is that of the suite of operations."""
    return Sealing([SealingKey(each, each.removeprefix("k1").encode().ljust(32, b"\0")) for each in key_ids or ("k1",)])


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture(params=["sqlite", POSTGRESQL])
def sql_options(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions:
    """Options of each database."""
    return _options(request, tmp_path)


@pytest.fixture(params=["memory", "sqlite", POSTGRESQL])
def options(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions | None:
    """Options of each database; None for memory."""
    return None if request.param == "memory" else _options(request, tmp_path)


@pytest.fixture
async def sql(sql_options: RecordsOptions, clock: SteppingClock) -> AsyncIterator[SqlReviews]:
    """Reviews in each database, which is empty."""
    async with _opened(sql_options, clock) as opened:
        yield opened


@pytest.fixture
async def reviews(options: RecordsOptions | None, clock: SteppingClock) -> AsyncIterator[Reviews]:
    """Reviews in memory, and in each database."""
    if options is None:
        trail = MemoryAuditRecords()
        yield Reviews(MemoryReviewRecords(clock, trail), trail, clock)
        return
    async with _opened(options, clock) as opened:
        yield opened.reviews


def _options(request: pytest.FixtureRequest, tmp_path: Path) -> RecordsOptions:
    if request.param == "postgresql":
        return postgres_options(request.getfixturevalue("postgres_url"))
    file = tmp_path / "records.sqlite3"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
    return sqlite_options(file)


@asynccontextmanager
async def _opened(options: RecordsOptions, clock: SteppingClock) -> AsyncIterator[SqlReviews]:
    async with records_database(options) as database:
        await empty(database)
        records = SqlReviewRecords(database, sealing(), clock, KEEP)
        reviews = Reviews(records, SqlAuditRecords(database, sealing()), clock)
        yield SqlReviews(reviews, Queue(operation_records(database, clock), database, clock), database)
