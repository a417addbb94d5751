"""Threads that tenants take turns at."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from groundwire_server.adapters.resilience.fair_threads import FairThreads
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.resilience.protected import limiter

ACME, GLOBEX = Requester("acme"), Requester("globex")


class Busy:
    """One thread, whose first work lasts until the test ends it."""

    def __init__(self) -> None:
        self.slots = limiter(1, 100)
        self.threads = FairThreads(ThreadPoolExecutor(1), self.slots)
        self.may_end = threading.Event()
        self.order: list[str] = []

    def begin(self, requester: Requester) -> "asyncio.Task[bool]":
        return asyncio.create_task(self.threads.run(requester, NEVER, self.may_end.wait))

    def noted(self, requester: Requester) -> "asyncio.Task[None]":
        return asyncio.create_task(self.threads.run(requester, NEVER, partial(self.order.append, requester.tenant)))


@pytest.fixture
async def busy() -> AsyncIterator[Busy]:
    made = Busy()
    yield made
    made.may_end.set()
    made.threads.close()


async def test_tenants_take_turns(busy: Busy) -> None:
    first = busy.begin(ACME)
    await asyncio.sleep(0)
    others = [busy.noted(each) for each in (ACME, ACME, ACME, GLOBEX, GLOBEX)]
    await asyncio.sleep(0)
    busy.may_end.set()
    await asyncio.gather(first, *others)
    assert busy.order == ["globex", "acme", "globex", "acme", "acme"]


async def test_a_thread_is_taken_until_its_work_has_ended_though_its_caller_has_left(busy: Busy) -> None:
    leaving = busy.begin(ACME)
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert busy.slots.used == 1
    following = busy.noted(GLOBEX)
    await asyncio.sleep(0)
    assert busy.slots.waiting == 1
    busy.may_end.set()
    await following
    assert busy.slots.used == 0


async def test_what_its_caller_has_left_before_it_began_is_not_done(busy: Busy) -> None:
    first = busy.begin(ACME)
    await asyncio.sleep(0)
    leaving = busy.noted(GLOBEX)
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    busy.may_end.set()
    await first
    assert (busy.order, busy.slots.used, busy.slots.waiting) == ([], 0, 0)


async def test_what_work_raises_is_raised_and_its_thread_is_free_again(busy: Busy) -> None:
    def failing() -> None:
        raise Failure(Cause.EMBEDDER_UNAVAILABLE)

    with pytest.raises(Failure, match="EMBEDDER_UNAVAILABLE"):
        await busy.threads.run(ACME, NEVER, failing)
    assert busy.slots.used == 0


async def test_what_waits_when_the_threads_end_fails_and_is_not_done(busy: Busy) -> None:
    first = busy.begin(ACME)
    await asyncio.sleep(0)
    waiting = busy.noted(GLOBEX)
    await asyncio.sleep(0)
    busy.threads.close()
    busy.may_end.set()
    assert await first
    with pytest.raises(Failure, match="CAPACITY_EXHAUSTED"):
        await waiting
    assert (busy.order, busy.slots.used) == ([], 0)
