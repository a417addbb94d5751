"""What all Wakeups do; the brokers among them are real."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.adapters.wakeups.broker import Broker, BrokerWakeups
from groundwire_server.adapters.wakeups.memory import MemoryWakeups
from groundwire_server.adapters.wakeups.options import RabbitMQWakeupsOptions
from groundwire_server.adapters.wakeups.rabbitmq import RabbitMQBroker
from groundwire_server.adapters.wakeups.redis import RedisBroker
from groundwire_server.ports.operations import WORK, Wakeups, ended
from tests.doubles.clock import SetClock
from tests.rabbitmq_server import needs_rabbitmq, rabbitmq_server
from tests.redis_server import needs_redis, redis_server

LONG = 60.0
"""Seconds that a wait may take which a wake-up ends: only a test that fails takes them."""

Processes = tuple[Wakeups, Wakeups]
"""Two that wake each other; with wake-ups in memory they are one."""


@pytest.fixture(scope="session")
def redis() -> Iterator[Broker]:
    with TemporaryDirectory(prefix="redis-", dir="/tmp") as folder, redis_server(Path(folder)) as url:  # short
        yield RedisBroker(RedisOptions(url=url, timeout_seconds=5))


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with rabbitmq_server(tmp_path_factory.mktemp("rabbitmq")) as running:
        yield RabbitMQBroker(RabbitMQWakeupsOptions(url=running.url, timeout_seconds=20))


@pytest.fixture(
    params=[
        "memory",
        pytest.param("redis", marks=[needs_redis, pytest.mark.process]),
        pytest.param("rabbitmq", marks=[needs_rabbitmq, pytest.mark.process, pytest.mark.slow]),
    ]
)
async def processes(request: pytest.FixtureRequest) -> AsyncIterator[Processes]:
    if request.param == "memory":
        yield (wakeups := MemoryWakeups()), wakeups
        return
    broker = request.getfixturevalue(request.param)
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(BrokerWakeups(broker, SetClock()).serving()) for _ in range(2)]
        for each in (one, other):
            await each.carried.wait()
        yield one, other


async def test_a_wake_up_ends_the_wait_of_another_process(processes: Processes) -> None:
    one, other = processes
    async with one.subscribed(WORK) as subscription:
        await other.notify(WORK)
        assert await subscription.wait(LONG)


async def test_a_wake_up_before_the_wait_ends_it_and_only_it(processes: Processes) -> None:
    one, other = processes
    async with one.subscribed(WORK) as subscription, one.subscribed("marker") as marker:
        await one.notify(WORK)
        assert await subscription.wait(0)
        assert not await subscription.wait(0)
        # Whatever the broker sends back of the process's own wake-ups would come before this.
        await other.notify("marker")
        assert await marker.wait(LONG)
        assert not await subscription.wait(0)


async def test_a_wake_up_is_for_its_topic_alone(processes: Processes) -> None:
    one, other = processes
    async with one.subscribed(ended("1")) as named, one.subscribed(ended("10")) as longer, one.subscribed(WORK) as work:
        await other.notify(ended("1"))
        await other.notify(WORK)
        assert await work.wait(LONG)
        assert await named.wait(0)
        assert not await longer.wait(0)


async def test_all_that_wait_for_a_topic_are_woken(processes: Processes) -> None:
    async with AsyncExitStack() as stack:
        waiting = [await stack.enter_async_context(each.subscribed(WORK)) for each in processes for _ in range(100)]
        await processes[1].notify(WORK)
        assert all([await subscription.wait(LONG) for subscription in waiting])


async def test_a_subscription_that_has_ended_leaves_others_as_they_are(processes: Processes) -> None:
    one, other = processes
    async with one.subscribed(WORK):
        pass
    async with one.subscribed(WORK) as later:
        async with one.subscribed(WORK):
            pass
        await other.notify(WORK)
        assert await later.wait(LONG)


async def test_nobody_waits_for_a_wake_up_to_be_sent(processes: Processes) -> None:
    for topic in (WORK, ended("1")) * 2000:
        notifying = processes[0].notify(topic).__await__()
        with pytest.raises(StopIteration):  # it ends at its first step
            next(notifying)


async def test_a_wait_ends_with_its_time(processes: Processes) -> None:
    async with processes[0].subscribed(WORK) as subscription:
        assert not await subscription.wait(0.001)
