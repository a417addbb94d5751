"""What becomes of reviews that nobody decides in time."""

import asyncio

import pytest

from groundwire_server.domain.outcome import Abstained, Degraded
from groundwire_server.domain.review import ReviewKind, ReviewState
from groundwire_server.domain.vocabulary import Action, Cause
from groundwire_server.ports.operations import RecordsError, ended
from groundwire_server.review.expiry import MOST, ReviewUpkeep
from groundwire_server.telemetry import metrics
from tests.doubles.cases import HOURS, answered_case
from tests.doubles.operation_records import Away
from tests.review.office import OPERATION, RITA, TICKET, Office, reviewed


def upkeep(office: Office) -> ReviewUpkeep:
    return ReviewUpkeep(office.records, lambda: office.completing, office.events, office.clock)


async def test_an_overdue_review_ends_by_the_row_and_its_caller_is_woken() -> None:
    rows = {Cause.REVIEW_EXPIRED: (Action.PASSAGES_ONLY,)}
    office = Office(policy=reviewed(fallbacks=rows))
    await office.open(within=60.0)
    await upkeep(office).round()
    assert office.ends == []
    await asyncio.sleep(60.0)
    async with office.wakeups.subscribed(ended(OPERATION)) as waiting:
        await upkeep(office).round()
        assert await waiting.wait(0.0)
    (outcome,) = office.ends
    assert isinstance(outcome.result, Degraded)
    assert (outcome.result.passages, outcome.cause, outcome.report.review) == ((HOURS,), Cause.REVIEW_EXPIRED, None)
    assert OPERATION in office.records.completed
    assert (await office.kept()).review.state is ReviewState.EXPIRED
    assert office.counts.of(metrics.REVIEWS_ENDED, "default", "APPROVAL", "EXPIRED") == 1


async def test_it_expires_although_a_reviewer_holds_it() -> None:
    office = Office()
    await office.claimed(within=60.0)
    await asyncio.sleep(60.0)
    await upkeep(office).round()
    assert isinstance(office.ends[0].result, Abstained)


async def test_two_processes_end_it_once() -> None:
    office = Office()
    await office.open(within=60.0)
    await asyncio.sleep(60.0)
    await asyncio.gather(*(upkeep(office).round() for _ in range(4)))
    assert office.counts.of(metrics.REVIEWS_ENDED, "default", "APPROVAL", "EXPIRED") == 1


async def test_all_that_are_overdue_end_in_one_round() -> None:
    office = Office()
    for number in range(2 * MOST + 1):
        case = answered_case(f"request-{number}")
        await office.open(f"ticket-{number}", case=case, kind=ReviewKind.SAMPLE, within=60.0)
    await asyncio.sleep(60.0)
    await upkeep(office).round()
    assert office.counts.of(metrics.REVIEWS_ENDED, "default", "SAMPLE", "EXPIRED") == 2 * MOST + 1
    assert office.ends == []


async def test_where_the_route_is_gone_it_abstains() -> None:
    office = Office()
    await office.open(within=60.0)
    office.policy = None
    await asyncio.sleep(60.0)
    await upkeep(office).round()
    assert office.ends[0].result == Abstained(0, ())


async def test_what_waits_is_counted_and_how_long() -> None:
    office = Office()
    await office.open()
    await office.open("sample", case=answered_case("request-2"), kind=ReviewKind.SAMPLE)
    await asyncio.sleep(30.0)
    looked = upkeep(office)
    await looked.round()
    assert office.counts.reading(metrics.REVIEWS_OPEN) == {("APPROVAL",): 1, ("SAMPLE",): 1, ("BLOCK",): 0}
    assert office.counts.reading(metrics.REVIEWS_OLDEST_AGE) == {(): pytest.approx(30.0)}


async def test_a_database_that_is_away_is_asked_again_in_the_next_round(caplog: pytest.LogCaptureFixture) -> None:
    office = Office()
    await office.claimed(within=60.0)
    await asyncio.sleep(60.0)

    def away(method: str) -> None:
        raise RecordsError(Away.GONE)

    office.records.before = away
    looked = upkeep(office)
    await looked.round()
    assert "reviews were not looked through" in caplog.text
    office.records.before = lambda method: None
    await looked.round()
    assert (await office.kept()).review.state is ReviewState.EXPIRED
    assert RITA.subject not in caplog.text
    assert TICKET not in office.records.lost
