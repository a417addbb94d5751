"""Reading the accounts of usage: sums by what is asked for, and the books of processes.

Times are in microseconds since 1970.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, and_, func, literal, select, true, tuple_

from groundwire_server.adapters.records.operations.rows import AnyRow, micros, moment
from groundwire_server.adapters.records.tables.usage import usage, usage_books, usage_open_calls
from groundwire_server.adapters.records.usage.writing import SUMS
from groundwire_server.domain.vocabulary import Purpose
from groundwire_server.ports.usage import (
    OpenBook,
    TenantsUsageQuery,
    UsageBooks,
    UsageDimension,
    UsageQuery,
    UsageRow,
    UsageSum,
)

_MOST_BOOKS: Final = 100
"""Books of one answer: those with the most calls in flight, and the newest."""

_DAY: Final = timedelta(days=1)

_COLUMNS: Final[dict[UsageDimension, Column[Any]]] = {
    UsageDimension.TENANT: usage.c.tenant,
    UsageDimension.DAY: usage.c.day,
    UsageDimension.SUBJECT: usage.c.subject,
    UsageDimension.ROUTE: usage.c.route,
    UsageDimension.MODEL: usage.c.model,
    UsageDimension.PURPOSE: usage.c.purpose,
}


def query(
    connection: Connection, asked: UsageQuery | TenantsUsageQuery, after: UsageRow | None, most: int
) -> Sequence[UsageRow]:
    """Return sums in the order of their dimensions; see `UsageRecords.query`."""
    apart: list[Column[Any]] = [*(_COLUMNS[each] for each in asked.group_by), usage.c.currency]
    statement: Select[Any] = (
        select(*apart, *(func.sum(usage.c[name]).label(name) for name in SUMS))
        .where(_of(usage, asked), usage.c.day.between(asked.first, asked.last))
        .group_by(*apart)
        .order_by(*apart)
        .limit(most)
    )
    for column, name in ((usage.c.subject, asked.subject), (usage.c.route, asked.route), (usage.c.model, asked.model)):
        if name:
            statement = statement.where(column == name)
    if after is not None:
        place = [literal(_value(column, after), column.type) for column in apart]
        statement = statement.where(tuple_(*apart) > tuple_(*place))
    return [_row(row) for row in connection.execute(statement)]


def books(connection: Connection, asked: UsageQuery | TenantsUsageQuery, now: datetime, stale: float) -> UsageBooks:
    """Return how far the accounts go; see `UsageRecords.books`."""
    silent_since = micros(now - timedelta(seconds=stale))
    unclosed: ColumnElement[bool] = usage_books.c.closed.is_(None)
    # What is missing was consumed after the last batch, around midnight on the day after it.
    of_these_days = and_(
        usage_books.c.written >= _begin(asked.first - _DAY), usage_books.c.began < _begin(asked.last + _DAY)
    )
    calls = func.coalesce(func.sum(usage_open_calls.c.calls), 0).label("calls")
    theirs = and_(usage_open_calls.c.process == usage_books.c.process, _of(usage_open_calls, asked))
    found = connection.execute(
        select(usage_books.c.process, usage_books.c.began, usage_books.c.written, calls)
        .select_from(usage_books.outerjoin(usage_open_calls, theirs))
        .where(unclosed, usage_books.c.written <= silent_since, of_these_days)
        .group_by(usage_books.c.process)
        .order_by(calls.desc(), usage_books.c.written.desc(), usage_books.c.process)
        .limit(_MOST_BOOKS)
    ).all()
    living = select(func.min(usage_books.c.written)).where(unclosed, usage_books.c.written > silent_since)
    counted = connection.execute(living).scalar_one()
    return UsageBooks([_book(row) for row in found], now if counted is None else min(now, moment(counted)))


def _of(table: Table, asked: UsageQuery | TenantsUsageQuery) -> ColumnElement[bool]:
    """Return the condition that a row is of the tenants that are asked for: of one, unless the type allows all."""
    if isinstance(asked, TenantsUsageQuery) and not asked.tenant:
        return true()
    return table.c.tenant == asked.tenant


def _begin(day: date) -> int:
    return micros(datetime.combine(day, time(), UTC))


def _value(column: Column[Any], row: UsageRow) -> Any:
    value = getattr(row, column.name)
    return value.value if isinstance(value, Purpose) else value


def _row(row: AnyRow) -> UsageRow:
    found = row._mapping  # noqa: SLF001  # SQLAlchemy's own way to columns by name
    # PostgreSQL sums whole numbers as decimals.
    sums = UsageSum(**{name: int(found[name]) for name in SUMS})
    purpose = found.get("purpose")
    return UsageRow(
        sums,
        found["currency"],
        tenant=found.get("tenant"),
        day=found.get("day"),
        subject=found.get("subject"),
        route=found.get("route"),
        model=found.get("model"),
        purpose=None if purpose is None else Purpose(purpose),
    )


def _book(row: AnyRow) -> OpenBook:
    # PostgreSQL sums whole numbers as decimals.
    return OpenBook(row.process, moment(row.began), moment(row.written), int(row.calls))
