"""Who holds a review: claiming it, and giving it back.

Times are in microseconds since 1970.
"""

from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from groundwire_server.adapters.records.audit.trail import AuditEvent, AuditTrail
from groundwire_server.adapters.records.operations.rows import AnyRow
from groundwire_server.adapters.records.reviews.withdrawing import OPEN, target_of
from groundwire_server.adapters.records.tables.reviews import reviews
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.review import ReviewState
from groundwire_server.domain.vocabulary import Reason

NAMED: Final = (reviews.c.tenant == bindparam("within"), reviews.c.ticket == bindparam("named"))

_LOCK: Final = select(reviews).where(*NAMED).with_for_update()

_TAKE: Final = (
    update(reviews)
    .where(*NAMED)
    .values(
        state=ReviewState.CLAIMED,
        reviewer=bindparam("by"),
        lease_until=bindparam("until"),
        version=reviews.c.version + bindparam("change"),
    )
    .returning(reviews)
)

_GIVE_BACK: Final = (
    update(reviews)
    .where(*NAMED)
    .values(state=ReviewState.PENDING, reviewer="", lease_until=None, version=reviews.c.version + 1)
    .returning(reviews)
)


def rejected(reason: Reason, ticket: str, **more: Any) -> Rejection:
    """Return why a review cannot be what a reviewer wants."""
    return Rejection(reason, metadata={"ticket": ticket}, **more)


def locked(connection: Connection, tenant: str, ticket: str) -> AnyRow:
    """Return the row of a review, which no other transaction changes until this one ends.

    Raises:
        Rejection: REVIEW_NOT_FOUND.
    """
    row: AnyRow | None = connection.execute(_LOCK, {"within": tenant, "named": ticket}).first()
    if row is None:
        raise rejected(Reason.REVIEW_NOT_FOUND, ticket)
    return row


def waits(row: AnyRow, now: int) -> bool:
    """Return whether a review can still be decided: one whose time is over cannot, though nobody has ended it yet."""
    return row.state in OPEN and row.answer_by > now


def holder(row: AnyRow, now: int) -> str:
    """Return who holds a review; empty where nobody does, or no longer."""
    held = row.state == ReviewState.CLAIMED and (row.lease_until or 0) > now
    return str(row.reviewer) if held else ""


def claim(
    connection: Connection, trail: AuditTrail, tenant: str, ticket: str, reviewer: str, now: int, until: int
) -> AnyRow:
    """Reserve a review; see `ReviewRecords.claim`."""
    row = locked(connection, tenant, ticket)
    if not waits(row, now):
        raise rejected(Reason.REVIEW_DECIDED, ticket)
    held_by = holder(row, now)
    if held_by and held_by != reviewer:
        raise rejected(Reason.REVIEW_CLAIMED, ticket, retry_after=(row.lease_until - now) / 1_000_000)
    prolonged = bool(held_by)
    given = {"within": tenant, "named": ticket, "by": reviewer, "until": until, "change": int(not prolonged)}
    taken: AnyRow = connection.execute(_TAKE, given).one()
    details = {"etag": str(taken.version)} | ({"prolonged": "true"} if prolonged else {})
    trail.append(connection, tenant, now, [AuditEvent("review.claimed", target_of(ticket), reviewer, details)])
    return taken


def release(connection: Connection, trail: AuditTrail, tenant: str, ticket: str, reviewer: str, now: int) -> AnyRow:
    """Give a review back; see `ReviewRecords.release`."""
    row = locked(connection, tenant, ticket)
    if not waits(row, now):
        raise rejected(Reason.REVIEW_DECIDED, ticket)
    if holder(row, now) != reviewer:
        raise rejected(Reason.REVIEW_NOT_CLAIMED, ticket)
    released: AnyRow = connection.execute(_GIVE_BACK, {"within": tenant, "named": ticket}).one()
    details = {"etag": str(released.version)}
    trail.append(connection, tenant, now, [AuditEvent("review.released", target_of(ticket), reviewer, details)])
    return released
