"""Connections to SQLite whose statements are one step of their thread each.

aiosqlite takes four: it makes a cursor, executes, fetches, and closes the cursor. The way to the thread and back takes
longer than most statements of records.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Self

import aiosqlite


class OneStepCursor:
    """What SQLAlchemy uses of aiosqlite's cursors. Rows are fetched at once: those of records are few."""

    def __init__(self, connection: "OneStepConnection") -> None:
        self._connection = connection
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute a statement and fetch its rows."""
        await self._connection.in_thread(partial(self._step, sqlite3.Cursor.execute, sql, parameters))
        return self

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> Self:
        """Execute a statement for each of several parameters."""
        await self._connection.in_thread(partial(self._step, sqlite3.Cursor.executemany, sql, parameters))
        return self

    async def fetchall(self) -> Sequence[Any]:
        """Return the rows."""
        return self._rows

    async def close(self) -> None:
        """Leave what was fetched as it is: the cursor itself was closed in its step."""

    def _step(self, execute: Callable[..., object], sql: str, parameters: Sequence[Any]) -> None:
        with closing(self._connection.made.cursor()) as cursor:
            execute(cursor, sql, parameters)
            self._rows = cursor.fetchall() if cursor.description else ()
            self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid


class OneStepConnection(aiosqlite.Connection):
    """A connection of aiosqlite with cursors of one step."""

    @property
    def made(self) -> sqlite3.Connection:
        """The connection of `sqlite3`, for its thread alone."""
        return self._conn

    async def in_thread(self, step: Callable[[], None]) -> None:
        """Run a step in the thread of the connection."""
        await self._execute(step)  # type: ignore[no-untyped-call]

    def cursor(self) -> OneStepCursor:  # type: ignore[override]
        """Return a cursor, without a step."""
        return OneStepCursor(self)


def connect(database: str, **given: Any) -> OneStepConnection:
    """Return a connection that is made when it is awaited; arguments are those of `sqlite3.connect`."""
    connection = OneStepConnection(partial(sqlite3.connect, database, **given), iter_chunk_size=64)
    # A program ends although a connection was left open.
    connection._thread.daemon = True  # noqa: SLF001  # as SQLAlchemy does with aiosqlite's own
    return connection
