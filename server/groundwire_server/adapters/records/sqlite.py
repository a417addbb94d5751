"""Records in a file of SQLite, in threads: a transaction is one step of one thread.

The way to a thread and back takes longer than most statements of records, so none waits for the event loop between.
"""

import asyncio
import re
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.tables.base import VERSION_TABLE
from groundwire_server.adapters.records.transactions import RecordsDialect, TransactionKind
from groundwire_server.ports.operations import RecordsError

T = TypeVar("T")

# Python's sqlite3 would begin at the first change, too late for the right to write. Without one, the connection's own
# mode commits each statement.
_BEGINS: Final = {TransactionKind.READING: "BEGIN", TransactionKind.WRITING: "BEGIN IMMEDIATE"}

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

_OTHER_TABLES: Final = re.compile(r"^no such (table|column)|has no column named")
"""What SQLite says, without a code of its own, when somebody has upgraded the tables under this process."""

_FULL_SYNC: Final = 2

_SETTINGS: Final = {
    "journal_mode": ("WAL", "wal"),
    # Every commit reaches the disk before it returns: what was accepted survives a loss of power.
    "synchronous": ("FULL", _FULL_SYNC),
    "foreign_keys": ("ON", 1),
    # Pages of the journal, 16 MB, before it goes into the file: pages that many commits change go there once.
    "wal_autocheckpoint": ("4000", 4000),
    # What is deleted is overwritten, so that an erasure leaves no byte.
    "secure_delete": ("ON", 1),
}
"""Settings of a connection: what is set, and what SQLite says then if it has taken it."""


class SqliteTransactions:
    """Transactions in one file; see `transactions.Transactions`.

    One writes at a time. Those of this process wait for each other in their order; SQLite has those of other processes
    poll.
    """

    dialect = RecordsDialect.SQLITE
    foreign = (sqlite3.Error, TimeoutError)

    def __init__(self, options: RecordsOptions) -> None:
        self._engine = _engine(options)
        readers = (asyncio.Semaphore(options.pool - 1), options.connect_seconds)
        writer = (asyncio.Semaphore(1), options.statement_seconds)
        self._turns = {
            TransactionKind.READING: readers,
            TransactionKind.WRITING: writer,
            TransactionKind.NONE: writer,
        }
        self._threads = ThreadPoolExecutor(options.pool, "records")

    async def run(self, kind: TransactionKind, work: Callable[[Connection], T]) -> T:
        """Run work in a transaction of a thread.

        A caller that is cancelled leaves at once, and nothing is written; one whose work is being committed waits for
        that.

        Raises:
            TimeoutError: when others have not made room in time.
        """
        turn, patience = self._turns[kind]
        async with asyncio.timeout(patience if turn.locked() else None):
            await turn.acquire()
        commit = _Commit()
        try:
            step = partial(self._run, kind, work, commit)
            running = asyncio.get_running_loop().run_in_executor(self._threads, step)
        except BaseException:
            turn.release()
            raise
        running.add_done_callback(partial(_end_turn, turn))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if not commit.give_up():
                await asyncio.wait([running])
            raise

    def fault_of(self, error: BaseException) -> RecordsFault | None:
        """Return what is wrong; None for a broken constraint or a defect of ours."""
        if isinstance(error, TimeoutError):
            return RecordsFault.BUSY
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return None
        if code == sqlite3.SQLITE_ERROR and _OTHER_TABLES.search(str(error)):
            return RecordsFault.OTHER_SCHEMA
        return _FAULTS.get(code & _PRIMARY_CODE)

    async def close(self) -> None:
        """Close the connections; the last one brings the journal into the file."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._threads.shutdown()
        self._engine.dispose()

    def _run(self, kind: TransactionKind, work: Callable[[Connection], T], commit: "_Commit") -> T:
        with self._engine.connect() as connection:
            if begin := _BEGINS.get(kind):
                # Not by SQLAlchemy's event, for which every statement would look for events.
                connection.exec_driver_sql(begin)
            result = work(connection)
            if kind is TransactionKind.WRITING and commit.begin():
                connection.commit()
            return result


class _Commit:
    """The commit of one transaction: it begins, or its caller gives it up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = False
        self._given_up = False

    def begin(self) -> bool:
        """Return whether the transaction is to be committed."""
        with self._lock:
            self._begun = not self._given_up
            return self._begun

    def give_up(self) -> bool:
        """Return whether nothing is committed."""
        with self._lock:
            self._given_up = not self._begun
            return self._given_up


def _end_turn(turn: asyncio.Semaphore, running: asyncio.Future[Any]) -> None:
    turn.release()
    if not running.cancelled():
        # Nobody else may ask for it: a caller that was cancelled has left.
        running.exception()


def _engine(options: RecordsOptions) -> Engine:
    made = create_engine(
        URL.create("sqlite", database=str(options.file)),
        # The right to write is waited for here alone, in SQLite itself.
        connect_args={"timeout": options.statement_seconds, "isolation_level": None},
        # They are names and sealed texts, and errors are logged.
        hide_parameters=True,
        pool_size=options.pool,
        max_overflow=0,
        # The connection that wrote last knows the pages that the next writer changes; others read them anew.
        pool_use_lifo=True,
    )
    event.listen(made, "connect", _set_up)
    return made


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
