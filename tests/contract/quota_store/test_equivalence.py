"""Memory and Redis count alike: whatever is demanded, each says the same."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwire_server.adapters.quota.memory import MemoryQuotaStore
from groundwire_server.adapters.quota.redis import RedisQuotaStore
from groundwire_server.adapters.redis.connection import connected
from groundwire_server.adapters.redis.options import RedisOptions
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
from tests.redis_server import needs_redis

KINDS: dict[str, st.SearchStrategy[Bound]] = {
    # So short that some of it comes back while a test runs, and so long that none does.
    "rate": st.builds(TokenBucket, st.integers(1, 50), st.sampled_from([700, 5_000, 60 * MICROS])),
    "money": st.builds(Spending, st.integers(1, 60), st.sampled_from(Calendar)),
    "calls": st.builds(Concurrent, st.integers(1, 3)),
}
DEMANDS = st.fixed_dictionaries(
    {},
    optional={
        f"{kind}-{number}": st.tuples(bounds, st.integers(0, 70), st.booleans())
        for kind, bounds in KINDS.items()
        for number in (1, 2)
    },
).map(lambda found: [Demand(key, *rest) for key, rest in found.items()])
LEASES = st.none() | st.builds(CallLease, st.sampled_from("abcd"), st.sampled_from([1_000, 60 * MICROS]))


@dataclass(frozen=True)
class Take:
    demands: Sequence[Demand]
    lease: CallLease | None


@dataclass(frozen=True)
class Settle:
    take: int
    amounts: Sequence[int]


@dataclass(frozen=True)
class GiveBack:
    holder: str


STEPS = st.lists(
    st.builds(Take, DEMANDS, LEASES)
    | st.builds(Settle, st.integers(0, 9), st.lists(st.integers(0, 90), min_size=6, max_size=6))
    | st.builds(GiveBack, st.sampled_from("abcd")),
    min_size=1,
    max_size=14,
)


class ToldTime:
    """The time that the other store said."""

    def __init__(self) -> None:
        self.micros = 0

    def __call__(self) -> float:
        # Between two microseconds, so that no rounding leads to the one before.
        return (self.micros + 0.5) / MICROS


@pytest.mark.process
@needs_redis
@given(steps=STEPS)
@settings(max_examples=300)
def test_memory_and_redis_say_the_same(redis_url: str, steps: Sequence[Take | Settle | GiveBack]) -> None:
    asyncio.run(_compare(redis_url, steps))


async def _compare(url: str, steps: Sequence[Take | Settle | GiveBack]) -> None:
    clock = ToldTime()
    memory = MemoryQuotaStore(clock)
    made: list[tuple[Sequence[Demand], Taken]] = []
    async with connected(RedisOptions(url=url, timeout_seconds=10)) as client:
        await client.flushall()
        redis = RedisQuotaStore(client, "test")
        for step in steps:
            match step:
                case Take(demands, lease):
                    said = await redis.take(demands, lease)
                    clock.micros = said.now
                    assert await memory.take(demands, lease) == said
                    if said.admitted:
                        made.append((demands, said))
                case Settle(index, amounts) if made:
                    demands, taken = made[index % len(made)]
                    settlements = [
                        Settlement(demand, taken.now, _comparable(demand, amount))
                        for demand, amount in zip(demands, amounts, strict=False)
                        if not isinstance(demand.bound, Concurrent)
                    ]
                    redis.settle(settlements)
                    await redis.flush()
                    clock.micros = (await redis.take([])).now
                    memory.settle(settlements)
                case GiveBack(holder):
                    keys = [f"calls-{number}" for number in (1, 2)]
                    redis.give_back(keys, CallLease(holder, 0))
                    await redis.flush()
                    memory.give_back(keys, CallLease(holder, 0))
                case _:
                    pass


def _comparable(demand: Demand, amount: int) -> int:
    """Return no more of a rate than was reserved: the stores settle microseconds apart, and a full bucket tells."""
    return min(amount, demand.amount) if isinstance(demand.bound, TokenBucket) else amount
