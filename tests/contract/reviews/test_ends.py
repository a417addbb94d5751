"""All that can end a review, at once and by connections of their own: it ends once, and its operation with it."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack

import pytest

from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.erasure import SqlRecordErasure
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.reviews.sql import SqlReviewRecords
from groundwire_server.domain.erasure import OneSubject, RecordErasure
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import OperationKey
from groundwire_server.domain.vocabulary import OperationState
from groundwire_server.ports.reviews import Completion
from groundwire_server.work.history import check_history
from tests.contract.operations.queued import Queue, SteppingClock, operation_records
from tests.contract.reviews.cases import case
from tests.contract.reviews.conftest import KEEP, sealing
from tests.contract.reviews.reviewed import APPROVED, WITHIN, SqlReviews
from tests.contract.reviews.test_erasure import EVER

TICKETS = 200
AT_ONCE = 6
SEED = 17

End = Callable[[str], Awaitable[object]]
ENDS = {"approved", "expired", "withdrawn"}
DECISION = Completion(b"approved", ["handbook"])
ABSTENTION = Completion(b"expired", [])


def key(ticket: str) -> OperationKey:
    return OperationKey("acme", f"subject-{ticket}", Queue.id_of(ticket))


@pytest.fixture
async def ends(sql: SqlReviews, sql_options: RecordsOptions) -> AsyncIterator[Mapping[str, End]]:
    """What ends a review, each with a database of its own."""
    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(records_database(sql_options)) for _ in range(5)]
        late = SteppingClock()
        late.step(WITHIN)
        reviewer, upkeep = (
            SqlReviewRecords(database, sealing(), clock, KEEP)
            for database, clock in zip(databases, (SteppingClock(), late), strict=False)
        )
        first, second = (operation_records(each, SteppingClock()) for each in databases[2:4])
        eraser = SqlRecordErasure(databases[4], sealing(), SteppingClock(), KEEP)

        yield {
            "decide": lambda ticket: reviewer.decide("acme", ticket, "rob", APPROVED, DECISION),
            "expire": lambda ticket: upkeep.expire("acme", ticket, ABSTENTION),
            "cancel": lambda ticket: first.cancel(key(ticket)),
            "delete": lambda ticket: second.delete(key(ticket)),
            "erase": lambda ticket: eraser.erase(RecordErasure("acme", OneSubject(f"subject-{ticket}")), EVER),
        }


async def test_a_review_ends_once_whoever_ends_it(sql: SqlReviews, ends: Mapping[str, End]) -> None:
    tickets = [f"t{number}" for number in range(TICKETS)]
    for ticket in tickets:
        await sql.reviews.open(ticket, case=case(ticket, subject=f"subject-{ticket}"))
        await sql.reviews.claim(ticket)
    drawn = random.Random(SEED)
    places = asyncio.Semaphore(AT_ONCE)

    async def end(ticket: str, contenders: Sequence[str]) -> None:
        async with places:
            results = await asyncio.gather(*(ends[each](ticket) for each in contenders), return_exceptions=True)
        unexpected = [each for each in results if isinstance(each, Exception) and not isinstance(each, Rejection)]
        assert unexpected == [], contenders

    # A few end without a race: which of those in one comes first is the machine's own affair.
    await asyncio.gather(*(end(ticket, drawn.sample(sorted(ends), drawn.choice((1, 3, 3, 3)))) for ticket in tickets))
    found: Counter[str] = Counter()
    for ticket in tickets:
        events = [event for event, _ in await sql.reviews.events(ticket) if event in ENDS]
        assert len(events) == 1, (ticket, events)
        found.update(events)
        operation = await sql.queue.records.get(key(ticket))
        if operation is not None:
            assert operation.state is OperationState.DONE
            ended = {"approved": DECISION.result, "expired": ABSTENTION.result, "withdrawn": None}
            assert operation.result == ended[events[0]]
    assert set(found) == ENDS, found
    assert check_history(await sql.queue.records.history(0, 100_000)).faults == ()
    assert (await sql.reviews.audit.verify("acme", None)).intact
