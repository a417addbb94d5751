"""Runs the suite over every QuotaStore: in memory, and in a real Redis where one is installed."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest
from redis.asyncio import Redis

from groundwire_server.adapters.quota.memory import MemoryQuotaStore
from groundwire_server.adapters.quota.redis import RedisQuotaStore
from groundwire_server.adapters.redis.connection import connected
from groundwire_server.adapters.redis.options import RedisOptions
from tests.redis_server import needs_redis, redis_server

AnyStore: TypeAlias = MemoryQuotaStore | RedisQuotaStore


class TickingClock:
    """Seconds since 1970; each look takes 50 microseconds, so that whatever is waited for comes about."""

    def __init__(self) -> None:
        self.seconds = 1_795_651_200.0

    def __call__(self) -> float:
        self.seconds += 0.00005
        return self.seconds


@pytest.fixture(scope="package")
def redis_url() -> Iterator[str]:
    # A socket's path is at most 108 bytes, so that a folder of pytest's may be too long.
    with TemporaryDirectory(prefix="groundwire-") as folder, redis_server(Path(folder)) as url:
        yield url


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator["Redis"]:
    async with connected(RedisOptions(url=redis_url, timeout_seconds=10)) as client:
        await client.flushall()
        yield client


@pytest.fixture(
    params=["memory", pytest.param("redis", marks=[pytest.mark.process, needs_redis])],
)
def open_store(request: pytest.FixtureRequest) -> Callable[[], AnyStore]:
    """Return what opens a store of the same counts."""
    if request.param == "memory":
        kept = MemoryQuotaStore(TickingClock())
        return lambda: kept
    client: Redis = request.getfixturevalue("redis_client")
    return lambda: RedisQuotaStore(client, "test")


@pytest.fixture
async def store(open_store: Callable[[], AnyStore]) -> AsyncIterator[AnyStore]:
    opened = open_store()
    yield opened
    await settled(opened)


async def settled(store: AnyStore) -> None:
    """Wait until what was said in the background has arrived."""
    if isinstance(store, RedisQuotaStore):
        await store.flush()
