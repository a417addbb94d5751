"""Counts in memory on a clock that steps, and what is left of those that nobody uses any more."""

from datetime import UTC, datetime

import pytest

from groundwire_server.adapters.quota.memory import MemoryQuotaStore
from groundwire_server.domain.quota import (
    MICROS,
    Bound,
    Calendar,
    CallLease,
    Concurrent,
    Demand,
    Settlement,
    Spending,
    TokenBucket,
)

NOON = 1_795_694_400.0
MINUTE = 60 * MICROS


class SteppingClock:
    """A wall clock that is set."""

    def __init__(self) -> None:
        self.seconds = NOON

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def store(clock: SteppingClock) -> MemoryQuotaStore:
    return MemoryQuotaStore(clock)


async def admitted(store: MemoryQuotaStore, bound: Bound, amount: int = 1, holder: str = "a") -> bool:
    return (await store.take([Demand("key", bound, amount)], CallLease(holder, MINUTE))).admitted


@pytest.mark.parametrize("step", [-3600.0, -86_400.0 * 400, 3600.0])
async def test_a_clock_that_steps_locks_nobody_out_for_longer_than_a_period(
    store: MemoryQuotaStore, clock: SteppingClock, step: float
) -> None:
    bucket = TokenBucket(2, MINUTE)
    assert await admitted(store, bucket, 2)
    clock.seconds += step
    waited = 0
    while not await admitted(store, bucket):
        clock.seconds += 1
        waited += 1
        assert waited <= 60


@pytest.mark.parametrize("step", [-86_400.0 * 2, 3600.0])
async def test_a_clock_that_steps_ends_leases_and_keeps_none_for_ever(
    store: MemoryQuotaStore, clock: SteppingClock, step: float
) -> None:
    assert await admitted(store, Concurrent(1))
    clock.seconds += step
    assert await admitted(store, Concurrent(1), holder="b")


async def test_a_clock_that_is_set_back_into_another_day_keeps_nobody_from_spending_on_it(
    store: MemoryQuotaStore, clock: SteppingClock
) -> None:
    assert await admitted(store, Spending(10, Calendar.DAY), 10)
    clock.seconds -= 86_400
    assert await admitted(store, Spending(10, Calendar.DAY), 10)


@pytest.mark.parametrize(
    ("seconds", "ends"),
    [
        (NOON, "2026-12-01"),
        (1_798_761_599.0, "2027-01-01"),
        (1_798_761_600.0, "2027-02-01"),
        (1_835_395_200.0, "2028-03-01"),
    ],
)
async def test_months_end_where_the_calendar_says(
    store: MemoryQuotaStore, clock: SteppingClock, seconds: float, ends: str
) -> None:
    clock.seconds = seconds
    full_at = (await store.take([Demand("key", Spending(1, Calendar.MONTH), 0)])).levels[0].full_at
    assert full_at is not None
    assert datetime.fromtimestamp(full_at / MICROS, UTC).isoformat() == f"{ends}T00:00:00+00:00"


async def test_what_nothing_is_used_of_any_more_is_forgotten(store: MemoryQuotaStore, clock: SteppingClock) -> None:
    for number in range(1000):
        await store.take([Demand(str(number), TokenBucket(1, MINUTE), 1)])
    clock.seconds += 61
    for _ in range(260):
        await store.take([])
    assert repr(store) == "<MemoryQuotaStore: 0 counts>"


async def test_what_was_spent_yesterday_is_not_settled_today(store: MemoryQuotaStore, clock: SteppingClock) -> None:
    demand = Demand("key", Spending(100, Calendar.DAY), 80)
    taken = await store.take([demand])
    clock.seconds += 86_400
    store.settle([Settlement(demand, taken.now, 90)])
    assert (await store.take([Demand("key", Spending(100, Calendar.DAY), 0)])).levels[0].used == 0
