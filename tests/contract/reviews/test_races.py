"""Two reviewers at once, each with connections of their own: no ticket is resolved twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from functools import partial

import pytest
from sqlalchemy import Connection, insert, select

from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.reviews import deciding
from groundwire_server.adapters.records.reviews.sql import SqlReviewRecords
from groundwire_server.adapters.records.tables.audit import audit
from groundwire_server.adapters.records.tables.operations import history, operations
from groundwire_server.adapters.records.tables.reviews import reviews
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.review import ReviewState
from groundwire_server.domain.vocabulary import OperationState, Reason
from groundwire_server.ports.reviews import Completion
from groundwire_server.work.history import check_history
from tests.contract.operations.queued import Queue, SteppingClock
from tests.contract.reviews.conftest import KEEP, sealing
from tests.contract.reviews.reviewed import APPROVED, EDITED, LEASE, SqlReviews

RACES = 1000
AT_ONCE = 8
VERDICTS = {"rob": APPROVED, "eve": EDITED}
TOO_LATE = {Reason.REVIEW_CLAIMED, Reason.REVIEW_NOT_CLAIMED, Reason.REVIEW_DECIDED}


class Contender:
    """A reviewer with connections of their own and two clocks: by the one ahead, claims of others have lapsed."""

    def __init__(self, name: str, database: RecordsDatabase) -> None:
        self.name = name
        clocks = SteppingClock(), SteppingClock()
        clocks[1].step(LEASE)
        self._records = [SqlReviewRecords(database, sealing(), clock, KEEP) for clock in clocks]

    async def resolve(self, ticket: str, *, ahead: bool) -> None:
        """Claim a review, and decide it whether or not the claim was granted."""
        records = self._records[ahead]
        completion = Completion(self.name.encode(), ["handbook"])
        for step in (
            partial(records.claim, "acme", ticket, self.name, LEASE),
            partial(records.decide, "acme", ticket, self.name, VERDICTS[self.name], completion),
        ):
            try:
                await step()
            except Rejection as rejection:
                if rejection.reason not in TOO_LATE:
                    raise


@pytest.fixture
async def contenders(sql: SqlReviews, sql_options: RecordsOptions) -> AsyncIterator[Sequence[Contender]]:
    """Two reviewers."""
    async with records_database(sql_options) as first, records_database(sql_options) as second:
        yield [Contender("rob", first), Contender("eve", second)]


async def fill(sql: SqlReviews, tickets: Sequence[str]) -> None:
    """Open reviews in bulk, all of the same case."""
    await sql.reviews.open(tickets[0])

    def copy(connection: Connection) -> None:
        review = connection.execute(select(reviews)).one()._asdict()
        operation = connection.execute(select(operations)).one()._asdict()
        accepted = connection.execute(select(history).order_by(history.c.number)).all()
        entries = [row._asdict() for row in accepted]
        own = [(ticket, {"operation_id": Queue.id_of(ticket), "request_id": ticket}) for ticket in tickets[1:]]
        connection.execute(insert(reviews), [review | {"ticket": ticket} | changes for ticket, changes in own])
        connection.execute(insert(operations), [operation | changes for _, changes in own])
        for entry in entries:
            del entry["number"]
            of_all = [entry | {"operation_id": changes["operation_id"]} for _, changes in own]
            connection.execute(insert(history), of_all)

    await sql.database.write(copy)


async def race(contenders: Sequence[Contender], tickets: Sequence[str]) -> None:
    """Let both resolve every ticket at once; by turns, the one takes the claim of the other for lapsed."""
    places = asyncio.Semaphore(AT_ONCE)

    async def resolve(number: int, ticket: str) -> None:
        async with places:
            ahead = contenders[number % 2]
            await asyncio.gather(*(each.resolve(ticket, ahead=each is ahead) for each in contenders))

    await asyncio.gather(*(resolve(number, ticket) for number, ticket in enumerate(tickets)))


async def faults(sql: SqlReviews, tickets: Sequence[str]) -> list[str]:
    """Return what must not be: a ticket that was resolved twice or never, or whose outcome is another's."""

    def read(connection: Connection) -> tuple[list[str], dict[str, tuple[str, str]]]:
        decided = select(audit.c.target).where(audit.c.event.in_(("review.approved", "review.edited")))
        states = select(reviews.c.ticket, reviews.c.reviewer, reviews.c.state)
        return (
            [target.removeprefix("reviews/") for target in connection.scalars(decided)],
            {row.ticket: (row.reviewer, row.state) for row in connection.execute(states)},
        )

    decided, rows = await sql.database.read(read)
    times = Counter(decided)
    found = [f"{ticket} was resolved {times[ticket]} times" for ticket in tickets if times[ticket] != 1]
    effects = Counter(
        each.operation_id for each in await sql.queue.records.history(0, 100_000) if each.event == "effect"
    )
    for ticket in tickets:
        reviewer, state = rows[ticket]
        operation = await sql.queue.records.get(sql.queue.key(ticket))
        assert operation is not None
        if effects[operation.key.operation_id] != 1:
            found.append(f"{ticket} has {effects[operation.key.operation_id]} effects")
        if (operation.state, operation.result) != (OperationState.DONE, reviewer.encode()):
            found.append(f"{ticket} has an outcome that is not of {reviewer}")
        if ReviewState(state) is not VERDICTS[reviewer].decision.state:
            found.append(f"{ticket} is {state} by {reviewer}")
    return found


class _Everybody:
    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


async def test_no_ticket_is_resolved_twice_in_a_thousand_races(
    sql: SqlReviews, contenders: Sequence[Contender]
) -> None:
    tickets = [f"t{number}" for number in range(RACES)]
    await fill(sql, tickets)
    await race(contenders, tickets)
    assert await faults(sql, tickets) == []
    assert check_history(await sql.queue.records.history(0, 100_000)).faults == ()
    assert (await sql.reviews.audit.verify("acme", None)).intact
    won = [len(await sql.reviews.tickets(reviewer=each.name)) for each in contenders]
    # Both had their chance.
    assert min(won) > 0
    assert sum(won) == RACES


async def test_a_race_without_the_fence_is_seen(
    sql: SqlReviews, contenders: Sequence[Contender], monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = [f"t{number}" for number in range(20)]
    await fill(sql, tickets)
    monkeypatch.setattr(deciding, "waits", lambda row, now: True)
    monkeypatch.setattr(deciding, "holder", lambda row, now: _Everybody())
    await race(contenders, tickets)
    assert await faults(sql, tickets) != []
