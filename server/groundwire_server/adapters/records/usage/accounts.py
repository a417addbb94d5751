"""The UsageRecords of SQLite and PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, or_, select, tuple_

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.operations.rows import micros
from groundwire_server.adapters.records.tables.usage import usage, usage_books
from groundwire_server.adapters.records.usage import reading, writing
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.usage import UsageBatch, UsageBooks, UsageQuery, UsageRow

BATCH: Final = 500
"""Rows that are forgotten in one transaction."""

_ROW: Final = tuple_(*usage.primary_key.columns)

_SUMS: Final = delete(usage).where(
    _ROW.in_(
        select(*usage.primary_key.columns).where(usage.c.day < bindparam("first", type_=usage.c.day.type)).limit(BATCH)
    )
)

_BOOKS: Final = delete(usage_books).where(
    usage_books.c.process.in_(
        select(usage_books.c.process)
        # A book that was closed says nothing any more.
        .where(or_(usage_books.c.closed.is_not(None), usage_books.c.written <= bindparam("before")))
        .limit(BATCH)
    )
)


class SqlUsageRecords:
    """The accounts of usage in a database; see `ports.usage.UsageRecords`.

    Args:
        clock: of the wall.
        keep: how long sums are kept after their day.
    """

    def __init__(self, database: RecordsDatabase, clock: Clock, keep: timedelta) -> None:
        self._database = database
        self._statements = writing.UsageStatements.of(database.dialect)
        self._clock = clock
        self._keep = keep

    async def write(self, process: str, began: datetime, batch: UsageBatch) -> None:
        """Add a batch to the accounts."""
        statements = self._statements
        await self._database.write(lambda connection: writing.write(connection, statements, process, began, batch))

    async def close(self, process: str) -> None:
        """Close the book of a process."""
        now = micros(self._clock.today())
        await self._database.write(lambda connection: writing.close(connection, process, now))

    async def query(self, query: UsageQuery, after: UsageRow | None, most: int) -> Sequence[UsageRow]:
        """Return sums."""
        return await self._database.read(lambda connection: reading.query(connection, query, after, most))

    async def books(self, query: UsageQuery, stale: float) -> UsageBooks:
        """Return how far the accounts go."""
        now = self._clock.today()
        return await self._database.read(lambda connection: reading.books(connection, query, now, stale))

    async def sweep(self) -> int:
        """Forget what is kept long enough, a batch of each kind."""
        before = self._clock.today() - self._keep
        first, written = before.date(), micros(before)

        def forget(connection: Connection) -> int:
            sums = connection.execute(_SUMS, {"first": first}).rowcount
            return sums + connection.execute(_BOOKS, {"before": written}).rowcount

        return await self._database.write(forget)
