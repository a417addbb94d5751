"""How the databases find reviews: by indexes that have the order of the page, however many reviews there are."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any

from sqlalchemy import Connection, Select, insert, select, text

from groundwire_server.adapters.records.reviews import reading, sweeping
from groundwire_server.adapters.records.tables.reviews import reviews
from groundwire_server.domain.review import OPEN_STATES, ReviewKind, ReviewState
from groundwire_server.ports.reviews import ReviewPlace, ReviewSelection
from tests.contract.reviews.reviewed import SqlReviews

PLACE = ReviewPlace(datetime(2026, 11, 27, 12, tzinfo=UTC), "t500")
SELECTIONS = {
    "all": ReviewSelection(),
    "pending": ReviewSelection(states=frozenset({ReviewState.PENDING})),
    "open": ReviewSelection(states=OPEN_STATES),
    "decided": ReviewSelection(states=frozenset(ReviewState) - OPEN_STATES),
    "of a route": ReviewSelection(states=OPEN_STATES, route="default"),
    "of a reviewer": ReviewSelection(states=OPEN_STATES, reviewer="rob"),
    "of a kind": ReviewSelection(states=OPEN_STATES, kinds=frozenset({ReviewKind.APPROVAL})),
    "all of a reviewer": ReviewSelection(reviewer="rob"),
}


async def fill(sql: SqlReviews, many: int) -> None:
    """Open reviews in bulk, all of the same case, a tenth of them of another tenant."""
    await sql.reviews.open("t0")

    def copy(connection: Connection) -> None:
        row = connection.execute(select(reviews)).one()._asdict()
        rows = [
            row
            | {
                "ticket": f"t{number}",
                "operation_id": f"{number:032x}",
                "created": row["created"] + number,
                "expires": row["expires"] + number,
                "tenant": "other" if number % 10 == 0 else "acme",
            }
            for number in range(1, many)
        ]
        connection.execute(insert(reviews), rows)
        if connection.dialect.name == "postgresql":
            connection.execute(text("ANALYZE reviews"))
            connection.execute(text("ANALYZE cases"))

    await sql.database.write(copy)


def plan(connection: Connection, asked: Any, values: dict[str, object]) -> str:
    """Return how a database runs a query, in lines.

    PostgreSQL sorts few rows rather than read an index, so it is asked for a plan without: where no index has it,
    it sorts all the same.
    """
    written = asked.compile(connection).construct_expanded_state(values)
    if connection.dialect.name == "postgresql":
        for way in ("seqscan", "bitmapscan", "sort"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    rows = connection.exec_driver_sql(explain + written.statement, tuple(written.positional_parameters))
    return "\n".join(str(row[-1]) for row in rows)


def scans(lines: str) -> list[str]:
    """Return what a plan does that takes longer the more reviews there are."""
    bad = ("SCAN reviews", "SCAN cases", "USE TEMP B-TREE", "Seq Scan on reviews", "Sort ")
    return [line for line in lines.splitlines() if any(each in line for each in bad)]


def page_queries(selection: ReviewSelection, after: ReviewPlace | None, *, newest: bool) -> Sequence[Select[Any]]:
    return [
        reading.page_query(stored, selection, after, newest=newest)
        for stored in reading.stored_states(selection.states)
    ]


async def test_a_page_is_read_in_the_order_of_an_index(sql: SqlReviews) -> None:
    await fill(sql, 2000)

    def bad(connection: Connection) -> dict[object, list[str]]:
        found: dict[object, list[str]] = {}
        for (name, selection), after, newest in product(SELECTIONS.items(), (None, PLACE), (False, True)):
            values = reading.page_values("acme", selection, after, 100, 0)
            for query in page_queries(selection, after, newest=newest):
                if wrong := scans(plan(connection, query, values)):
                    found[name, after is None, newest] = wrong
        return found

    assert await sql.database.read(bad) == {}


async def test_what_is_overdue_and_what_is_counted_is_found_by_indexes(sql: SqlReviews) -> None:
    await fill(sql, 2000)

    def plans(connection: Connection) -> list[str]:
        overdue = {"its_state": ReviewState.PENDING, "now": 10, "most": 10}
        return [
            plan(connection, reading.OVERDUE, overdue),
            plan(connection, reading.COUNT_OPEN, {"of": "acme", "most": 100}),
            plan(connection, reading.GET, {"within": "acme", "named": "t1"}),
            plan(connection, sweeping.ENDED, {"its_state": ReviewState.APPROVED, "now": 10}),
            plan(connection, sweeping.KEPT_CASES, {"now": 10}),
        ]

    found = await sql.database.read(plans)
    assert list(map(scans, found)) == [[]] * 5


async def test_an_order_without_an_index_is_seen(sql: SqlReviews) -> None:
    await fill(sql, 2000)
    asked = select(reviews).where(reviews.c.tenant == "acme").order_by(reviews.c.decided).limit(100)
    assert scans(await sql.database.read(lambda connection: plan(connection, asked, {}))) != []
