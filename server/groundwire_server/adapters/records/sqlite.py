"""Records in a file of SQLite, in the `sqlite3` of Python with a thread for each connection."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.sqlite_connection import connect
from groundwire_server.adapters.records.tables import VERSION_TABLE
from groundwire_server.ports.operations import RecordsError

_BEGIN: Final = "groundwire_begin"
"""The execution option that says how a transaction begins."""

READING: Final[Mapping[str, Any]] = {_BEGIN: "BEGIN"}
WRITING: Final[Mapping[str, Any]] = {_BEGIN: "BEGIN IMMEDIATE"}
BARE: Final[Mapping[str, Any]] = {_BEGIN: ""}
"""Without a transaction: the connection's own mode commits each statement."""

FOREIGN: Final[tuple[type[Exception], ...]] = (sqlite3.Error,)

_PRIMARY_CODE: Final = 0xFF

_FAULTS: Final = {
    sqlite3.SQLITE_BUSY: RecordsFault.BUSY,
    sqlite3.SQLITE_LOCKED: RecordsFault.BUSY,
    sqlite3.SQLITE_PROTOCOL: RecordsFault.BUSY,
    sqlite3.SQLITE_CANTOPEN: RecordsFault.UNREACHABLE,
    sqlite3.SQLITE_READONLY: RecordsFault.READ_ONLY,
    sqlite3.SQLITE_PERM: RecordsFault.READ_ONLY,
    sqlite3.SQLITE_FULL: RecordsFault.FULL,
    sqlite3.SQLITE_IOERR: RecordsFault.DISK,
    sqlite3.SQLITE_NOMEM: RecordsFault.OUT_OF_MEMORY,
    sqlite3.SQLITE_CORRUPT: RecordsFault.CORRUPT,
    sqlite3.SQLITE_NOTADB: RecordsFault.CORRUPT,
    sqlite3.SQLITE_FORMAT: RecordsFault.CORRUPT,
}

_FULL_SYNC: Final = 2

_SETTINGS: Final = {
    "journal_mode": ("WAL", "wal"),
    # Every commit reaches the disk before it returns: what was accepted survives a loss of power.
    "synchronous": ("FULL", _FULL_SYNC),
    "foreign_keys": ("ON", 1),
    # What is deleted is overwritten, so that an erasure leaves no byte.
    "secure_delete": ("ON", 1),
}
"""Settings of a connection: what is set, and what SQLite says then if it has taken it."""


def engine(options: RecordsOptions) -> AsyncEngine:
    """Return an engine whose transactions begin where SQLAlchemy's do, and at once for writing where they write."""
    url = URL.create("sqlite+aiosqlite", database=str(options.file))
    made = create_async_engine(
        url,
        # The right to write is waited for here alone, in SQLite itself.
        connect_args={
            "timeout": options.statement_seconds,
            "isolation_level": None,
            "async_creator_fn": connect,
        },
        # They are names and sealed texts, and errors are logged.
        hide_parameters=True,
        pool_size=options.pool,
        max_overflow=0,
        pool_timeout=options.connect_seconds,
    )
    event.listen(made.sync_engine, "connect", _set_up)
    event.listen(made.sync_engine, "begin", _begin)
    return made


def fault_of(error: BaseException) -> RecordsFault | None:
    """Return what is wrong; None for a broken constraint or a defect of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else _FAULTS.get(code & _PRIMARY_CODE)


def _set_up(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        tables = {row[0] for row in cursor.fetchall()}
        if tables and VERSION_TABLE not in tables:
            # Before the journal's mode is set, which the file keeps.
            raise RecordsError(RecordsFault.FOREIGN)
        for name, (wanted, taken) in _SETTINGS.items():
            cursor.execute(f"PRAGMA {name} = {wanted}")
            cursor.execute(f"PRAGMA {name}")
            if cursor.fetchone() != (taken,):
                raise RecordsError(RecordsFault.NOT_DURABLE)


def _begin(connection: Connection) -> None:
    # As SQLAlchemy documents it: Python's sqlite3 would begin at the first change, too late for the right to write.
    if begin := connection.get_execution_options().get(_BEGIN):
        connection.exec_driver_sql(begin)
