"""Forgetting reviews and cases that were kept long enough. The time is in microseconds since 1970."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from groundwire_server.adapters.records.cases.rows import FORMAT
from groundwire_server.adapters.records.reviews.withdrawing import OPEN
from groundwire_server.adapters.records.tables.reviews import cases, reviews
from groundwire_server.domain.review import OPEN_STATES, ReviewState

_BATCH: Final = 500
"""Rows of a kind that are forgotten in one transaction."""

_ENDED: Final = tuple(sorted(frozenset(ReviewState) - OPEN_STATES))

_WAITED_FOR: Final = select(reviews.c.ticket).where(reviews.c.case_id == cases.c.case_id, reviews.c.state.in_(OPEN))

KEPT_CASES: Final = (
    select(cases.c.case_id)
    .where(cases.c.expires <= bindparam("now"), cases.c.format <= FORMAT, ~_WAITED_FOR.exists())
    .order_by(cases.c.expires)
    .limit(_BATCH)
    .with_for_update(skip_locked=True)
)
"""Cases that were kept long enough."""

ENDED: Final = (
    select(reviews.c.ticket)
    .where(reviews.c.state == bindparam("its_state"), reviews.c.expires <= bindparam("now"), reviews.c.format <= FORMAT)
    .order_by(reviews.c.expires)
    .limit(_BATCH)
    .with_for_update(skip_locked=True)
)
"""Reviews that were kept long enough after an end."""

_CASES: Final = delete(cases).where(cases.c.case_id.in_(KEPT_CASES))
_REVIEWS: Final = delete(reviews).where(reviews.c.ticket.in_(ENDED))


def forget_kept(connection: Connection, now: int) -> int:
    """Delete rows that were kept long enough, a batch of each kind; return how many."""
    gone = connection.execute(_CASES, {"now": now}).rowcount
    for state in _ENDED:
        gone += connection.execute(_REVIEWS, {"its_state": state, "now": now}).rowcount
    return gone
