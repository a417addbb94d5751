"""Taking up the next operation, and keeping hold of it.

Times are in microseconds since 1970.
"""

from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from groundwire_server.adapters.records.operations.journal import OperationChange, record
from groundwire_server.adapters.records.operations.order import ORDER, QUEUED
from groundwire_server.adapters.records.operations.rows import FORMAT, AnyRow
from groundwire_server.adapters.records.tables.operations import operations
from groundwire_server.domain.operation import Claim
from groundwire_server.domain.vocabulary import OperationState

HELD: Final = (
    operations.c.operation_id == bindparam("of"),
    operations.c.state == OperationState.RUNNING,
    operations.c.attempts == bindparam("attempt"),
)
"""A claim that holds; `held` returns its values.

It does while nobody has ended the operation or taken it up anew. Its lease may be over: clocks may step.
"""

_WORKER_LENGTH: Final = 64

# An index has this order: a claim reads the row that it takes, and those before it that wait for another attempt.
_DUE: Final = (
    select(operations.c.operation_id)
    .where(
        QUEUED,
        operations.c.attempts < operations.c.attempts_most,
        operations.c.due <= bindparam("now"),
        operations.c.expires > bindparam("now"),
        operations.c.format <= FORMAT,
    )
    .order_by(*ORDER)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)

_CLAIM: Final = (
    update(operations)
    .where(operations.c.operation_id == _DUE)
    .values(
        state=OperationState.RUNNING,
        attempts=operations.c.attempts + 1,
        worker=bindparam("by"),
        lease_until=bindparam("until"),
        begun=bindparam("now"),
    )
    .returning(operations)
)

_RENEW: Final = update(operations).where(*HELD).values(lease_until=bindparam("until"))

_PUT_OFF: Final = (
    update(operations).where(operations.c.operation_id == bindparam("of"), QUEUED).values(due=bindparam("until"))
)


def held(claim: Claim) -> dict[str, object]:
    """Return the values of `HELD`."""
    return {"of": claim.key.operation_id, "attempt": claim.attempt}


def take_next(connection: Connection, worker: str, now: int, until: int) -> AnyRow | None:
    """Take up the next operation; return its row, None where none is due."""
    taken = {"now": now, "by": worker[:_WORKER_LENGTH], "until": until}
    row: AnyRow | None = connection.execute(_CLAIM, taken).first()
    if row is not None:
        record(connection, now, [OperationChange(row.tenant, row.operation_id, row.attempts, ("begun",))])
    return row


def renew(connection: Connection, claim: Claim, until: int) -> bool:
    """Prolong a claim, to a time in microseconds since 1970; return False where it holds no more."""
    return connection.execute(_RENEW, held(claim) | {"until": until}).rowcount == 1


def put_off(connection: Connection, operation_id: str, until: int) -> None:
    """Let an operation wait that nobody here can read, so that it does not stand in the way of others."""
    connection.execute(_PUT_OFF, {"of": operation_id, "until": until})
