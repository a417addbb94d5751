"""Real brokers that are full, stopped, blocked, cut off or gone: nobody waits for them, and they are used again."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis

from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.adapters.wakeups.broker import Broker, BrokerWakeups
from groundwire_server.adapters.wakeups.options import RabbitMQWakeupsOptions
from groundwire_server.adapters.wakeups.rabbitmq import RabbitMQBroker
from groundwire_server.adapters.wakeups.redis import RedisBroker
from groundwire_server.ports.operations import WORK, Wakeups
from tests.doubles.clock import SetClock
from tests.rabbitmq_server import RabbitMQ, needs_rabbitmq, rabbitmq_server
from tests.redis_server import needs_redis, redis_server

pytestmark = pytest.mark.process

PATIENCE = 120.0
"""Seconds that only a test which fails takes."""

POLL = 0.05

Act = Callable[[], object]
Fault = tuple[Act, Act]
"""What brings it about, and what ends it; each may take seconds."""


async def goes_on_without(broker: Broker, fault: Fault) -> None:
    """Make sure that two processes go on while their broker is of no use, and are joined again afterwards."""
    begin, end = fault
    one, other = [BrokerWakeups(broker, SetClock(), again_seconds=POLL) for _ in range(2)]
    async with asyncio.timeout(PATIENCE), one.serving(), other.serving():
        await asyncio.gather(one.carried.wait(), other.carried.wait())
        await asyncio.to_thread(begin)
        async with one.subscribed(WORK) as here:
            while one.carried.is_set():
                _notify_at_once(one)
                assert await here.wait(0), "a process is not woken by its own change"
                await asyncio.sleep(POLL)
        async with other.subscribed(WORK) as there:
            _notify_at_once(one)
            # It goes on at the pace of its polling: the wait ends with its time.
            assert not await there.wait(POLL)
        await asyncio.to_thread(end)
        await asyncio.gather(one.carried.wait(), other.carried.wait())
        async with other.subscribed(WORK) as there:
            while not await there.wait(POLL):
                _notify_at_once(one)


def _notify_at_once(wakeups: Wakeups) -> None:
    """Notify as accepting a question does: it must end at its first step, or accepting would wait for the broker."""
    notifying = wakeups.notify(WORK).__await__()
    with pytest.raises(StopIteration):
        next(notifying)


class RedisProcess:
    """A Redis that can be ended and started again.

    Args:
        folder: of its socket.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = ExitStack()
        self.start()

    def start(self) -> None:
        self.url = self._running.enter_context(redis_server(self._folder))

    def end(self) -> None:
        self._running.close()

    def command(self, *words: str) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.execute_command(*words)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self._process, number)

    def stop(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            self._process = client.info("server")["process_id"]
        self.signal(signal.SIGSTOP)


REDIS_FAULTS: dict[str, Callable[[RedisProcess], Fault]] = {
    "full": lambda redis: (
        lambda: redis.command("CONFIG", "SET", "maxmemory", "1"),
        lambda: redis.command("CONFIG", "SET", "maxmemory", "0"),
    ),
    "stopped": lambda redis: (redis.stop, lambda: redis.signal(signal.SIGCONT)),
    "gone": lambda redis: (redis.end, redis.start),
}


@contextmanager
def redis_process() -> Iterator[RedisProcess]:
    with TemporaryDirectory(prefix="redis-", dir="/tmp") as folder:  # the path of a socket is short
        running = RedisProcess(Path(folder))
        try:
            yield running
        finally:
            running.end()


@needs_redis
@pytest.mark.parametrize("fault", REDIS_FAULTS)
async def test_redis_that_is_of_no_use_keeps_nobody_waiting(fault: str) -> None:
    with redis_process() as running:
        broker = RedisBroker(RedisOptions(url=running.url, timeout_seconds=0.5))
        await goes_on_without(broker, REDIS_FAULTS[fault](running))


@needs_redis
async def test_a_connection_to_redis_that_is_cut_is_made_again() -> None:
    with redis_process() as running:
        broker = RedisBroker(RedisOptions(url=running.url, timeout_seconds=5))
        await _joined_again(broker, lambda: running.command("CLIENT", "KILL", "TYPE", "normal"))


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    with rabbitmq_server(tmp_path_factory.mktemp("rabbitmq")) as running:
        yield running


def _stopped(running: RabbitMQ) -> Fault:
    process = int(running.control("eval", "list_to_integer(os:getpid())."))
    return lambda: os.kill(process, signal.SIGSTOP), lambda: os.kill(process, signal.SIGCONT)


RABBITMQ_FAULTS: dict[str, Callable[[RabbitMQ], Fault]] = {
    "memory": lambda running: (
        lambda: running.control("set_vm_memory_high_watermark", "0"),
        lambda: running.control("set_vm_memory_high_watermark", "0.4"),
    ),
    "disk": lambda running: (
        lambda: running.control("set_disk_free_limit", "900000GB"),
        lambda: running.control("set_disk_free_limit", "1MB"),
    ),
    "stopped": _stopped,
}


@pytest.mark.slow
@needs_rabbitmq
@pytest.mark.parametrize("fault", RABBITMQ_FAULTS)
async def test_rabbitmq_that_is_of_no_use_keeps_nobody_waiting(rabbitmq: RabbitMQ, fault: str) -> None:
    broker = RabbitMQBroker(RabbitMQWakeupsOptions(url=rabbitmq.url, timeout_seconds=2))
    await goes_on_without(broker, RABBITMQ_FAULTS[fault](rabbitmq))


@pytest.mark.slow
@needs_rabbitmq
async def test_a_connection_to_rabbitmq_that_is_cut_is_made_again(rabbitmq: RabbitMQ) -> None:
    broker = RabbitMQBroker(RabbitMQWakeupsOptions(url=rabbitmq.url, timeout_seconds=20))
    await _joined_again(broker, lambda: rabbitmq.control("close_all_connections", "a test"))


async def _joined_again(broker: Broker, cut: Act) -> None:
    """Cut the connections of two processes, which need not be seen apart, and make sure that they wake each other."""
    one, other = [BrokerWakeups(broker, SetClock(), again_seconds=POLL) for _ in range(2)]
    async with asyncio.timeout(PATIENCE), one.serving(), other.serving():
        await asyncio.gather(one.carried.wait(), other.carried.wait())
        async with other.subscribed(WORK) as there:
            await asyncio.to_thread(cut)
            # All are woken once they are connected again: something may have been missed.
            assert await there.wait(PATIENCE)
        await asyncio.gather(one.carried.wait(), other.carried.wait())
        async with other.subscribed(WORK) as there:
            while not await there.wait(POLL):
                _notify_at_once(one)
