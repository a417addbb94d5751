"""The order in which operations are taken up: by priority, then by turns that are fair to tenants."""

from typing import Final

from sqlalchemy import ColumnElement, Float, Integer, case, func, literal, literal_column, select

from groundwire_server.adapters.records.tables.operations import ledger, operations
from groundwire_server.domain.vocabulary import OperationState

ORDER: Final = (operations.c.priority, operations.c.turn, operations.c.operation_id)
"""No two rows have the same values."""

QUEUED: Final = operations.c.state == OperationState.QUEUED


def position() -> ColumnElement[int]:
    """Return how many operations come before one that waits; 0 for others.

    It is written out: within RETURNING, SQLAlchemy leaves away the names of tables that tell the one from the others.
    """
    return literal_column(
        "CASE WHEN operations.state = 'QUEUED' THEN (SELECT count(*) FROM operations AS ahead"
        " WHERE ahead.state = 'QUEUED' AND (ahead.priority, ahead.turn, ahead.operation_id)"
        " < (operations.priority, operations.turn, operations.operation_id)) ELSE 0 END",
        Integer,
    )


def waiting(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """Return how many operations wait, for their turn or, halted, for an operator."""
    held = operations.c.state.in_((OperationState.QUEUED, OperationState.HALTED))
    return select(func.count()).select_from(operations).where(held, *conditions).scalar_subquery()


def next_turn(
    tenant: ColumnElement[str], priority: ColumnElement[int], share: ColumnElement[float], now: ColumnElement[int]
) -> ColumnElement[float]:
    """Return the turn of a new operation, by start-time fair queueing: a virtual time.

    It is the time that the work on this priority has reached, and not before the end of the tenant's last. The ledger
    remembers that one, whether it waits, is done or was deleted: a tenant gains nothing by keeping one question waiting
    at a time. One that waits for another attempt does not say what has been reached: it would hold the time back until
    then. A share is what one operation of the tenant takes of the virtual time: the reverse of its weight.
    """
    turn, same = operations.c.turn, operations.c.priority == priority
    first = select(turn).where(QUEUED, same, operations.c.due <= now).order_by(turn).limit(1).scalar_subquery()
    running = operations.c.state == OperationState.RUNNING
    begun = select(func.max(turn)).where(running, same).scalar_subquery()
    served = select(func.max(ledger.c.turn)).where(ledger.c.priority == priority)
    last = served.where(ledger.c.tenant == tenant).scalar_subquery()
    reached = func.coalesce(first, begun, served.scalar_subquery(), literal(0.0), type_=Float)
    own = last + share
    return case((own > reached, own), else_=reached)
