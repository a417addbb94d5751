"""The end that a worker gives to its claim: an outcome or an error.

Times are in microseconds since 1970: `now`, and when the row is `forgotten`.
"""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from groundwire_server.adapters.records.operations.claiming import HELD, held
from groundwire_server.adapters.records.operations.ending import AS_DONE, end_posts
from groundwire_server.adapters.records.operations.journal import OperationChange, record
from groundwire_server.adapters.records.tables.operations import operation_documents, operations
from groundwire_server.domain.operation import Bill, Claim
from groundwire_server.domain.vocabulary import OperationState, Reason

_WEBHOOK: Final = operations.c.sealed_webhook

_COMPLETE: Final = (
    update(operations).where(*HELD).values(**AS_DONE, sealed_result=bindparam("result")).returning(_WEBHOOK)
)

_REFUSE: Final = update(operations).where(*HELD).values(**AS_DONE, error=bindparam("reason")).returning(_WEBHOOK)

_CITE: Final = insert(operation_documents).inline()

IN_REVIEW: Final = (
    select(operations.c.operation_id)
    .where(
        operations.c.operation_id == bindparam("of"),
        operations.c.state == OperationState.IN_REVIEW,
        operations.c.attempts == bindparam("attempt"),
    )
    .with_for_update()
)
"""The operation that an attempt has left to a review; `held` returns its values."""


def complete(
    connection: Connection,
    claim: Claim,
    sealed_result: bytes,
    bill: Bill,
    documents: Collection[str],
    now: int,
    forgotten: int,
) -> bool:
    """Record an outcome; see `OperationRecords.complete`."""
    given = held(claim) | {"now": now, "forgotten": forgotten, "result": sealed_result}
    row = connection.execute(_COMPLETE, given).first()
    if row is None:
        return False
    cite(connection, claim.key.tenant, claim.key.operation_id, documents)
    record(connection, now, [_settled(claim, "effect", bill, end_posts(row))])
    return True


def refuse(connection: Connection, claim: Claim, error: Reason, bill: Bill, now: int, forgotten: int) -> bool:
    """End an operation with an error; see `OperationRecords.refuse`."""
    given = held(claim) | {"now": now, "forgotten": forgotten, "reason": error}
    row = connection.execute(_REFUSE, given).first()
    if row is None:
        return False
    record(connection, now, [_settled(claim, "refused", bill, end_posts(row))])
    return True


def cite(connection: Connection, tenant: str, operation_id: str, documents: Collection[str]) -> None:
    """Write down which documents an outcome cites or shows."""
    own = {"operation_id": operation_id, "tenant": tenant}
    if documents:
        connection.execute(_CITE, [own | {"document_id": document} for document in sorted(set(documents))])


def _settled(claim: Claim, event: str, bill: Bill, posts: tuple[str, ...]) -> OperationChange:
    key = claim.key
    return OperationChange(key.tenant, key.operation_id, claim.attempt, (event,), bill=bill, settles=True, posts=posts)
