"""Counting samples: how many were sent for review, decided, and found wrong."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, case, func, select

from groundwire_server.adapters.records.operations.rows import AnyRow, micros
from groundwire_server.adapters.records.tables.reviews import reviews
from groundwire_server.domain.review import ReviewDecision, ReviewKind
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.ports.reviews import SampleCount

_DECIDED: Final = tuple(sorted(each.state for each in ReviewDecision))
_WRONG: Final = (ReviewDecision.EDITED.state, ReviewDecision.REJECTED.state)
_GROUP: Final = (reviews.c.route, reviews.c.weakest_verdict, reviews.c.share)

_COUNTS: Final = (
    select(
        *_GROUP,
        func.count().label("sampled"),
        func.sum(case((reviews.c.state.in_(_DECIDED), 1), else_=0)).label("decided"),
        func.sum(case((reviews.c.state.in_(_WRONG), 1), else_=0)).label("wrong"),
        func.max(reviews.c.created).label("latest"),
    )
    .where(reviews.c.kind == ReviewKind.SAMPLE)
    .group_by(*_GROUP)
)


def measure(
    connection: Connection, tenant: str, since: datetime | None, until: datetime | None, route: str
) -> Sequence[SampleCount]:
    """Count the samples of a tenant; see `ReviewRecords.measure`."""
    asked = _COUNTS.where(reviews.c.tenant == tenant)
    if since is not None:
        asked = asked.where(reviews.c.created >= micros(since))
    if until is not None:
        asked = asked.where(reviews.c.created < micros(until))
    if route:
        asked = asked.where(reviews.c.route == route)
    rows = connection.execute(asked).all()
    counts: dict[tuple[str, Verdict | None], SampleCount] = {}
    # The latest last: its share counts.
    for row in sorted(rows, key=lambda row: row.latest):
        key = row.route, None if row.weakest_verdict is None else Verdict(row.weakest_verdict)
        none = SampleCount(*key, sampled=0, decided=0, wrong=0, share=0.0, lowest_share=1.0)
        counts[key] = _sum(counts.get(key, none), row)
    return [counts[key] for key in sorted(counts, key=_order)]


def _sum(before: SampleCount, row: AnyRow) -> SampleCount:
    return replace(
        before,
        sampled=before.sampled + row.sampled,
        decided=before.decided + row.decided,
        wrong=before.wrong + row.wrong,
        share=row.share,
        lowest_share=min(before.lowest_share, row.share),
    )


def _order(key: tuple[str, Verdict | None]) -> tuple[str, int]:
    route, verdict = key
    return route, len(Verdict) if verdict is None else list(Verdict).index(verdict)
