"""A file of SQLite of a test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groundwire_server.adapters.records import schema
from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.opening import prepare_file
from groundwire_server.adapters.records.options import RecordsOptions


@pytest.fixture
def options(tmp_path: Path) -> RecordsOptions:
    return RecordsOptions(url=f"sqlite:///{tmp_path}/records.sqlite3", statement_seconds=0.1, connect_seconds=0.1)


@pytest.fixture
def file(options: RecordsOptions) -> Path:
    assert options.file is not None
    return options.file


@pytest.fixture
async def database(options: RecordsOptions, file: Path) -> AsyncIterator[RecordsDatabase]:
    """The database with its tables."""
    prepare_file(file)
    async with records_database(options) as opened:
        await schema.upgrade(opened)
        yield opened
