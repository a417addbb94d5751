"""The database of records: transactions, and its errors in our words. `sqlite.py` and `postgresql.py` say the rest."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import Enum, StrEnum, auto
from typing import Protocol, TypeVar

from sqlalchemy import Connection, exc

from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.operations import RecordsError

T = TypeVar("T")

_log = logging.getLogger(__name__)


class RecordsDialect(StrEnum):
    """A kind of database."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class TransactionKind(Enum):
    """What a transaction is for."""

    READING = auto()
    WRITING = auto()
    NONE = auto()
    """Each statement stands alone."""


class Transactions(Protocol):
    """Runs transactions on one kind of database.

    Attributes:
        foreign: the driver's own errors, which SQLAlchemy does not wrap.
    """

    @property
    def dialect(self) -> RecordsDialect:
        """The kind of database."""

    @property
    def foreign(self) -> tuple[type[Exception], ...]:
        """The errors that SQLAlchemy does not wrap."""

    async def run(self, kind: TransactionKind, work: Callable[[Connection], T]) -> T:
        """Run work in a transaction, which is committed if it is for writing, and return what the work returns."""

    def fault_of(self, error: BaseException) -> RecordsFault | None:
        """Return what is wrong; None for a broken constraint or a defect of ours, which passes through."""

    async def close(self) -> None:
        """Close the connections."""


class RecordsDatabase:
    """The database of records. Opening it asks for nothing: the first transaction connects.

    A transaction is a function of its connection that returns what the caller wants to know; it runs whole in a thread
    on SQLite, and between the tasks of the event loop on PostgreSQL. So it must touch nothing that changes outside.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._foreign: tuple[type[Exception], ...] = (exc.DBAPIError, *transactions.foreign)

    @property
    def dialect(self) -> RecordsDialect:
        """The kind of database."""
        return self._transactions.dialect

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run work in a transaction that is rolled back: it sees one state, and changes nothing.

        Raises:
            RecordsError: when the database cannot be asked.
        """
        with self._translated():
            return await self._transactions.run(TransactionKind.READING, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run work in a transaction, which is committed unless it raises an exception or the caller is cancelled.

        In SQLite it holds the only right to write from its beginning, in PostgreSQL it takes locks as it goes.

        Raises:
            RecordsError: when the database cannot be asked or refuses it; after a commit that broke off the changes may
                be there or not.
        """
        with self._translated():
            return await self._transactions.run(TransactionKind.WRITING, work)

    async def run_outside_transactions(self, work: Callable[[Connection], T]) -> T:
        """Run work whose statements stand alone, for those that a transaction refuses.

        Raises:
            RecordsError: when the database cannot be asked or refuses it.
        """
        with self._translated():
            return await self._transactions.run(TransactionKind.NONE, work)

    async def close(self) -> None:
        """Close its connections."""
        await self._transactions.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except exc.TimeoutError as error:  # of the pool
            raise _failed(RecordsFault.BUSY) from error
        except self._foreign as error:
            wrapped = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
            fault = self._transactions.fault_of(wrapped)
            if fault is None:
                raise
            # The database's own words hold values of rows: the chain goes no further.
            raise _failed(fault) from None


def _failed(fault: RecordsFault) -> RecordsError:
    _log.warning("the database of records failed", extra={"why": str(fault)})
    return RecordsError(fault)


@asynccontextmanager
async def records_database(options: RecordsOptions) -> AsyncIterator[RecordsDatabase]:
    """Yield the database that options name; it is closed when the context is left.

    Raises:
        SetupError: when the extra `postgres` is needed and not installed.
    """
    database = RecordsDatabase(_transactions(options))
    try:
        yield database
    finally:
        await database.close()


def _transactions(options: RecordsOptions) -> Transactions:
    # Imported here: each needs packages that the other does not, and a server without records needs none.
    if options.file is not None:
        from groundwire_server.adapters.records.sqlite import SqliteTransactions  # noqa: PLC0415

        return SqliteTransactions(options)
    try:
        from groundwire_server.adapters.records.postgresql import PostgresTransactions  # noqa: PLC0415
    except ImportError:
        raise SetupError("PostgreSQL needs the extra: pip install 'groundwire-server[postgres]'") from None
    return PostgresTransactions(options)
