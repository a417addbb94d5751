"""The account of a process: what it sums, when it writes, and what happens while the database is away."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from groundwire_server.admission.usage_book import (
    CLOSE_SECONDS,
    HEARTBEAT_SECONDS,
    STALE_SECONDS,
    SWEEP_SECONDS,
    WRITE_SECONDS,
    UsageBook,
)
from groundwire_server.domain.generation import ModelUsage, Usage
from groundwire_server.domain.vocabulary import Purpose
from groundwire_server.ports.usage import UsageKey, UsageQuery, UsageSum
from groundwire_server.telemetry import metrics
from tests.doubles.counts import Counts
from tests.doubles.usage_records import MemoryUsageRecords

TODAY = date(2026, 1, 1)
ANSWER = ModelUsage("big", Purpose.ANSWER, Usage(100, 20, cached_input_tokens=40, cost_micros=1500, currency="EUR"))
CHECK = ModelUsage("judge", Purpose.CHECK, Usage(10, 1, estimated=True))
KEY = UsageKey("acme", TODAY, "ann", "default", "big", Purpose.ANSWER, "EUR")
CHECK_KEY = replace(KEY, model="judge", purpose=Purpose.CHECK, currency="")


class WallClock:
    """The loop's time, and a time of day that a test may set."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def today(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=self.now() - 1000.0) + self.ahead


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
async def records(clock: WallClock) -> MemoryUsageRecords:
    return MemoryUsageRecords(clock)


@pytest.fixture
async def book(records: MemoryUsageRecords, clock: WallClock, counts: Counts) -> UsageBook:
    return UsageBook(records, clock, counts)


def call(book: UsageBook, *usage: ModelUsage, subject: str = "ann") -> None:
    book.begin("acme")
    book.add("acme", subject, "default", usage)
    book.end("acme")


async def test_what_calls_consume_is_summed_by_model_purpose_and_currency(
    book: UsageBook, records: MemoryUsageRecords
) -> None:
    call(book, ANSWER, CHECK)
    call(book, ANSWER)
    call(book)
    assert await book.write()
    assert records.kept == {
        KEY: UsageSum(200, 80, 40, 3000, 2, 0),
        CHECK_KEY: UsageSum(10, 0, 1, 0, 1, 1),
    }


async def test_a_call_counts_on_the_day_on_which_it_ends(
    book: UsageBook, records: MemoryUsageRecords, clock: WallClock
) -> None:
    clock.ahead = timedelta(hours=12) - timedelta(microseconds=1)
    call(book, ANSWER)
    book.begin("acme")
    clock.ahead = timedelta(hours=12)
    book.add("acme", "ann", "default", [ANSWER])
    book.end("acme")
    await book.write()
    assert {key.day: sums.calls for key, sums in records.kept.items()} == {TODAY: 1, TODAY + timedelta(days=1): 1}


async def test_a_clock_set_back_loses_nothing(book: UsageBook, records: MemoryUsageRecords, clock: WallClock) -> None:
    call(book, ANSWER)
    await book.write()
    clock.ahead = -timedelta(days=1)
    call(book, ANSWER)
    await book.write()
    assert {key.day: sums.calls for key, sums in records.kept.items()} == {TODAY: 1, TODAY - timedelta(days=1): 1}


async def test_a_busy_process_writes_once_a_second_and_an_idle_one_says_that_it_lives(
    book: UsageBook, records: MemoryUsageRecords
) -> None:
    task = asyncio.create_task(book.keep())
    for _ in range(100):
        call(book, ANSWER)
        await asyncio.sleep(WRITE_SECONDS / 10)
    assert records.writes <= 11
    await asyncio.sleep(2 * WRITE_SECONDS)
    before = records.writes
    await asyncio.sleep(10 * HEARTBEAT_SECONDS)
    assert records.writes - before == 10
    task.cancel()
    assert records.kept[KEY].calls == 100


async def test_a_process_that_lives_is_never_taken_to_be_gone(book: UsageBook, records: MemoryUsageRecords) -> None:
    task = asyncio.create_task(book.keep())
    await asyncio.sleep(3 * STALE_SECONDS)
    assert (await records.books(UsageQuery("acme", TODAY, TODAY), STALE_SECONDS)).open == []
    task.cancel()


async def test_calls_in_flight_are_in_the_book(book: UsageBook, records: MemoryUsageRecords) -> None:
    for tenant in ("acme", "acme", "globex"):
        book.begin(tenant)
    await book.write()
    assert records.books_kept[book.process].open_calls == {"acme": 2, "globex": 1}
    book.end("globex")
    await book.write()
    assert records.books_kept[book.process].open_calls == {"acme": 2}


@pytest.mark.parametrize("away", ["failing", "broken"])
async def test_nothing_is_lost_or_counted_twice_while_the_database_is_away(
    book: UsageBook, records: MemoryUsageRecords, counts: Counts, away: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A commit that breaks off may have come through, or not."""
    caplog.set_level("INFO")
    task = asyncio.create_task(book.keep())
    await asyncio.sleep(0.1)
    setattr(records, away, 20)
    for _ in range(30):
        call(book, ANSWER)
        await asyncio.sleep(WRITE_SECONDS)
        if getattr(records, away):
            assert counts.reading(metrics.USAGE_UNWRITTEN_AGE)[()] > 0
    await asyncio.sleep(2 * WRITE_SECONDS)
    task.cancel()
    assert records.kept[KEY] == UsageSum(3000, 1200, 600, 45000, 30, 0)
    assert counts.reading(metrics.USAGE_UNWRITTEN_AGE) == {(): 0}
    assert [each.levelname for each in caplog.records] == ["ERROR", "INFO"]


async def test_beyond_the_bound_subjects_are_not_told_apart_and_totals_stay_right(
    records: MemoryUsageRecords, clock: WallClock
) -> None:
    book = UsageBook(records, clock, Counts(), most=3)
    for number in range(10):
        call(book, ANSWER, subject=f"s{number}")
    call(book, ANSWER, subject="s1")
    await book.write()
    assert {key.subject: sums.calls for key, sums in records.kept.items()} == {"s0": 1, "s1": 2, "s2": 1, "": 7}
    call(book, ANSWER, subject="s9")
    await book.write()
    assert records.kept[replace(KEY, subject="s9")].calls == 1


async def test_a_process_that_ends_writes_the_rest_and_closes_its_book(
    book: UsageBook, records: MemoryUsageRecords
) -> None:
    book.begin("acme")
    book.add("acme", "ann", "default", [ANSWER])
    asyncio.get_running_loop().call_later(1.0, book.end, "acme")
    records.failing = 3
    await book.close()
    assert records.kept[KEY].calls == 1
    assert records.books_kept[book.process].closed


def go_on(book: UsageBook, records: MemoryUsageRecords) -> None:
    book.begin("acme")


def be_away(book: UsageBook, records: MemoryUsageRecords) -> None:
    records.failing = -1


@pytest.mark.parametrize("leave", [go_on, be_away])
async def test_a_book_in_which_something_is_missing_stays_open(
    book: UsageBook,
    records: MemoryUsageRecords,
    leave: Callable[[UsageBook, MemoryUsageRecords], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await book.write()
    call(book, ANSWER)
    leave(book, records)
    began = asyncio.get_running_loop().time()
    await book.close()
    assert not records.books_kept[book.process].closed
    assert asyncio.get_running_loop().time() - began <= 2 * CLOSE_SECONDS
    assert "stays open" in caplog.text


async def test_what_is_kept_long_enough_is_forgotten_again_and_again(
    book: UsageBook, records: MemoryUsageRecords, clock: WallClock
) -> None:
    call(book, ANSWER)
    await book.write()
    clock.ahead = timedelta(days=402)
    records.books_kept["gone"] = replace(records.books_kept[book.process])
    task = asyncio.create_task(book.keep())
    await asyncio.sleep(SWEEP_SECONDS + 2 * HEARTBEAT_SECONDS)
    task.cancel()
    assert not records.kept
    assert set(records.books_kept) == {book.process}


def test_a_process_has_a_name_of_its_own(clock: WallClock) -> None:
    async def names() -> set[str]:
        return {UsageBook(MemoryUsageRecords(clock), clock, Counts()).process for _ in range(2)}

    assert len(asyncio.run(names())) == 2
