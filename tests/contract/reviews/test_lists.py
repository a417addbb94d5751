"""Pages of reviews, and how many there are."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from groundwire_server.adapters.records.reviews.sql import SqlReviewRecords
from groundwire_server.domain.review import ReviewDecision, ReviewKind, ReviewState, ReviewVerdict
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.reviews import ReviewPlace, ReviewSelection, SampleCount, WaitingReviews
from tests.contract.operations.queued import SteppingClock
from tests.contract.reviews.cases import case
from tests.contract.reviews.conftest import KEEP, sealing
from tests.contract.reviews.reviewed import APPROVED, EDITED, FORGET, LEASE, WITHIN, Reviews, SqlReviews

REJECTED = ReviewVerdict(ReviewDecision.REJECTED)


async def filled(reviews: Reviews) -> None:
    """Open reviews in every state: two of them at the same moment, and one of a claim that has lapsed."""
    for number in range(7):
        await reviews.open(f"t{number}", waited_for=number % 2 == 0, case=case(f"t{number}", subject=f"s{number % 2}"))
        if number != 3:
            reviews.clock.step(1)
    await reviews.claim("t1", "eve")
    reviews.clock.step(LEASE)
    for ticket, verdict in (("t2", APPROVED), ("t3", EDITED), ("t4", REJECTED)):
        await reviews.claim(ticket)
        await reviews.decide(ticket, verdict=verdict)
    await reviews.claim("t5", "eve")


@pytest.mark.parametrize(
    ("selection", "tickets"),
    [
        ({}, ["t0", "t1", "t2", "t3", "t4", "t5", "t6"]),
        ({"states": frozenset(ReviewState)}, ["t0", "t1", "t2", "t3", "t4", "t5", "t6"]),
        ({"states": frozenset({ReviewState.PENDING})}, ["t0", "t1", "t6"]),
        ({"states": frozenset({ReviewState.CLAIMED})}, ["t5"]),
        ({"states": frozenset({ReviewState.PENDING, ReviewState.CLAIMED})}, ["t0", "t1", "t5", "t6"]),
        ({"states": frozenset({ReviewState.APPROVED, ReviewState.PENDING})}, ["t0", "t1", "t2", "t6"]),
        ({"states": frozenset({ReviewState.WITHDRAWN})}, []),
        ({"reviewer": "rob"}, ["t2", "t3", "t4"]),
        ({"reviewer": "eve"}, ["t5"]),
        ({"reviewer": "eve", "states": frozenset({ReviewState.PENDING})}, []),
        ({"kinds": frozenset({ReviewKind.SAMPLE})}, ["t1", "t3", "t5"]),
        ({"kinds": frozenset({ReviewKind.SAMPLE}), "states": frozenset({ReviewState.EDITED})}, ["t3"]),
        ({"route": "default", "states": frozenset({ReviewState.REJECTED})}, ["t4"]),
        ({"route": "another"}, []),
        ({"tickets": frozenset({"t6", "t2", "unknown"})}, ["t2", "t6"]),
        ({"tickets": frozenset({"t6", "t2"}), "states": frozenset({ReviewState.PENDING})}, ["t6"]),
    ],
)
async def test_a_page_has_what_is_selected_in_both_orders(
    reviews: Reviews, selection: dict[str, Any], tickets: list[str]
) -> None:
    await filled(reviews)
    assert await reviews.tickets(**selection) == tickets
    assert await reviews.tickets(newest=True, **selection) == tickets[::-1]


@pytest.mark.parametrize("newest", [False, True], ids=["oldest", "newest"])
@pytest.mark.parametrize("states", [frozenset[ReviewState](), frozenset({ReviewState.PENDING, ReviewState.EDITED})])
async def test_pages_follow_each_other(reviews: Reviews, states: frozenset[ReviewState], newest: bool) -> None:
    await filled(reviews)
    selection, whole = ReviewSelection(states=states), await reviews.tickets(newest=newest, states=states)
    found: list[str] = []
    after: ReviewPlace | None = None
    while page := await reviews.records.page("acme", selection, after, 2, newest=newest):
        found += (each.review.ticket for each in page)
        after = ReviewPlace(page[-1].review.created, page[-1].review.ticket)
    assert found == whole


async def test_a_list_shows_questions_and_no_more(reviews: Reviews) -> None:
    await reviews.open("t1")
    (listed,) = await reviews.records.page("acme", ReviewSelection(), None, 10)
    opened = await reviews.get("t1")
    assert listed.review == opened.review
    assert listed.case is not None
    assert opened.case is not None
    assert listed.case.question.text == opened.case.question.text
    assert (listed.case.evidence, listed.case.draft, listed.case.question.turns) == ((), None, ())


async def test_how_many_are_open_is_counted_up_to_a_bound(reviews: Reviews) -> None:
    await filled(reviews)
    await reviews.open("x", case=case("x", "other"))
    assert await reviews.records.count_open("acme", 100) == 4
    assert await reviews.records.count_open("acme", 3) == 3


async def test_what_waits_is_counted_over_all_tenants(reviews: Reviews, clock: SteppingClock) -> None:
    assert await reviews.records.waiting() == WaitingReviews({}, None)
    began = clock.today()
    await filled(reviews)
    await reviews.open("x", case=case("x", "other"))
    counts = {ReviewKind.APPROVAL: 3, ReviewKind.SAMPLE: 2}
    assert await reviews.records.waiting() == WaitingReviews(counts, began)


async def test_samples_are_counted_by_route_and_verdict(reviews: Reviews, clock: SteppingClock) -> None:
    began = clock.today()
    for number, verdict in enumerate((APPROVED, EDITED, REJECTED, None)):
        await reviews.open(f"t{number}", waited_for=False, share=0.1 * (number + 1))
        if verdict is not None:
            await reviews.claim(f"t{number}")
            await reviews.decide(f"t{number}", verdict=verdict, completion=None)
        clock.step(1)
    await reviews.open("bare", waited_for=False, case=case("bare", draft=None), share=0.25)
    await reviews.open("other", waited_for=False, case=case("other", "other"))
    await reviews.open("waits")
    found = await reviews.records.measure("acme", None, None, "")
    whole = SampleCount("default", Verdict.CONTRADICTED, sampled=4, decided=3, wrong=2, share=0.4, lowest_share=0.1)
    bare = SampleCount("default", None, sampled=1, decided=0, wrong=0, share=0.25, lowest_share=0.25)
    assert [replace(each, share=round(each.share, 9)) for each in found] == [whole, bare]
    assert await reviews.records.measure("acme", None, None, "another") == []
    (early,) = await reviews.records.measure("acme", None, began + timedelta(seconds=2), "default")
    assert (early.sampled, early.decided, early.wrong) == (2, 2, 1)
    late, _ = await reviews.records.measure("acme", began + timedelta(seconds=3), None, "")
    assert (late.sampled, late.decided, late.wrong) == (1, 0, 0)


async def test_what_has_ended_is_forgotten_once_it_was_kept_long_enough(reviews: Reviews, clock: SteppingClock) -> None:
    await reviews.open("t1")
    await reviews.open("open", expires=clock.today() + timedelta(seconds=WITHIN + FORGET * 2))
    await reviews.claim("t1")
    await reviews.decide("t1")
    clock.step(FORGET - 1)
    assert await reviews.records.sweep() == 0
    assert (await reviews.get("t1")).case is not None
    clock.step(1)
    assert await reviews.records.sweep() > 0
    assert await reviews.records.get("acme", "t1") is None
    assert await reviews.tickets() == ["open"]
    assert (await reviews.get("open")).case is not None
    # What was done to it stays.
    assert [event for event, _ in await reviews.events("t1")] == ["opened", "claimed", "approved"]


async def test_an_open_review_is_never_forgotten(reviews: Reviews, clock: SteppingClock) -> None:
    await reviews.open("t1")
    clock.step((WITHIN + FORGET) * 10)
    assert await reviews.records.sweep() == 0
    assert (await reviews.get("t1")).case == case("t1")


async def test_a_review_whose_key_is_lost_still_waits_and_is_whole_once_the_key_is_back(
    sql: SqlReviews, clock: SteppingClock, caplog: pytest.LogCaptureFixture
) -> None:
    await sql.reviews.open("t1")
    without_key = SqlReviewRecords(sql.database, sealing("k2"), clock, KEEP)
    (listed,) = await without_key.page("acme", ReviewSelection(), None, 10)
    assert (listed.review.ticket, listed.case) == ("t1", None)
    assert await without_key.count_open("acme", 10) == 1
    caplog.clear()
    with pytest.raises(RecordsError, match="k1"):
        await without_key.get("acme", "t1")
    assert ["k1" in record.__dict__["why"] for record in caplog.records] == [True]
    assert (await sql.reviews.get("t1")).case is not None
