"""Withdrawing reviews whose callers wait no more, or whose texts are erased.

The times are in microseconds since 1970.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from groundwire_server.adapters.records.audit.trail import AuditEvent
from groundwire_server.adapters.records.cases.writing import forget_cases
from groundwire_server.adapters.records.operations.rows import AnyRow
from groundwire_server.adapters.records.tables.reviews import reviews
from groundwire_server.domain.review import OPEN_STATES, ReviewState

OPEN: Final = tuple(sorted(OPEN_STATES))
"""The states of reviews that wait for a decision."""

AS_ENDED: Final[dict[str, Any]] = {
    "state": bindparam("end"),
    "lease_until": None,
    "version": reviews.c.version + 1,
    "expires": bindparam("now", type_=reviews.c.expires.type) + reviews.c.keep,
}
"""What every end writes into the row: it is forgotten once it was kept long enough."""

_WAITING_FOR: Final = (
    select(reviews.c.ticket, reviews.c.case_id)
    .where(
        reviews.c.tenant == bindparam("of"),
        reviews.c.operation_id.in_(bindparam("those", expanding=True)),
        reviews.c.state.in_(OPEN),
    )
    .order_by(reviews.c.ticket)
    .with_for_update()
)

_WITHDRAW: Final = (
    update(reviews).where(reviews.c.ticket.in_(bindparam("those", expanding=True))).values(**AS_ENDED, reviewer="")
)


def withdraw(
    connection: Connection, tenant: str, operation_ids: Collection[str], now: int, actor: str
) -> Sequence[AuditEvent]:
    """Withdraw the reviews that a tenant's operations wait for, with their texts; return what is to be written down."""
    return withdraw_rows(connection, reviews_of(connection, tenant, operation_ids), now, actor, "cancelled")


def reviews_of(connection: Connection, tenant: str, operation_ids: Collection[str]) -> Sequence[AnyRow]:
    """Return the rows of the reviews that operations wait for, and lock them."""
    if not operation_ids:
        return ()
    return connection.execute(_WAITING_FOR, {"of": tenant, "those": sorted(operation_ids)}).all()


def withdraw_rows(
    connection: Connection, rows: Sequence[AnyRow], now: int, actor: str, why: str
) -> Sequence[AuditEvent]:
    """Withdraw reviews that are open; see `withdraw`.

    Args:
        connection: has locked them.
        rows: theirs.
        now: when.
        actor: the subject that no longer waits; empty where the service does it.
        why: `cancelled` or `erased`.
    """
    if not rows:
        return ()
    tickets = [row.ticket for row in rows]
    connection.execute(_WITHDRAW, {"those": tickets, "end": ReviewState.WITHDRAWN, "now": now})
    # Nobody will read them, and nobody has had the answer.
    forget_cases(connection, [row.case_id for row in rows])
    return [AuditEvent("review.withdrawn", target_of(ticket), actor, {"why": why}) for ticket in tickets]


def target_of(ticket: str) -> str:
    """Return how the audit trail names a review."""
    return f"reviews/{ticket}"
