"""Forgetting what was kept long enough."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Delete, Table, bindparam, delete, select

from groundwire_server.adapters.records.operations.rows import FORMAT
from groundwire_server.adapters.records.tables.operations import history, ledger, operations
from groundwire_server.domain.vocabulary import OperationState

BATCH: Final = 500
"""Rows that are forgotten in one transaction."""


@dataclass(frozen=True, slots=True)
class KeepTimes:
    """How long rows are kept.

    Attributes:
        done: operations that are done, with their answers.
        history: entries of the history.
        ledger: rows of the ledger that are settled.
    """

    done: timedelta
    history: timedelta
    ledger: timedelta


def _some(table: Table, key: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Delete:
    return delete(table).where(key.in_(select(key).where(*conditions).limit(BATCH)))


_OPERATIONS: Final = _some(
    operations,
    operations.c.operation_id,
    operations.c.state == OperationState.DONE,
    operations.c.expires <= bindparam("before"),
    operations.c.format <= FORMAT,
)
_HISTORY: Final = _some(history, history.c.number, history.c.at <= bindparam("before"))
_LEDGER: Final = _some(ledger, ledger.c.operation_id, ledger.c.settled <= bindparam("before"))


def forget_kept(connection: Connection, keep: KeepTimes, now: int) -> int:
    """Delete rows that were kept long enough, a batch of each kind; return how many."""
    forgotten = 0
    for statement, kept in ((_OPERATIONS, timedelta()), (_HISTORY, keep.history), (_LEDGER, keep.ledger)):
        before = now - kept // timedelta(microseconds=1)
        forgotten += connection.execute(statement, {"before": before}).rowcount
    return forgotten
