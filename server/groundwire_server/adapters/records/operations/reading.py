"""Reading operations, how many there are, and what has happened to them.

Times are in microseconds since 1970.
"""

import logging
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, func, or_, select, text, tuple_

from groundwire_server.adapters.records.operations.ending import KEPT, NAMED, OPEN, named
from groundwire_server.adapters.records.operations.order import ORDER, QUEUED, position
from groundwire_server.adapters.records.operations.rows import (
    FORMAT,
    AnyRow,
    OperationRows,
    UnreadableOperationError,
    micros,
    moment,
)
from groundwire_server.adapters.records.tables.operations import history, operations
from groundwire_server.adapters.records.tables.reviews import reviews
from groundwire_server.adapters.records.transactions import RecordsDialect
from groundwire_server.domain.operation import Operation, OperationKey, OperationPlace
from groundwire_server.domain.vocabulary import OperationState
from groundwire_server.ports.operations import HistoryEntry, QueueDepth

_log = logging.getLogger(__name__)

_SEALED: Final = {"sealed_question", "sealed_webhook", "sealed_result"}

_OPEN_TEXTS: Final = [column for column in operations.c if column.name not in _SEALED]

TICKET: Final = (
    select(reviews.c.ticket)
    .where(reviews.c.operation_id == operations.c.operation_id, reviews.c.tenant == operations.c.tenant)
    .limit(1)
    .scalar_subquery()
    .label("ticket")
)
"""The ticket of the review that an operation waits for, or has waited for."""

_KNOWN: Final = select(*_OPEN_TEXTS, TICKET, operations.c.sealed_result, position().label("position")).where(KEPT)

_GET: Final = _KNOWN.where(*NAMED)

_GET_OF_TENANT: Final = _KNOWN.where(
    operations.c.operation_id == bindparam("of"), operations.c.tenant == bindparam("tenant")
)

_PAGE: Final = (
    select(*_OPEN_TEXTS, TICKET)
    .where(operations.c.tenant == bindparam("tenant"), KEPT)
    .order_by(operations.c.accepted, operations.c.operation_id)
    .limit(bindparam("most"))
)

_AFTER: Final = tuple_(operations.c.accepted, operations.c.operation_id) > tuple_(
    bindparam("after_accepted", type_=operations.c.accepted.type),
    bindparam("after_id", type_=operations.c.operation_id.type),
)

_RANKED: Final = (
    select(operations.c.operation_id, (func.row_number().over(order_by=ORDER) - 1).label("position"))
    .where(QUEUED)
    .subquery()
)

_POSITIONS: Final = select(_RANKED).where(_RANKED.c.operation_id.in_(bindparam("those", expanding=True)))

_HISTORY: Final = (
    select(history).where(history.c.number > bindparam("after")).order_by(history.c.number).limit(bindparam("most"))
)

_NEWER: Final = (
    select(func.count())
    .select_from(operations)
    .where(or_(operations.c.format > FORMAT, operations.c.state.not_in(tuple(OperationState))))
)


def get(connection: Connection, rows: OperationRows, key: OperationKey, now: int) -> Operation | None:
    """Return an operation with its position and result; None where the subject has none of this id."""
    row = connection.execute(_GET, named(key) | {"now": now}).first()
    return None if row is None else rows.operation(row, row.position)


def get_of_tenant(
    connection: Connection, rows: OperationRows, tenant: str, operation_id: str, now: int
) -> Operation | None:
    """Return an operation of any subject of a tenant; see `get`."""
    row = connection.execute(_GET_OF_TENANT, {"of": operation_id, "tenant": tenant, "now": now}).first()
    return None if row is None else rows.operation(row, row.position)


def page(
    connection: Connection,
    rows: OperationRows,
    tenant: str,
    subject: str | None,
    states: Collection[OperationState],
    after: OperationPlace | None,
    most: int,
    now: int,
) -> Sequence[Operation]:
    """Return operations without their results; see `OperationRecords.page`.

    Those that a newer server has written are reported and left out.
    """
    found: list[Operation] = []
    last = None if after is None else (micros(after.accepted), after.operation_id)
    while len(found) < most:
        read = _rows(connection, tenant, subject, states, last, most - len(found), now)
        if not read:
            break
        last = (read[-1].accepted, read[-1].operation_id)
        places = _positions(connection, read)
        for row in read:
            try:
                found.append(rows.operation(row, places.get(row.operation_id, 0)))
            except UnreadableOperationError as unreadable:
                report_unreadable(unreadable)
    return found


def depth(connection: Connection, tenant: str | None) -> QueueDepth:
    """Return how many operations are in each state that is not done, of a tenant or of all."""
    within = () if tenant is None else (operations.c.tenant == tenant,)
    oldest = select(func.min(operations.c.accepted)).where(QUEUED, *within).scalar_subquery()
    counted = select(operations.c.state, func.count().label("many"), oldest.label("oldest"))
    asked = counted.where(operations.c.state.in_(OPEN), *within).group_by(operations.c.state)
    counts = connection.execute(asked).all()
    first = next((row.oldest for row in counts), None)
    return QueueDepth({OperationState(row.state): row.many for row in counts}, None if first is None else moment(first))


def read_history(connection: Connection, dialect: RecordsDialect, after: int, most: int) -> Sequence[HistoryEntry]:
    """Return what has happened, in order, after an entry's number, on a connection that writes.

    PostgreSQL gives out numbers before their entries can be seen. Once those that are being written have come to their
    end, no smaller number will appear.
    """
    if dialect is RecordsDialect.POSTGRESQL:
        connection.execute(text(f"LOCK TABLE {history.name} IN SHARE MODE"))
    read = connection.execute(_HISTORY, {"after": after, "most": most})
    return [history_entry(row) for row in read]


def history_entry(row: AnyRow) -> HistoryEntry:
    """Return what a row of the history says."""
    return HistoryEntry(row.number, row.operation_id, row.event, row.attempt, moment(row.at))


def report_newer(connection: Connection) -> None:
    """Report how many operations only a newer server can work on, where there are any."""
    if count := connection.execute(_NEWER).scalar_one():
        _log.warning("operations of a newer groundwire are left alone", extra={"operations": count})


def report_unreadable(unreadable: UnreadableOperationError) -> None:
    """Report an operation that cannot be read."""
    _log.error("an operation cannot be read", extra={"operation": unreadable.operation_id, "why": unreadable.why})


def _rows(
    connection: Connection,
    tenant: str,
    subject: str | None,
    states: Collection[OperationState],
    after: tuple[int, str] | None,
    most: int,
    now: int,
) -> Sequence[AnyRow]:
    asked, values = _PAGE, {"tenant": tenant, "most": most, "now": now}
    if subject is not None:
        asked = asked.where(operations.c.subject == subject)
    if states:
        asked = asked.where(operations.c.state.in_(sorted(states)))
    if after is not None:
        asked, values = asked.where(_AFTER), values | {"after_accepted": after[0], "after_id": after[1]}
    return connection.execute(asked, values).all()


def _positions(connection: Connection, rows: Sequence[AnyRow]) -> dict[str, int]:
    those = [row.operation_id for row in rows if row.state == OperationState.QUEUED]
    if not those:
        return {}
    ranked = connection.execute(_POSITIONS, {"those": those})
    return {row.operation_id: row.position for row in ranked}
