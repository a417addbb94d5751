"""Ending operations that are not done: for their subject, or because their time is over.

Times are in microseconds since 1970: `now`, and when the row is `forgotten`.
"""

from collections.abc import Sequence, Set
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from groundwire_server.adapters.records.audit.trail import AuditTrail
from groundwire_server.adapters.records.operations.journal import ENDED, WEBHOOK, OperationChange, record, unsettled
from groundwire_server.adapters.records.operations.rows import FORMAT, AnyRow
from groundwire_server.adapters.records.reviews.withdrawing import withdraw
from groundwire_server.adapters.records.tables.operations import operations, outbox
from groundwire_server.domain.operation import OperationKey
from groundwire_server.domain.vocabulary import OperationState, Reason

OPEN: Final = tuple(state for state in OperationState if state is not OperationState.DONE)
"""The states of operations that are not done."""

_ENDED_BY_TIME: Final = tuple(state for state in OPEN if state is not OperationState.IN_REVIEW)
"""Of those, the states that an operation's own time ends; a review has a time of its own."""

AS_DONE: Final[dict[str, Any]] = {
    "state": OperationState.DONE,
    "worker": None,
    "lease_until": None,
    # Nobody will work on it: its question goes.
    "sealed_question": None,
    "ended": bindparam("now"),
    "expires": bindparam("forgotten"),
}
"""What every end writes into the row."""

KEPT: Final = or_(operations.c.state != OperationState.DONE, operations.c.expires > bindparam("now"))
"""What is not due to be forgotten."""

NAMED: Final = (
    operations.c.operation_id == bindparam("of"),
    operations.c.tenant == bindparam("tenant"),
    operations.c.subject == bindparam("subject"),
)
"""The operation of a key; `named` returns its values."""

BATCH: Final = 500
"""Operations that end in one transaction."""

_STANDING: Final = select(
    operations.c.operation_id,
    operations.c.tenant,
    operations.c.attempts,
    operations.c.state,
    operations.c.expires,
    operations.c.sealed_webhook,
)

_OWN: Final = _STANDING.where(*NAMED, KEPT).with_for_update()

_OVERDUE: Final = (
    _STANDING.where(
        operations.c.state.in_(_ENDED_BY_TIME), operations.c.expires <= bindparam("now"), operations.c.format <= FORMAT
    )
    .order_by(operations.c.expires)
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)

_END: Final = (
    update(operations)
    .where(operations.c.operation_id.in_(bindparam("ending", expanding=True)))
    .values(**AS_DONE, error=bindparam("reason"))
)

_DELETE: Final = delete(operations).where(operations.c.operation_id == bindparam("of"))

_UNPOST: Final = delete(outbox).where(outbox.c.operation_id == bindparam("of"))


def named(key: OperationKey) -> dict[str, object]:
    """Return the values of `NAMED`."""
    return {"of": key.operation_id, "tenant": key.tenant, "subject": key.subject}


def end_posts(row: AnyRow) -> tuple[str, ...]:
    """Return the entries of the outbox that the end of a row makes; the row holds its `sealed_webhook`."""
    # Not asked in RETURNING: there SQLite 3.40 takes what may be NULL for a column that may not.
    return (ENDED,) if row.sealed_webhook is None else (ENDED, WEBHOOK)


def cancel(connection: Connection, trail: AuditTrail, key: OperationKey, now: int, forgotten: int) -> None:
    """End an operation of a subject with CANCELLED, unless it is done; a review of it is withdrawn."""
    standing = connection.execute(_OWN, named(key) | {"now": now}).all()
    _end([row for row in standing if row.state in OPEN], Reason.CANCELLED, connection, now, forgotten)
    _withdraw(connection, trail, key, standing, now)


def end_where_overdue(connection: Connection, key: OperationKey, now: int, forgotten: int) -> None:
    """End an operation of a subject where its time is over; the times are as those of `cancel`."""
    standing = connection.execute(_OWN, named(key) | {"now": now}).all()
    overdue = [row for row in standing if row.state in _ENDED_BY_TIME and row.expires <= now]
    _end(overdue, Reason.OPERATION_EXPIRED, connection, now, forgotten)


def forget(connection: Connection, trail: AuditTrail, key: OperationKey, now: int) -> bool:
    """Delete an operation of a subject, and settle it where it is not done; return False where there is none.

    A review of it is withdrawn.
    """
    row = connection.execute(_OWN, named(key) | {"now": now}).first()
    if row is None:
        return False
    connection.execute(_UNPOST, {"of": row.operation_id})
    connection.execute(_DELETE, {"of": row.operation_id})
    if row.state in OPEN:
        record(connection, now, [_ended(row, Reason.CANCELLED, (ENDED,), _on_ledger(connection, [row]))])
    _withdraw(connection, trail, key, [row], now)
    return True


def end_overdue(connection: Connection, now: int, forgotten: int) -> int:
    """End operations whose time is over, a batch of them; return how many."""
    overdue = connection.execute(_OVERDUE, {"now": now}).all()
    _end(overdue, Reason.OPERATION_EXPIRED, connection, now, forgotten)
    return len(overdue)


def _end(rows: Sequence[AnyRow], reason: Reason, connection: Connection, now: int, forgotten: int) -> None:
    if not rows:
        return
    given = {"ending": [row.operation_id for row in rows], "now": now, "forgotten": forgotten, "reason": reason}
    connection.execute(_END, given)
    on_ledger = _on_ledger(connection, rows)
    record(connection, now, [_ended(row, reason, end_posts(row), on_ledger) for row in rows])


def _withdraw(
    connection: Connection, trail: AuditTrail, key: OperationKey, standing: Sequence[AnyRow], now: int
) -> None:
    if any(row.state == OperationState.IN_REVIEW for row in standing):
        withdrawn = withdraw(connection, key.tenant, [key.operation_id], now, key.subject)
        trail.append(connection, key.tenant, now, withdrawn)


def _on_ledger(connection: Connection, rows: Sequence[AnyRow]) -> Set[str]:
    """Return the ids of operations in review that have a row of the ledger: those of direct calls have none."""
    return unsettled(connection, [row.operation_id for row in rows if row.state == OperationState.IN_REVIEW])


_EVENTS: Final = {Reason.CANCELLED: "cancelled", Reason.OPERATION_EXPIRED: "expired"}


def _ended(row: AnyRow, reason: Reason, posts: tuple[str, ...], on_ledger: Set[str]) -> OperationChange:
    return OperationChange(
        row.tenant,
        row.operation_id,
        row.attempts,
        (_EVENTS[reason],),
        settles=row.state != OperationState.IN_REVIEW or row.operation_id in on_ledger,
        # The worker finds its claim gone, and has nobody to say to what it has consumed.
        lost=int(row.state == OperationState.RUNNING),
        posts=posts,
    )
