"""Runs the suite over every AnswerCache: in memory, and in a real Redis where one is installed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from groundwire_server.adapters.answer_cache.memory import MemoryAnswerCache
from groundwire_server.adapters.answer_cache.options import AnswerCacheOptions
from groundwire_server.adapters.answer_cache.redis.cache import RedisAnswerCache
from groundwire_server.adapters.redis.connection import connected
from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.ports.answer_cache import AnswerCache
from tests.doubles.clock import SetClock
from tests.doubles.counts import Counts
from tests.redis_server import needs_redis, redis_server


@dataclass(frozen=True)
class Cache:
    """A cache, what it has counted, and its time, which a test lets pass."""

    cache: AnswerCache
    counts: Counts
    pass_time: Callable[[float], Awaitable[None]]
    now: Callable[[], float]


Opener = Callable[..., AbstractAsyncContextManager[Cache]]


@asynccontextmanager
async def _memory(**options: Any) -> AsyncIterator[Cache]:
    clock, counts = SetClock(), Counts()

    async def pass_time(seconds: float) -> None:
        clock.move(seconds)

    yield Cache(MemoryAnswerCache(AnswerCacheOptions(**options), clock, counts), counts, pass_time, clock.now)


@pytest.fixture(scope="package")
def redis_url() -> Iterator[str]:
    # A socket's path is at most 108 bytes, so that a folder of pytest's may be too long.
    with TemporaryDirectory(prefix="groundwire-") as folder, redis_server(Path(folder)) as url:
        yield url


def _redis(url: str) -> Opener:
    @asynccontextmanager
    async def opened(**options: Any) -> AsyncIterator[Cache]:
        counts, clock = Counts(), SetClock()
        async with connected(RedisOptions(url=url, timeout_seconds=10)) as client:
            await client.flushall()

            async def pass_time(seconds: float) -> None:
                # Redis has no other clock than the machine's: what is to pass is taken off every time to live.
                async for found in client.scan_iter():
                    left = await client.pttl(found)
                    await client.pexpire(found, max(int(left - seconds * 1000), 0))

            cache = RedisAnswerCache(client, "test", AnswerCacheOptions(**options), clock, counts)
            yield Cache(cache, counts, pass_time, clock.now)

    return opened


@pytest.fixture(params=["memory", pytest.param("redis", marks=[pytest.mark.process, needs_redis])])
def open_cache(request: pytest.FixtureRequest) -> Opener:
    """Return what opens a cache of some options."""
    return _memory if request.param == "memory" else _redis(request.getfixturevalue("redis_url"))
