"""Statements in SQLite are one step of their connection's thread."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.sqlite_connection import OneStepConnection


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Return what the threads of connections were given to do."""
    taken: list[Callable[[], None]] = []
    in_thread = OneStepConnection.in_thread

    async def counted(connection: OneStepConnection, step: Callable[[], None]) -> None:
        taken.append(step)
        await in_thread(connection, step)

    monkeypatch.setattr(OneStepConnection, "in_thread", counted)
    return taken


async def test_each_statement_is_one_step(tmp_path: Path, steps: list[Callable[[], None]]) -> None:
    options = RecordsOptions.model_validate({"url": f"sqlite:///{tmp_path}/records.sqlite3"})
    async with records_database(options) as database, database.writing() as connection:
        steps.clear()
        await connection.execute(text("CREATE TABLE counts (number INTEGER)"))
        written = await connection.execute(
            text("INSERT INTO counts VALUES (:number)"), [{"number": number} for number in range(3)]
        )
        read = await connection.execute(text("SELECT number FROM counts"))
        updated = await connection.execute(text("UPDATE counts SET number = 5 WHERE number > 0"))
        assert (written.rowcount, updated.rowcount) == (3, 2)
        assert read.scalars().all() == [0, 1, 2]
        assert len(steps) == 4
