"""Runs the suites of the database of records on SQLite, and on a real PostgreSQL where one is installed."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.options import RecordsOptions
from tests.postgres_server import USER, PostgresDatabases, needs_postgres

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.process, needs_postgres])])
async def records_options(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RecordsOptions:
    """Options of an empty database of the test's own."""
    monkeypatch.setenv("RECORDS_KEY", KEY)
    keys = [{"id": "k1", "key": "env://RECORDS_KEY"}]
    if request.param == "sqlite":
        return RecordsOptions.model_validate({"url": f"sqlite:///{tmp_path}/records.sqlite3", "keys": keys})
    databases: PostgresDatabases = request.getfixturevalue("postgres")
    return RecordsOptions.model_validate({"url": await databases.create(), "username": USER, "keys": keys})


@pytest.fixture
async def empty_database(records_options: RecordsOptions) -> AsyncIterator[RecordsDatabase]:
    """A database without tables."""
    async with records_database(records_options) as database:
        yield database
