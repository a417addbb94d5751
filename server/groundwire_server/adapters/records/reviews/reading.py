"""Reading reviews: one, a page of them, those that are overdue, and those that have changed.

Pages are read from indexes that have their order: where only some states are wanted, each state by itself.
Times are in microseconds since 1970.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, func, or_, select, tuple_

from groundwire_server.adapters.records.cases.rows import FORMAT
from groundwire_server.adapters.records.cases.writing import CASE_COLUMNS, QUESTION_COLUMNS
from groundwire_server.adapters.records.operations.rows import AnyRow, micros, moment
from groundwire_server.adapters.records.reviews.claiming import NAMED
from groundwire_server.adapters.records.reviews.withdrawing import OPEN, target_of
from groundwire_server.adapters.records.tables.audit import audit
from groundwire_server.adapters.records.tables.reviews import cases, reviews
from groundwire_server.domain.review import ReviewKind, ReviewState
from groundwire_server.ports.reviews import ReviewPlace, ReviewSelection, WaitingReviews

READ: Final = "review.read"
"""The event of somebody who was shown the texts of a review: it changes nothing."""

_WITH_CASE: Final = select(reviews, *CASE_COLUMNS).outerjoin(
    cases, and_(cases.c.case_id == reviews.c.case_id, cases.c.tenant == reviews.c.tenant)
)

_WITH_QUESTION: Final = select(reviews, *QUESTION_COLUMNS).outerjoin(
    cases, and_(cases.c.case_id == reviews.c.case_id, cases.c.tenant == reviews.c.tenant)
)

GET: Final = _WITH_CASE.where(*NAMED)

_LAPSED: Final = reviews.c.lease_until <= bindparam("now")

OVERDUE: Final = (
    _WITH_CASE.where(
        reviews.c.state == bindparam("its_state"),
        reviews.c.expires <= bindparam("now"),
        reviews.c.format <= FORMAT,
    )
    .order_by(reviews.c.expires)
    .limit(bindparam("most"))
)

_OPEN: Final = (
    select(reviews.c.ticket)
    .where(reviews.c.tenant == bindparam("of"), reviews.c.state.in_(OPEN))
    .limit(bindparam("most"))
)

COUNT_OPEN: Final = select(func.count()).select_from(_OPEN.subquery())

_COUNTS: Final = (
    select(
        reviews.c.kind,
        func.count().label("many"),
        func.min(case((reviews.c.operation_id != "", reviews.c.created))).label("oldest"),
    )
    .where(reviews.c.state.in_(OPEN))
    .group_by(reviews.c.kind)
)

_CHANGES: Final = (
    select(audit.c.sequence, audit.c.target)
    .where(audit.c.tenant == bindparam("of"), audit.c.event.like("review.%"), audit.c.event != READ)
    .limit(bindparam("most"))
)

_CHANGED: Final = _CHANGES.where(audit.c.sequence > bindparam("after")).order_by(audit.c.sequence)

_LAST_CHANGE: Final = _CHANGES.order_by(audit.c.sequence.desc())

_READ_BY: Final = select(audit.c.sequence).where(
    audit.c.tenant == bindparam("of"),
    audit.c.target == bindparam("its_target"),
    audit.c.event == READ,
    audit.c.actor == bindparam("by"),
)


def get(connection: Connection, tenant: str, ticket: str) -> AnyRow | None:
    """Return the row of a review with its case; None where the tenant has none of this ticket."""
    return connection.execute(GET, {"within": tenant, "named": ticket}).first()


def page(
    connection: Connection,
    tenant: str,
    selection: ReviewSelection,
    after: ReviewPlace | None,
    most: int,
    now: int,
    *,
    newest: bool,
) -> Sequence[AnyRow]:
    """Return rows of reviews with their questions; see `ReviewRecords.page`."""
    queries = [page_query(state, selection, after, newest=newest) for state in stored_states(selection.states)]
    values = page_values(tenant, selection, after, most, now)
    pages = (connection.execute(query, values).all() for query in queries)
    return list(islice(merge(*pages, key=_order, reverse=newest), most))


def stored_states(states: frozenset[ReviewState]) -> Iterator[tuple[ReviewState | None, ColumnElement[bool] | None]]:
    """Yield what has to be read for states of the contract: each state of rows, with what else must hold.

    None stands for all states.
    """
    if not states or states == frozenset(ReviewState):
        yield None, None
        return
    pending, claimed = ReviewState.PENDING in states, ReviewState.CLAIMED in states
    for state in sorted(states - {ReviewState.CLAIMED}):
        yield state, None
    if pending or claimed:
        # A claim that has lapsed is as good as none.
        yield ReviewState.CLAIMED, None if pending and claimed else _LAPSED if pending else ~_LAPSED


def page_query(
    stored: tuple[ReviewState | None, ColumnElement[bool] | None],
    selection: ReviewSelection,
    after: ReviewPlace | None,
    *,
    newest: bool,
) -> Select[Any]:
    """Return the query of a page of one of `stored_states`; `page_values` are its values."""
    state, condition = stored
    place = tuple_(reviews.c.created, reviews.c.ticket)
    asked = _WITH_QUESTION.where(reviews.c.tenant == bindparam("of"))
    if state is not None:
        asked = asked.where(reviews.c.state == state)
    if condition is not None:
        asked = asked.where(condition)
    if selection.route:
        asked = asked.where(reviews.c.route == bindparam("its_route"))
    if selection.reviewer:
        held = or_(reviews.c.state != ReviewState.CLAIMED, ~_LAPSED)
        asked = asked.where(reviews.c.reviewer == bindparam("its_reviewer"), held)
    if selection.kinds:
        asked = asked.where(reviews.c.kind.in_(sorted(selection.kinds)))
    if selection.tickets:
        asked = asked.where(reviews.c.ticket.in_(sorted(selection.tickets)))
    if after is not None:
        last = tuple_(
            bindparam("after_created", type_=reviews.c.created.type),
            bindparam("after_ticket", type_=reviews.c.ticket.type),
        )
        asked = asked.where(place < last if newest else place > last)
    order = (reviews.c.created.desc(), reviews.c.ticket.desc()) if newest else (reviews.c.created, reviews.c.ticket)
    return asked.order_by(*order).limit(bindparam("most"))


def page_values(
    tenant: str, selection: ReviewSelection, after: ReviewPlace | None, most: int, now: int
) -> dict[str, object]:
    """Return the values of `page_query`."""
    values: dict[str, object] = {"of": tenant, "most": most, "now": now}
    values |= {"its_route": selection.route, "its_reviewer": selection.reviewer}
    return values if after is None else values | {"after_created": micros(after.created), "after_ticket": after.ticket}


def overdue(connection: Connection, most: int, now: int) -> Sequence[AnyRow]:
    """Return the rows of reviews whose time is over, the longest overdue first; see `ReviewRecords.overdue`."""
    pages = (connection.execute(OVERDUE, {"its_state": state, "now": now, "most": most}).all() for state in OPEN)
    return list(islice(merge(*pages, key=lambda row: row.expires), most))


def count_open(connection: Connection, tenant: str, most: int) -> int:
    """Return how many wait for a decision; counts `most` at most."""
    return connection.execute(COUNT_OPEN, {"of": tenant, "most": most}).scalar_one()


def waiting(connection: Connection) -> WaitingReviews:
    """Return how many of all tenants wait for a decision."""
    rows = connection.execute(_COUNTS).all()
    oldest = min((row.oldest for row in rows if row.oldest is not None), default=None)
    counts = {ReviewKind(row.kind): row.many for row in rows}
    return WaitingReviews(counts, None if oldest is None else moment(oldest))


def changed(connection: Connection, tenant: str, after: int, most: int) -> Sequence[tuple[int, str]]:
    """Return the tickets that have changed; see `ReviewRecords.changed`."""
    if after < 0:
        rows = connection.execute(_LAST_CHANGE, {"of": tenant, "most": 1}).all()
    else:
        rows = connection.execute(_CHANGED, {"of": tenant, "after": after, "most": most}).all()
    beginning = target_of("")
    return [(row.sequence, row.target.removeprefix(beginning)) for row in rows]


def was_read(connection: Connection, tenant: str, ticket: str, reviewer: str) -> bool:
    """Return whether the trail says that a reviewer has read a review."""
    values = {"of": tenant, "its_target": target_of(ticket), "by": reviewer}
    return connection.execute(_READ_BY, values).first() is not None


def _order(row: AnyRow) -> tuple[int, str]:
    return row.created, row.ticket
