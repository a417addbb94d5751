"""Attempts that bring no outcome: the next one, the halt after the last, and more of them from an operator.

Times are in microseconds since 1970.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, case, null, select, update

from groundwire_server.adapters.records.operations.claiming import HELD, held
from groundwire_server.adapters.records.operations.journal import AT_ONCE, ENDED, WORK, OperationChange, record
from groundwire_server.adapters.records.operations.rows import FORMAT
from groundwire_server.adapters.records.tables.operations import operations
from groundwire_server.domain.operation import Bill, Claim
from groundwire_server.domain.vocabulary import Cause, OperationState

_BATCH: Final = 100
"""Lost claims that are given back in one transaction."""


def _where_used_up(value: Any, otherwise: Any) -> ColumnElement[Any]:
    return case((operations.c.attempts >= operations.c.attempts_most, value), else_=otherwise)


_WITHOUT_OUTCOME: Final[dict[str, Any]] = {
    "state": _where_used_up(OperationState.HALTED.value, OperationState.QUEUED.value),
    "ended": _where_used_up(bindparam("now", type_=operations.c.ended.type), null()),
    "worker": None,
    "lease_until": None,
}

_RETRY: Final = (
    update(operations)
    .where(*HELD)
    .values(**_WITHOUT_OUTCOME, due=bindparam("again"), cause=bindparam("why"))
    .returning(operations.c.state)
)

# An attempt's number is never used again: one more is allowed in its place.
_RELEASE: Final = (
    update(operations)
    .where(*HELD)
    .values(
        state=OperationState.QUEUED,
        attempts_most=operations.c.attempts_most + 1,
        due=bindparam("again"),
        worker=None,
        lease_until=None,
    )
)

_LOST: Final = (
    select(operations.c.operation_id)
    .where(
        operations.c.state == OperationState.RUNNING,
        operations.c.lease_until <= bindparam("now"),
        operations.c.format <= FORMAT,
    )
    .order_by(operations.c.lease_until)
    .limit(_BATCH)
    .with_for_update(skip_locked=True)
)

_GIVE_BACK: Final = (
    update(operations)
    .where(operations.c.operation_id.in_(_LOST))
    .values(**_WITHOUT_OUTCOME, due=AT_ONCE)
    .returning(operations.c.tenant, operations.c.operation_id, operations.c.attempts, operations.c.state)
)

_REQUEUE: Final = (
    update(operations)
    .where(
        operations.c.operation_id == bindparam("of"),
        operations.c.tenant == bindparam("within"),
        operations.c.state == OperationState.HALTED,
        operations.c.expires > bindparam("now"),
        operations.c.format <= FORMAT,
    )
    .values(
        state=OperationState.QUEUED,
        attempts_most=operations.c.attempts + bindparam("more"),
        due=AT_ONCE,
        ended=None,
    )
    .returning(operations)
)


def retry(connection: Connection, claim: Claim, cause: Cause, bill: Bill, now: int, again: int) -> bool:
    """Let an operation wait for its next attempt; see `OperationRecords.retry`."""
    given = held(claim) | {"now": now, "again": again, "why": cause}
    row = connection.execute(_RETRY, given).first()
    if row is None:
        return False
    halted = row.state == OperationState.HALTED
    change = OperationChange(
        claim.key.tenant,
        claim.key.operation_id,
        claim.attempt,
        ("halted" if halted else "retried",),
        bill=bill,
        posts=(ENDED if halted else WORK,),
        due=again,
    )
    record(connection, now, [change])
    return True


def release(connection: Connection, claim: Claim, bill: Bill, now: int, again: int) -> bool:
    """Let an operation wait without using up an attempt; see `OperationRecords.release`."""
    if connection.execute(_RELEASE, held(claim) | {"again": again}).rowcount != 1:
        return False
    key = claim.key
    change = OperationChange(
        key.tenant, key.operation_id, claim.attempt, ("released",), bill=bill, posts=(WORK,), due=again
    )
    record(connection, now, [change])
    return True


def give_back_lost(connection: Connection, now: int) -> int:
    """Let operations wait again whose lease has ended, or halt them; return how many there were.

    The ledger counts each as a lost attempt: what it has consumed is not known.
    """
    lost = connection.execute(_GIVE_BACK, {"now": now}).all()
    changes = []
    for row in lost:
        halted = row.state == OperationState.HALTED
        events, posts = (("halted",), (ENDED,)) if halted else ((), ())
        changes.append(OperationChange(row.tenant, row.operation_id, row.attempts, events, lost=1, posts=posts))
    record(connection, now, changes)
    return len(lost)


def requeue(connection: Connection, tenant: str, operation_id: str, attempts: int, now: int) -> bool:
    """Give a halted operation more attempts; return False where the tenant has no halted one of this id."""
    given = {"of": operation_id, "within": tenant, "more": attempts, "now": now}
    row = connection.execute(_REQUEUE, given).first()
    if row is None:
        return False
    record(connection, now, [OperationChange(tenant, operation_id, row.attempts, ("requeued",), posts=(WORK,))])
    return True
