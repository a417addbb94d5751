"""What wake-ups do while their broker is away, slow or full, and when it is back."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import pytest

from groundwire_server.adapters.redis.faults import RedisFault
from groundwire_server.adapters.wakeups.broker import BrokerError, BrokerWakeups
from tests.doubles.clock import SetClock

LONG = 60.0


class FakeBroker:
    """Carries wake-ups to the test, or fails as the test says."""

    name = "fake"

    def __init__(self) -> None:
        self.fault: RedisFault | None = None
        self.sent: asyncio.Queue[list[str]] = asyncio.Queue()
        self.come: asyncio.Queue[Collection[str] | None] = asyncio.Queue()
        self.tried = 0
        self.failed = asyncio.Event()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["FakeBroker"]:
        self.tried += 1
        self.check()
        yield self

    async def send(self, topics: Collection[str]) -> None:
        self.check()
        self.sent.put_nowait(list(topics))

    async def receive(self) -> Collection[str] | None:
        return await self.come.get()

    def check(self) -> None:
        if self.fault is not None:
            self.failed.set()
            raise BrokerError(self.fault)

    async def fail(self, fault: RedisFault, times: int) -> None:
        """Fail from now on; return once it was tried that often."""
        self.fault = fault
        for _ in range(times):
            self.failed.clear()
            await self.failed.wait()


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
async def wakeups(broker: FakeBroker) -> AsyncIterator[BrokerWakeups]:
    async with BrokerWakeups(broker, SetClock(), again_seconds=0).serving() as serving:
        await serving.carried.wait()
        yield serving


async def test_a_broker_that_fails_is_reported_once_and_once_when_it_is_back(
    wakeups: BrokerWakeups, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    broker.fault = RedisFault.FULL
    await wakeups.notify("work")
    await broker.fail(RedisFault.FULL, times=20)
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "wake-ups are not carried to other processes"
    ]
    assert str(RedisFault.FULL) in str(vars(caplog.records[0])["why"])
    broker.fault = None
    await broker.sent.get()
    assert [record.message for record in caplog.records[1:]] == ["wake-ups are carried again"]


async def test_wake_ups_while_a_broker_is_away_are_sent_once_it_is_back(
    wakeups: BrokerWakeups, broker: FakeBroker
) -> None:
    broker.fault = RedisFault.AWAY
    for topic in ("a", "b", "a"):
        await wakeups.notify(topic)
    await broker.fail(RedisFault.AWAY, times=3)
    broker.fault = None
    assert await broker.sent.get() == ["a", "b"]


async def test_of_too_many_wake_ups_the_oldest_are_dropped(wakeups: BrokerWakeups, broker: FakeBroker) -> None:
    for number in range(3000):
        await wakeups.notify(str(number))
    assert await broker.sent.get() == [str(number) for number in range(1976, 3000)]


async def test_all_that_wait_are_woken_once_a_broker_is_back(wakeups: BrokerWakeups, broker: FakeBroker) -> None:
    async with wakeups.subscribed("work") as subscription:
        broker.fault = RedisFault.AWAY
        await wakeups.notify("other")
        await broker.fail(RedisFault.AWAY, times=2)
        assert not await subscription.wait(0)
        broker.fault = None
        assert await subscription.wait(LONG)


async def test_all_that_wait_are_woken_where_wake_ups_were_missed(wakeups: BrokerWakeups, broker: FakeBroker) -> None:
    async with wakeups.subscribed("work") as subscription:
        broker.come.put_nowait(None)
        assert await subscription.wait(LONG)


async def test_this_process_is_woken_while_the_broker_is_away(broker: FakeBroker) -> None:
    broker.fault = RedisFault.AWAY
    async with BrokerWakeups(broker, SetClock()).serving() as wakeups, wakeups.subscribed("work") as subscription:
        await wakeups.notify("work")
        assert await subscription.wait(0)


async def test_the_last_wake_ups_are_sent_before_the_process_ends(broker: FakeBroker) -> None:
    async with BrokerWakeups(broker, SetClock()).serving() as wakeups:
        await wakeups.carried.wait()
        await wakeups.notify("work")
    assert broker.sent.get_nowait() == ["work"]


async def test_a_broker_that_takes_no_more_does_not_keep_a_process_from_ending(broker: FakeBroker) -> None:
    async def never(topics: Collection[str]) -> None:
        await asyncio.Event().wait()

    broker.send = never  # type: ignore[method-assign]
    async with BrokerWakeups(broker, SetClock()).serving() as wakeups:
        await wakeups.carried.wait()
        await wakeups.notify("work")
