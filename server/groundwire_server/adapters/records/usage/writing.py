"""Writing the accounts of usage: sums, and how far each process has written.

Times are in microseconds since 1970.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import Connection, Table, bindparam, delete, insert, update
from sqlalchemy.dialects import sqlite

from groundwire_server.adapters.records.operations.rows import micros
from groundwire_server.adapters.records.tables.usage import usage, usage_books, usage_open_calls
from groundwire_server.adapters.records.transactions import RecordsDialect
from groundwire_server.ports.usage import UsageBatch, UsageKey, UsageSum

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_Insert: TypeAlias = "sqlite.Insert | postgresql.Insert"

SUMS: Final = (
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "cost_micros",
    "calls",
    "estimated_calls",
)
"""The columns that are added up; `UsageSum` has the same names."""

_FORGET_OPEN_CALLS: Final = delete(usage_open_calls).where(usage_open_calls.c.process == bindparam("of"))

_OPEN_CALLS: Final = insert(usage_open_calls).inline()

_CLOSE: Final = (
    update(usage_books).where(usage_books.c.process == bindparam("of")).values(closed=bindparam("closed_at"))
)


@dataclass(frozen=True, slots=True)
class UsageStatements:
    """The statements that the dialects write in different ways.

    Attributes:
        book: moves a process's book on to a batch, and changes no row where it is there already.
        add: adds to sums.
    """

    book: Any
    add: Any

    @classmethod
    def of(cls, dialect: RecordsDialect) -> "UsageStatements":
        """Return those of a dialect."""
        book, add = _insert(dialect, usage_books), _insert(dialect, usage)
        moved = {name: book.excluded[name] for name in ("written", "batch")}
        added = {name: usage.c[name] + add.excluded[name] for name in SUMS}
        return cls(
            book.on_conflict_do_update(
                index_elements=usage_books.primary_key.columns,
                set_=moved,
                where=usage_books.c.batch < book.excluded.batch,
            ),
            add.on_conflict_do_update(index_elements=usage.primary_key.columns, set_=added),
        )


def _insert(dialect: RecordsDialect, table: Table) -> Any:
    if dialect is RecordsDialect.SQLITE:
        return sqlite.insert(table)
    # Imported here: a tenth of what SQLAlchemy adds to a start.
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415

    return postgresql.insert(table)


def write(
    connection: Connection, statements: UsageStatements, process: str, began: datetime, batch: UsageBatch
) -> None:
    """Write a batch, unless it is there already: a commit that broke off may have come through."""
    book = {"process": process, "began": micros(began), "written": micros(batch.cut), "batch": batch.number}
    if not connection.execute(statements.book, book).rowcount:
        return
    connection.execute(_FORGET_OPEN_CALLS, {"of": process})
    if batch.open_calls:
        calls = [{"process": process, "tenant": tenant, "calls": count} for tenant, count in batch.open_calls.items()]
        connection.execute(_OPEN_CALLS, calls)
    if batch.sums:
        # In one order: two processes that add to the same sums would else wait for each other.
        connection.execute(statements.add, [_row(key, batch.sums[key]) for key in sorted(batch.sums, key=_order)])


def close(connection: Connection, process: str, now: int) -> None:
    """Close the book of a process."""
    connection.execute(_FORGET_OPEN_CALLS, {"of": process})
    connection.execute(_CLOSE, {"of": process, "closed_at": now})


def _order(key: UsageKey) -> tuple[Any, ...]:
    return (key.tenant, key.day, key.subject, key.route, key.model, key.purpose, key.currency)


def _row(key: UsageKey, sums: UsageSum) -> dict[str, Any]:
    return {
        "tenant": key.tenant,
        "day": key.day,
        "subject": key.subject,
        "route": key.route,
        "model": key.model,
        "purpose": key.purpose.value,
        "currency": key.currency,
        **{name: getattr(sums, name) for name in SUMS},
    }
