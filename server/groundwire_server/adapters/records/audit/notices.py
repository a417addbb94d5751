"""Notices for ticketing systems: entries of the outbox, written with the audit entries that they report."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, insert

from groundwire_server.adapters.records.tables.operations import outbox
from groundwire_server.ports.outbox import OutboxKind

_KINDS: Final[Mapping[str, OutboxKind]] = {
    "review.opened": OutboxKind.REVIEW_OPENED,
    "review.approved": OutboxKind.REVIEW_DECIDED,
    "review.edited": OutboxKind.REVIEW_DECIDED,
    "review.rejected": OutboxKind.REVIEW_DECIDED,
    "review.expired": OutboxKind.REVIEW_EXPIRED,
    "review.withdrawn": OutboxKind.REVIEW_WITHDRAWN,
}

_REVIEWS: Final = "reviews/"

_POST: Final = insert(outbox).inline()


def post_notices(connection: Connection, tenant: str, now: int, events: Sequence[tuple[str, str]]) -> None:
    """Have ticketing systems notified of reviews that were opened or have ended.

    Args:
        connection: of the transaction.
        tenant: whose reviews they are.
        now: in microseconds since 1970.
        events: each with what it was done to, as the audit trail names both.
    """
    posts = [
        {
            "kind": _KINDS[event],
            "operation_id": target.removeprefix(_REVIEWS),
            "tenant": tenant,
            "due": now,
            "attempts": 0,
            "created": now,
            "receiver": "",
        }
        for event, target in events
        if event in _KINDS
    ]
    if posts:
        connection.execute(_POST, posts)
