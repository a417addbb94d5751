"""What every QuotaStore does."""

from collections.abc import Callable

import pytest

from groundwire_server.domain.quota import (
    MICROS,
    Bound,
    Calendar,
    CallLease,
    Concurrent,
    Demand,
    Settlement,
    Spending,
    Taken,
    TokenBucket,
)
from groundwire_server.ports.quota_store import QuotaStore
from tests.contract.quota_store.conftest import AnyStore, settled

MINUTE = 60 * MICROS
HOUR = 3600 * MICROS
TRIES = 100_000
"""More than a store can answer in the few milliseconds that a test waits for."""


def _one(bound: Bound, amount: int = 1, key: str = "a", *, enforced: bool = True) -> Demand:
    return Demand(key, bound, amount, enforced)


async def _until_admitted(store: QuotaStore, demand: Demand, lease: CallLease | None = None) -> tuple[Taken, Taken]:
    """Demand again and again; return the last refusal and the admission."""
    refused = await store.take([demand], lease)
    assert not refused.admitted
    for _ in range(TRIES):
        taken = await store.take([demand], lease)
        if taken.admitted:
            return refused, taken
        refused = taken
    raise AssertionError("it was never admitted")


async def test_a_full_bucket_is_taken_at_once_and_not_beyond(store: AnyStore) -> None:
    rate = TokenBucket(3, HOUR)
    taken = [await store.take([_one(rate)]) for _ in range(4)]
    assert [each.admitted for each in taken] == [True, True, True, False]
    assert [each.levels[0].used for each in taken] == [1, 2, 3, 3]


async def test_it_says_exactly_when_the_next_may_come(store: AnyStore) -> None:
    rate = TokenBucket(2, 20_000)
    await store.take([_one(rate, 2)])
    refused, taken = await _until_admitted(store, _one(rate))
    free_at = refused.levels[0].free_at
    assert free_at is not None
    assert refused.now < free_at <= taken.now


async def test_an_amount_above_the_whole_rate_takes_a_full_bucket(store: AnyStore) -> None:
    rate = TokenBucket(100, HOUR)
    assert (await store.take([_one(rate, 5_000)])).admitted
    assert not (await store.take([_one(rate, 5_000)])).admitted
    assert not (await store.take([_one(rate, 0)])).admitted


async def test_to_ask_whether_something_is_left_takes_nothing(store: AnyStore) -> None:
    demands = [_one(TokenBucket(1, HOUR), 0, "rate"), _one(Spending(5, Calendar.MONTH), 0, "money")]
    for _ in range(3):
        taken = await store.take(demands)
        assert taken.admitted
        assert [level.used for level in taken.levels] == [0, 0]


async def test_nothing_is_taken_where_one_enforced_demand_does_not_fit(store: AnyStore) -> None:
    lease = CallLease("first", HOUR)
    full = [_one(Concurrent(1), key="full")]
    await store.take(full, lease)
    others = [_one(TokenBucket(5, HOUR), key="rate"), _one(Spending(5, Calendar.DAY), 2, "money"), *full]
    refused = await store.take(others, CallLease("second", HOUR))
    assert not refused.admitted
    assert [level.fits for level in refused.levels] == [True, True, False]
    store.give_back(["full"], lease)
    await settled(store)
    taken = await store.take(others, CallLease("second", HOUR))
    assert [level.used for level in taken.levels] == [1, 2, 1]


async def test_what_is_not_enforced_refuses_nobody_and_counts_no_more_than_there_is(store: AnyStore) -> None:
    demands = [_one(TokenBucket(1, HOUR), key="rate", enforced=False), _one(Concurrent(1), key="calls", enforced=False)]
    first = await store.take(demands, CallLease("first", HOUR))
    second = await store.take(demands, CallLease("second", HOUR))
    assert first.admitted
    assert second.admitted
    assert [level.fits for level in second.levels] == [False, False]
    assert [level.used for level in second.levels] == [1, 1]


async def test_money_that_is_not_enforced_is_counted_all_the_same(store: AnyStore) -> None:
    demand = _one(Spending(10, Calendar.DAY), 8, enforced=False)
    await store.take([demand])
    taken = await store.take([demand])
    assert not taken.levels[0].fits
    assert taken.levels[0].used == 16


async def test_money_is_left_until_the_window_ends(store: AnyStore) -> None:
    for calendar in Calendar:
        money = Spending(10, calendar)
        assert (await store.take([_one(money, 9, calendar.value)])).admitted
        refused = await store.take([_one(money, 2, calendar.value)])
        assert not refused.admitted
        assert refused.levels[0].free_at == calendar.end(refused.now)
        assert (await store.take([_one(money, 1, calendar.value)])).admitted


async def test_more_money_than_there_is_never_fits(store: AnyStore) -> None:
    refused = await store.take([_one(Spending(10, Calendar.DAY), 11)])
    assert not refused.admitted
    assert refused.levels[0].free_at is None


async def test_what_was_reserved_gives_way_to_what_was_used(store: AnyStore) -> None:
    demands = [_one(TokenBucket(1000, HOUR), 500, "tokens"), _one(Spending(100, Calendar.DAY), 80, "money")]
    taken = await store.take(demands)
    store.settle([Settlement(demand, taken.now, amount) for demand, amount in zip(demands, (100, 90), strict=True)])
    await settled(store)
    after = await store.take(
        [_one(TokenBucket(1000, HOUR), 0, "tokens"), _one(Spending(100, Calendar.DAY), 0, "money")]
    )
    assert [level.used for level in after.levels] == [100, 90]


async def test_what_was_reserved_in_an_earlier_window_costs_this_one_nothing(store: AnyStore) -> None:
    money = _one(Spending(100, Calendar.DAY), 80)
    taken = await store.take([money])
    store.settle([Settlement(money, taken.now - 24 * HOUR, 10)])
    await settled(store)
    assert (await store.take([_one(Spending(100, Calendar.DAY), 0)])).levels[0].used == 80


async def test_what_was_used_is_counted_where_the_count_was_lost(store: AnyStore) -> None:
    now = (await store.take([])).now
    store.settle([Settlement(_one(Spending(100, Calendar.DAY), 80), now, 30)])
    store.settle([Settlement(_one(TokenBucket(100, HOUR), 80, "rate"), now, 30)])
    await settled(store)
    after = await store.take([_one(Spending(100, Calendar.DAY), 0), _one(TokenBucket(100, HOUR), 0, "rate")])
    assert [level.used for level in after.levels] == [30, 0]


async def test_a_lease_is_given_back_once_whoever_opened_the_store(
    store: AnyStore, open_store: Callable[[], AnyStore]
) -> None:
    calls, lease = _one(Concurrent(1)), CallLease("first", HOUR)
    await store.take([calls], lease)
    assert not (await store.take([calls], CallLease("second", HOUR))).admitted
    another = open_store()
    another.give_back(["a"], lease)
    await settled(another)
    assert (await store.take([calls], CallLease("second", HOUR))).admitted
    store.give_back(["a"], lease)
    await settled(store)
    assert not (await store.take([calls], CallLease("third", HOUR))).admitted


async def test_what_a_killed_process_held_is_free_when_its_lease_expires(store: AnyStore) -> None:
    calls = _one(Concurrent(1))
    begun = await store.take([calls], CallLease("killed", 20_000))
    _, taken = await _until_admitted(store, calls, CallLease("next", HOUR))
    assert taken.now >= begun.now + 20_000


async def test_counts_of_different_keys_do_not_touch(store: AnyStore) -> None:
    rate = TokenBucket(1, HOUR)
    assert (await store.take([_one(rate, key="a")])).admitted
    assert (await store.take([_one(rate, key="b")])).admitted
    assert not (await store.take([_one(rate, key="a")])).admitted


@pytest.mark.parametrize(("before", "after", "used"), [(10, 20, 10), (10, 5, 3)], ids=["more", "fewer"])
async def test_a_rate_that_changes_forgets_nothing(store: AnyStore, before: int, after: int, used: int) -> None:
    await store.take([_one(TokenBucket(before, HOUR), 5)])
    level = (await store.take([_one(TokenBucket(after, HOUR), 0)])).levels[0]
    assert level.used == used


async def test_money_whose_limit_changes_is_still_spent(store: AnyStore) -> None:
    await store.take([_one(Spending(100, Calendar.MONTH), 60)])
    assert not (await store.take([_one(Spending(50, Calendar.MONTH), 0)])).admitted
    assert (await store.take([_one(Spending(61, Calendar.MONTH), 1)])).admitted
