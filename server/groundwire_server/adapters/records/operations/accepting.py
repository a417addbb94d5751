"""Accepting an operation: its place in the fair order, the bounds of what may wait, and one operation a request id."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Float, Integer, Select, and_, bindparam, delete, literal, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import ReturningInsert

from groundwire_server.adapters.records.operations.journal import AT_ONCE, WORK, OperationChange, record, reserve
from groundwire_server.adapters.records.operations.order import next_turn, position, waiting
from groundwire_server.adapters.records.operations.reading import TICKET
from groundwire_server.adapters.records.operations.rows import (
    FORMAT,
    AnyRow,
    OperationRows,
    micros,
    trace_id,
)
from groundwire_server.adapters.records.tables.operations import operations
from groundwire_server.adapters.records.transactions import RecordsDialect
from groundwire_server.domain.fairness.parties import RANKS
from groundwire_server.domain.operation import Operation, OperationKey, QueuedQuestion
from groundwire_server.domain.vocabulary import OperationState
from groundwire_server.ports.operations import FingerprintError, QuestionTooLargeError, QueueBounds, QueueFullError

_GIVEN: Final = (
    *("operation_id", "tenant", "subject", "end_user", "route", "request_id", "trace_id", "fingerprint", "priority"),
    *("attempts_most", "due", "accepted", "expires", "cause", "sealed_question", "sealed_webhook"),
)
"""The columns whose values are given."""


def insertion(dialect: RecordsDialect) -> ReturningInsert[Any]:
    """Return the statement that inserts an operation where the bounds allow it and the request id is new.

    It returns the operation's position and its turn, and no row where it has inserted none.
    """
    if dialect is RecordsDialect.POSTGRESQL:
        # Imported here: a tenth of what SQLAlchemy adds to a start.
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        made: postgresql.Insert | sqlite.Insert = postgresql.insert(operations)
    else:
        made = sqlite.insert(operations)
    given: dict[str, ColumnElement[Any]] = {name: bindparam(name, type_=operations.c[name].type) for name in _GIVEN}
    tenant = given["tenant"]
    values = given | {
        "turn": next_turn(tenant, given["priority"], bindparam("share", type_=Float), given["accepted"]),
        "state": literal(OperationState.QUEUED.value),
        "attempts": literal(0),
        "format": literal(FORMAT),
    }
    allowed = and_(
        waiting() < bindparam("most", type_=Integer),
        waiting(operations.c.tenant == tenant) < bindparam("most_of_tenant", type_=Integer),
    )
    chosen: Select[Any] = select(*(value.label(name) for name, value in values.items())).where(allowed)
    alone = made.from_select(list(values), chosen).on_conflict_do_nothing(
        index_elements=["tenant", "subject", "request_id"]
    )
    inserted: ReturningInsert[Any] = alone.returning(position(), operations.c.turn)
    return inserted


_EARLIER: Final = select(operations, TICKET, position().label("position")).where(
    operations.c.tenant == bindparam("tenant"),
    operations.c.subject == bindparam("subject"),
    operations.c.request_id == bindparam("request_id"),
)

# It is kept no longer, and waits to be swept.
FORGET: Final = delete(operations).where(
    operations.c.tenant == bindparam("tenant"),
    operations.c.subject == bindparam("subject"),
    operations.c.request_id == bindparam("request_id"),
    operations.c.state == OperationState.DONE,
    operations.c.expires <= bindparam("accepted"),
    operations.c.format <= FORMAT,
)
"""Deletes the operation of a request that has been done for long enough."""

_OF_TENANT: Final = select(waiting(operations.c.tenant == bindparam("tenant")))


def accept(
    connection: Connection,
    insertion: ReturningInsert[Any],
    rows: OperationRows,
    key: OperationKey,
    work: QueuedQuestion,
    bounds: QueueBounds,
    attempts: int,
) -> Operation:
    """Insert an operation by `insertion`, in four statements; see `OperationRecords.accept`.

    Where PostgreSQL accepts several at the same moment, each counts without the others: the bounds may be exceeded by
    as many, less one. SQLite accepts one after the other.
    """
    question, sealed = work.question, rows.sealed_question(key, work)
    if len(sealed) > bounds.question_bytes:
        raise QuestionTooLargeError
    accepted, trace = micros(work.accepted), trace_id(work.traceparent)
    values: dict[str, object] = {
        "operation_id": key.operation_id,
        "tenant": key.tenant,
        "subject": key.subject,
        "end_user": rows.end_user(key.tenant, question.end_user_id),
        "route": question.route,
        "request_id": question.request_id,
        "trace_id": trace,
        "fingerprint": rows.fingerprints(_request(key, work), work.fingerprint)[0],
        "priority": RANKS[question.priority],
        "attempts_most": attempts,
        "due": AT_ONCE,
        "accepted": accepted,
        "expires": micros(work.answer_by),
        "cause": work.cause,
        "sealed_question": sealed,
        "sealed_webhook": rows.sealed_webhook(key, work.webhook),
        "share": 1.0 / bounds.weight,
        "most": bounds.waiting,
        "most_of_tenant": bounds.waiting_per_tenant,
    }
    inserted = connection.execute(insertion, values).first()
    if inserted is None and connection.execute(FORGET, values).rowcount:
        inserted = connection.execute(insertion, values).first()
    if inserted is None:
        return _earlier(connection, rows, key, work, bounds)
    place, turn = inserted
    reserve(connection, key, question.route, work.most_cost, accepted, RANKS[question.priority], turn)
    record(connection, accepted, [OperationChange(key.tenant, key.operation_id, 0, ("accepted",), posts=(WORK,))])
    return Operation(
        key=key,
        state=OperationState.QUEUED,
        route=question.route,
        request_id=question.request_id,
        trace_id=trace,
        accepted=work.accepted,
        expires=work.answer_by,
        position=place,
        cause=work.cause,
    )


def _request(key: OperationKey, work: QueuedQuestion) -> OperationKey:
    """Return what tells the caller's requests apart: the operation of a second one has another id."""
    return OperationKey(key.tenant, key.subject, work.question.request_id)


def _earlier(
    connection: Connection, rows: OperationRows, key: OperationKey, work: QueuedQuestion, bounds: QueueBounds
) -> Operation:
    same = {"tenant": key.tenant, "subject": key.subject, "request_id": work.question.request_id}
    earlier: AnyRow | None = connection.execute(_EARLIER, same).first()
    if earlier is None:
        of_tenant = connection.execute(_OF_TENANT, {"tenant": key.tenant}).scalar_one()
        raise QueueFullError(tenant=of_tenant >= bounds.waiting_per_tenant)
    if earlier.fingerprint not in rows.fingerprints(_request(key, work), work.fingerprint):
        raise FingerprintError
    return rows.operation(earlier, earlier.position)
