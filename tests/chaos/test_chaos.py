"""`kill -9` of any part at a random moment loses no accepted answer, and bills none twice.

A kill does not lose what the operating system has taken but not yet written: that is tested nowhere here. Settings that
leave it at that are refused at the start instead.
"""

import asyncio
import os
from collections.abc import Iterator

import pytest

from tests.chaos.driver import check, run
from tests.chaos.stack import KEY, Stack, prepared_stack, start
from tests.postgres_server import needs_postgres
from tests.rabbitmq_server import needs_rabbitmq
from tests.redis_server import needs_redis

TIMES = int(os.environ.get("CHAOS_TIMES", "3"))

pytestmark = [pytest.mark.process, pytest.mark.slow, needs_postgres]


@pytest.fixture(scope="module")
def key() -> Iterator[None]:
    """The key of records in the environment, as the options of the database want it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEY.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def with_redis(key: None) -> Iterator[Stack]:
    with prepared_stack("redis") as stack:
        asyncio.run(start(stack))
        yield stack


@pytest.fixture(scope="module")
def with_rabbitmq(key: None) -> Iterator[Stack]:
    with prepared_stack("rabbitmq") as stack:
        asyncio.run(start(stack))
        yield stack


@needs_redis
@pytest.mark.parametrize("seed", range(TIMES))
@pytest.mark.parametrize("victim", ["worker", "server", "redis", "postgres"])
async def test_a_kill_loses_no_accepted_answer(with_redis: Stack, victim: str, seed: int) -> None:
    check(await run(with_redis, victim, seed))


@needs_rabbitmq
@pytest.mark.parametrize("seed", range(TIMES))
async def test_a_kill_of_rabbitmq_loses_no_accepted_answer(with_rabbitmq: Stack, seed: int) -> None:
    check(await run(with_rabbitmq, "rabbitmq", seed))
