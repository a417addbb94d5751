"""What a call that watches reviews is shown."""

import asyncio
from typing import Any

import pytest

from groundwire_server.domain.review import Review, ReviewKind, ReviewState
from groundwire_server.ports.reviews import ReviewSelection
from groundwire_server.review import watch
from groundwire_server.review.watch import ReviewWatch
from tests.doubles.cases import answered_case
from tests.review.office import BY, LEASE, OTTO, RITA, Office

PENDING = ReviewSelection(frozenset({ReviewState.PENDING}))


def watching(office: Office, selection: ReviewSelection | None = None, tenant: str = "acme") -> ReviewWatch:
    return ReviewWatch(office.records, tenant, selection or ReviewSelection(), office.clock)


async def shown(watched: ReviewWatch) -> list[tuple[str, ReviewState]]:
    return [(each.review.ticket, each.review.state) for each in await watched.next()]


async def opened(office: Office, *tickets: str, **given: Any) -> list[Review]:
    return [await office.open(each, case=answered_case(each), **given) for each in tickets]


async def test_first_comes_all_that_match_and_then_each_change() -> None:
    office = Office()
    await opened(office, "one", "two", kind=ReviewKind.SAMPLE)
    watched = watching(office)
    assert await shown(watched) == [("one", ReviewState.PENDING), ("two", ReviewState.PENDING)]
    assert watched.complete
    assert await shown(watched) == []
    await office.decisions.claim(RITA, "two", LEASE, BY)
    assert await shown(watched) == [("two", ReviewState.CLAIMED)]
    await opened(office, "three", kind=ReviewKind.SAMPLE)
    assert await shown(watched) == [("three", ReviewState.PENDING)]
    assert await shown(watched) == []


async def test_many_come_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "PAGE", 2)
    office = Office()
    await opened(office, "one", "two", "three", kind=ReviewKind.SAMPLE)
    watched = watching(office)
    assert [len(await watched.next()), watched.complete] == [2, False]
    # One that changes before its page is read is shown as it is then, and never missed.
    await office.decisions.claim(RITA, "one", LEASE, BY)
    assert [len(await watched.next()), watched.complete] == [1, True]
    assert await shown(watched) == [("one", ReviewState.CLAIMED)]


async def test_one_that_matches_no_longer_is_shown_once_more() -> None:
    office = Office()
    await opened(office, "one", kind=ReviewKind.SAMPLE)
    watched = watching(office, PENDING)
    await watched.next()
    await office.decisions.claim(RITA, "one", LEASE, BY)
    assert await shown(watched) == [("one", ReviewState.CLAIMED)]
    await office.decisions.claim(RITA, "one", 2 * LEASE, BY)
    assert await shown(watched) == []
    await office.decisions.release(RITA, "one", BY)
    assert await shown(watched) == [("one", ReviewState.PENDING)]


@pytest.mark.parametrize("before", [True, False], ids=["claimed before", "claimed meanwhile"])
async def test_a_claim_that_lapses_is_seen_although_nothing_is_written(before: bool) -> None:
    office = Office()
    await opened(office, "one", kind=ReviewKind.SAMPLE)
    watched = watching(office, PENDING)
    if before:
        await office.decisions.claim(RITA, "one", LEASE, BY)
        assert await shown(watched) == []
    else:
        await watched.next()
        await office.decisions.claim(RITA, "one", LEASE, BY)
        await watched.next()
    await asyncio.sleep(LEASE)
    assert await shown(watched) == [("one", ReviewState.PENDING)]
    assert await shown(watched) == []


async def test_a_withdrawal_and_a_decision_are_changes() -> None:
    office = Office()
    await opened(office, "one", "two", kind=ReviewKind.SAMPLE)
    watched = watching(office)
    await watched.next()
    office.records.withdraw("acme", "one")
    assert await shown(watched) == [("one", ReviewState.WITHDRAWN)]


async def test_the_reviews_of_another_tenant_are_never_shown() -> None:
    office = Office()
    watched = watching(office, tenant="umbrella")
    await watched.next()
    await opened(office, "one", kind=ReviewKind.SAMPLE)
    assert await shown(watched) == []


@pytest.mark.parametrize(
    ("selection", "seen"),
    [
        (ReviewSelection(route="default"), True),
        (ReviewSelection(route="legal"), False),
        (ReviewSelection(kinds=frozenset({ReviewKind.APPROVAL})), False),
        (ReviewSelection(reviewer="otto"), True),
        (ReviewSelection(reviewer="rita"), False),
    ],
)
async def test_changes_are_narrowed_as_lists_are(selection: ReviewSelection, seen: bool) -> None:
    office = Office()
    watched = watching(office, selection)
    await watched.next()
    await opened(office, "one", kind=ReviewKind.SAMPLE)
    await office.decisions.claim(OTTO, "one", LEASE, BY)
    assert bool(await watched.next()) is seen
