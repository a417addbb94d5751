"""Runs the suite over both logs; that in Redis over a real one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from groundwire_server.adapters.run_log.memory import MemoryRunLog
from groundwire_server.ports.run_log import RunLog
from tests.doubles.clock import SetClock
from tests.doubles.run_logs import redis_log
from tests.redis_server import needs_redis, redis_server


@dataclass
class Logging:
    """A log, and its time, which a test lets pass."""

    log: RunLog
    pass_time: Callable[[float], Awaitable[None]]


@asynccontextmanager
async def _memory() -> AsyncIterator[Logging]:
    clock = SetClock()

    async def pass_time(seconds: float) -> None:
        clock.move(seconds)

    yield Logging(MemoryRunLog(clock), pass_time)


@asynccontextmanager
async def _redis() -> AsyncIterator[Logging]:
    with TemporaryDirectory(prefix="redis-", dir="/tmp") as folder, redis_server(Path(folder)) as url:  # short
        async with redis_log(url) as opened:

            async def pass_time(seconds: float) -> None:
                opened.clock.move(seconds)
                await opened.pass_time(seconds)

            yield Logging(opened.log, pass_time)


@pytest.fixture(
    params=[
        pytest.param(_memory, id="memory"),
        pytest.param(_redis, id="redis", marks=[needs_redis, pytest.mark.process]),
    ]
)
async def logging(request: pytest.FixtureRequest) -> AsyncIterator[Logging]:
    async with request.param() as opened:
        yield opened
