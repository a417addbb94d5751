"""The order in which operations are taken up: by priority, then by turns that are fair to tenants."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Float, case, func, literal, select, tuple_

from groundwire_server.adapters.records.tables import operations
from groundwire_server.domain.vocabulary import OperationState

QUEUED: Final = operations.c.state == OperationState.QUEUED


def order(table: Any = operations) -> tuple[Any, Any, Any]:
    """Return the columns that say the order; no two rows have the same values."""
    return table.c.priority, table.c.turn, table.c.operation_id


def position() -> ColumnElement[int]:
    """Return how many operations come before one that waits; 0 for others."""
    ahead = operations.alias("ahead")
    before = select(func.count()).select_from(ahead)
    before = before.where(ahead.c.state == OperationState.QUEUED, tuple_(*order(ahead)) < tuple_(*order()))
    return case((QUEUED, before.correlate(operations).scalar_subquery()), else_=0)


def waiting(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """Return how many operations wait."""
    return select(func.count()).select_from(operations).where(QUEUED, *conditions).scalar_subquery()


def next_turn(
    tenant: ColumnElement[str], priority: ColumnElement[int], share: ColumnElement[float], now: ColumnElement[int]
) -> ColumnElement[float]:
    """Return the turn of a new operation, by start-time fair queueing: a virtual time.

    It is the time that the work on this priority has reached, and not before the end of the tenant's last that waits.
    One that waits for another attempt does not say what has been reached: it would hold the time back until then.
    A share is what one operation of the tenant takes of the virtual time: the reverse of its weight.
    """
    turn, same = operations.c.turn, operations.c.priority == priority
    first = select(turn).where(QUEUED, same, operations.c.due <= now).order_by(turn).limit(1).scalar_subquery()
    running = operations.c.state == OperationState.RUNNING
    begun = select(func.max(turn)).where(running, same).scalar_subquery()
    last = select(func.max(turn)).where(QUEUED, same, operations.c.tenant == tenant).scalar_subquery()
    reached, own = func.coalesce(first, begun, literal(0.0), type_=Float), last + share
    return case((own > reached, own), else_=reached)
