"""The database of records: transactions, and its errors in our words. `sqlite.py` and `postgresql.py` say the rest."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.operations import RecordsError

_log = logging.getLogger(__name__)


class RecordsDialect(StrEnum):
    """A kind of database."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class Driver:
    """What one kind of database needs.

    Attributes:
        engine: makes the engine.
        reading: execution options of a transaction that changes nothing.
        writing: those of one that does.
        bare: those of statements outside a transaction.
        foreign: the driver's own errors, which SQLAlchemy does not wrap.
        fault: returns what is wrong; None for a broken constraint or a defect of ours, which passes through.
        one_writer: whether only one transaction writes at a time.
    """

    dialect: RecordsDialect
    engine: Callable[[RecordsOptions], AsyncEngine]
    reading: Mapping[str, Any]
    writing: Mapping[str, Any]
    bare: Mapping[str, Any]
    foreign: tuple[type[Exception], ...]
    fault: Callable[[BaseException], RecordsFault | None]
    one_writer: bool


class RecordsDatabase:
    """The database of records. Opening it asks for nothing: the first transaction connects."""

    def __init__(self, options: RecordsOptions, driver: Driver) -> None:
        self._driver = driver
        self._engine = driver.engine(options)
        self._reading = self._engine.execution_options(**driver.reading)
        self._writing = self._engine.execution_options(**driver.writing)
        self._bare = self._engine.execution_options(**driver.bare)
        # Writers of one process wait for each other in their order; SQLite has those of other processes poll.
        self._writer = asyncio.Semaphore(1 if driver.one_writer else options.pool)
        self._patience = options.statement_seconds
        self._foreign: tuple[type[Exception], ...] = (exc.DBAPIError, *driver.foreign)

    @property
    def dialect(self) -> RecordsDialect:
        """The kind of database."""
        return self._driver.dialect

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a transaction that is rolled back: it sees one state, and changes nothing.

        Raises:
            RecordsError: when the database cannot be asked.
        """
        with self._translated():
            async with self._reading.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a transaction, which is committed when the context is left without an exception.

        In SQLite it holds the only right to write from its beginning, in PostgreSQL it takes locks as it goes.

        Raises:
            RecordsError: when the database cannot be asked or refuses it; after a commit that broke off the changes may
                be there or not.
        """
        with self._translated():
            async with self._turn(), self._writing.connect() as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def outside_transactions(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection whose statements stand alone, for those that a transaction refuses.

        Raises:
            RecordsError: when the database cannot be asked or refuses it.
        """
        with self._translated():
            async with self._turn(), self._bare.connect() as connection:
                yield connection

    async def close(self) -> None:
        """Close its connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience):
                await self._writer.acquire()
        except TimeoutError:
            raise self._failed(RecordsFault.BUSY) from None
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except exc.TimeoutError as error:  # of the pool
            raise self._failed(RecordsFault.BUSY) from error
        except self._foreign as error:
            fault = self._driver.fault(error.orig if isinstance(error, exc.DBAPIError) and error.orig else error)
            if fault is None:
                raise
            # The database's own words hold values of rows: the chain goes no further.
            raise self._failed(fault) from None

    def _failed(self, fault: RecordsFault) -> RecordsError:
        _log.warning("the database of records failed", extra={"why": str(fault)})
        return RecordsError(fault)


@asynccontextmanager
async def records_database(options: RecordsOptions) -> AsyncIterator[RecordsDatabase]:
    """Yield the database that options name; it is closed when the context is left.

    Raises:
        SetupError: when the extra `postgres` is needed and not installed.
    """
    database = RecordsDatabase(options, _driver(options))
    try:
        yield database
    finally:
        await database.close()


def _driver(options: RecordsOptions) -> Driver:
    # Imported here: each needs packages that the other does not, and a server without records needs none.
    if options.file is not None:
        from groundwire_server.adapters.records import sqlite  # noqa: PLC0415

        return Driver(
            RecordsDialect.SQLITE,
            sqlite.engine,
            sqlite.READING,
            sqlite.WRITING,
            sqlite.BARE,
            sqlite.FOREIGN,
            sqlite.fault_of,
            one_writer=True,
        )
    try:
        from groundwire_server.adapters.records import postgresql  # noqa: PLC0415
    except ImportError:
        raise SetupError("PostgreSQL needs the extra: pip install 'groundwire-server[postgres]'") from None
    return Driver(
        RecordsDialect.POSTGRESQL,
        postgresql.engine,
        postgresql.READING,
        postgresql.WRITING,
        postgresql.BARE,
        postgresql.FOREIGN,
        postgresql.fault_of,
        one_writer=False,
    )
