"""The contract of UsageRecords: sums by what is asked for, each batch counted once, and the books of processes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from groundwire_server.domain.vocabulary import Purpose
from groundwire_server.ports.usage import (
    OpenBook,
    UsageBatch,
    UsageDimension,
    UsageKey,
    UsageQuery,
    UsageRecords,
    UsageRow,
    UsageSum,
)
from tests.contract.operations.queued import SteppingClock
from tests.contract.usage.conftest import KEEP

DAY = date(2026, 11, 27)
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
KEY = UsageKey("acme", DAY, "ann", "default", "big", Purpose.ANSWER, "EUR")
SUM = UsageSum(100, 40, 20, 1500, 2, 1)
ALL = UsageQuery("acme", DAY, DAY)


def batch(
    number: int,
    sums: Mapping[UsageKey, UsageSum] | None = None,
    cut: datetime = NOON,
    open_calls: Mapping[str, int] | None = None,
) -> UsageBatch:
    return UsageBatch(number, cut, sums or {}, open_calls or {})


async def test_sums_of_batches_and_processes_add_up(accounts: UsageRecords) -> None:
    await accounts.write("one", NOON, batch(1, {KEY: SUM}))
    await accounts.write("one", NOON, batch(2, {KEY: SUM}))
    await accounts.write("two", NOON, batch(1, {KEY: SUM}))
    assert await accounts.query(ALL, None, 10) == [UsageRow(UsageSum(300, 120, 60, 4500, 6, 3), "EUR")]


async def test_a_batch_that_is_written_again_is_counted_once(accounts: UsageRecords) -> None:
    written = batch(1, {KEY: SUM}, open_calls={"acme": 1})
    await accounts.write("one", NOON, written)
    await accounts.write("one", NOON, written)
    assert await accounts.query(ALL, None, 10) == [UsageRow(SUM, "EUR")]


async def test_a_batch_that_comes_late_is_not_counted_behind_its_successor(accounts: UsageRecords) -> None:
    await accounts.write("one", NOON, batch(2, {KEY: SUM}))
    await accounts.write("one", NOON, batch(1, {KEY: SUM}))
    assert await accounts.query(ALL, None, 10) == [UsageRow(SUM, "EUR")]


async def test_currencies_are_never_added(accounts: UsageRecords) -> None:
    sums = {replace(KEY, currency=each): SUM for each in ("EUR", "USD", "")}
    await accounts.write("one", NOON, batch(1, sums))
    assert await accounts.query(ALL, None, 10) == [UsageRow(SUM, each) for each in ("", "EUR", "USD")]


async def test_rows_are_told_apart_and_ordered_by_the_dimensions_asked_for(accounts: UsageRecords) -> None:
    other = replace(KEY, day=DAY + timedelta(days=1), model="small", purpose=Purpose.CHECK)
    await accounts.write("one", NOON, batch(1, {other: SUM, KEY: SUM, replace(KEY, subject="bob"): SUM}))
    query = replace(ALL, last=other.day, group_by=(UsageDimension.MODEL, UsageDimension.DAY, UsageDimension.PURPOSE))
    double = UsageSum(200, 80, 40, 3000, 4, 2)
    assert await accounts.query(query, None, 10) == [
        UsageRow(double, "EUR", day=DAY, model="big", purpose=Purpose.ANSWER),
        UsageRow(SUM, "EUR", day=other.day, model="small", purpose=Purpose.CHECK),
    ]
    subjects = await accounts.query(replace(ALL, group_by=(UsageDimension.SUBJECT, UsageDimension.ROUTE)), None, 10)
    assert [(each.subject, each.route, each.day) for each in subjects] == [
        ("ann", "default", None),
        ("bob", "default", None),
    ]


@pytest.mark.parametrize("group_by", [tuple(UsageDimension), (UsageDimension.DAY,), (UsageDimension.PURPOSE,)])
async def test_pages_hold_every_row_once(accounts: UsageRecords, group_by: tuple[UsageDimension, ...]) -> None:
    keys = [
        replace(KEY, day=DAY - timedelta(days=day), subject=subject, purpose=purpose, currency=currency)
        for day in range(3)
        for subject in ("", "ann", "Ünal")
        for purpose in (Purpose.ANSWER, Purpose.REPAIR)
        for currency in ("", "EUR")
    ]
    await accounts.write("one", NOON, batch(1, dict.fromkeys(keys, SUM)))
    query = replace(ALL, first=DAY - timedelta(days=2), group_by=group_by)
    whole = await accounts.query(query, None, 1000)
    paged: list[UsageRow] = []
    while page := await accounts.query(query, paged[-1] if paged else None, 2):
        paged += page
    assert paged == whole
    assert sum(row.sums.calls for row in paged) == SUM.calls * len(keys)


@pytest.mark.parametrize(
    "narrowed",
    [
        {"subject": "ann"},
        {"route": "default"},
        {"model": "big"},
        {"first": DAY, "last": DAY},
        {"subject": "ann", "route": "default", "model": "big"},
    ],
)
async def test_a_query_may_be_narrowed(accounts: UsageRecords, narrowed: dict[str, object]) -> None:
    other = UsageKey("acme", DAY - timedelta(days=1), "bob", "faq", "small", Purpose.ANSWER, "EUR")
    await accounts.write("one", NOON, batch(1, {KEY: SUM, other: SUM}))
    wide = replace(ALL, first=other.day)
    assert (await accounts.query(wide, None, 10))[0].sums.calls == 2 * SUM.calls
    assert await accounts.query(replace(wide, **narrowed), None, 10) == [UsageRow(SUM, "EUR")]  # type: ignore[arg-type]


async def test_tenants_never_meet(accounts: UsageRecords) -> None:
    other = replace(KEY, tenant="globex")
    await accounts.write("one", NOON, batch(1, {other: SUM}, open_calls={"globex": 3}))
    assert await accounts.query(ALL, None, 10) == []
    assert (await accounts.books(ALL, 0.0)).open == [OpenBook("one", NOON, NOON, 0)]


async def test_a_process_that_is_silent_has_an_open_book_with_its_calls(
    accounts: UsageRecords, clock: SteppingClock
) -> None:
    began = NOON - timedelta(hours=1)
    await accounts.write("gone", began, batch(1, open_calls={"acme": 5}))
    await accounts.write("gone", began, batch(2, open_calls={"acme": 2, "globex": 7}))
    await accounts.write("lives", began, batch(1, open_calls={"acme": 1}))
    assert (await accounts.books(ALL, 60.0)).open == []
    clock.step(59.0)
    alive = clock.today()
    await accounts.write("lives", began, batch(2, cut=alive, open_calls={"acme": 1}))
    clock.step(1.0)
    books = await accounts.books(ALL, 60.0)
    assert books.open == [OpenBook("gone", began, NOON, 2)]
    assert books.counted == alive


async def test_all_is_counted_where_no_process_lives(accounts: UsageRecords, clock: SteppingClock) -> None:
    assert (await accounts.books(ALL, 60.0)).counted == clock.today()


async def test_a_closed_book_is_not_open(accounts: UsageRecords, clock: SteppingClock) -> None:
    await accounts.write("ended", NOON, batch(1, {KEY: SUM}, open_calls={"acme": 1}))
    await accounts.close("ended")
    clock.step(3600.0)
    books = await accounts.books(ALL, 60.0)
    assert books.open == []
    assert books.counted == clock.today()
    assert await accounts.query(ALL, None, 10) == [UsageRow(SUM, "EUR")]


@pytest.mark.parametrize(("days", "shown"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_only_books_of_the_days_asked_for_are_open(
    accounts: UsageRecords, clock: SteppingClock, days: int, shown: bool
) -> None:
    """What is missing was consumed after the last batch, perhaps on the day after it."""
    asked = DAY - timedelta(days=days)
    await accounts.write("gone", NOON - timedelta(days=1), batch(1, cut=NOON))
    clock.step(timedelta(days=10).total_seconds())
    books = await accounts.books(replace(ALL, first=asked, last=asked), 60.0)
    assert bool(books.open) is shown


async def test_a_clock_set_back_loses_nothing(accounts: UsageRecords, clock: SteppingClock) -> None:
    await accounts.write("one", NOON, batch(1, {KEY: SUM}, cut=NOON + timedelta(hours=2)))
    await accounts.write("one", NOON, batch(2, {KEY: SUM}, cut=NOON - timedelta(hours=2)))
    assert (await accounts.query(ALL, None, 10))[0].sums.calls == 2 * SUM.calls
    books = await accounts.books(ALL, 60.0)
    assert [each.written for each in books.open] == [NOON - timedelta(hours=2)]
    await accounts.write("two", NOON, batch(1, cut=NOON + timedelta(hours=2)))
    assert (await accounts.books(ALL, 60.0)).counted <= clock.today()


async def test_what_is_kept_long_enough_is_forgotten(accounts: UsageRecords, clock: SteppingClock) -> None:
    old = {replace(KEY, day=DAY - KEEP - timedelta(days=1), subject=f"s{number}"): SUM for number in range(600)}
    edge = replace(KEY, day=DAY - KEEP)
    await accounts.write("gone", NOON, batch(1, {**old, edge: SUM, KEY: SUM}, cut=NOON - KEEP))
    await accounts.write("ended", NOON, batch(1))
    await accounts.close("ended")
    await accounts.write("lives", NOON, batch(1))
    forgotten = 0
    while count := await accounts.sweep():
        forgotten += count
    assert forgotten == len(old) + 2
    assert (await accounts.query(replace(ALL, first=DAY - KEEP * 2), None, 10))[0].sums.calls == 2 * SUM.calls
    assert [each.process for each in (await accounts.books(ALL, 0.0)).open] == ["lives"]
