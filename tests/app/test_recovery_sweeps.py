"""Sweeps for changes that broke off: at the start, again and again, and whatever a store does."""

import asyncio
import logging

import pytest

from groundwire_server.app.parts.store import Store
from groundwire_server.app.recovery_sweeps import sweep_stores
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.app.test_document_counts import in_virtual_time
from tests.doubles.store import MemoryStore


class Place:
    """Where a store keeps documents."""

    def __init__(self, name: str, *, fails: bool = False) -> None:
        self.name = name
        self.fails = fails
        self.broken = 0
        self.sweeps = 0

    async def recover(self) -> int:
        self.sweeps += 1
        if self.fails:
            raise Failure(Cause.STORE_UNAVAILABLE)
        recovered, self.broken = self.broken, 0
        return recovered

    def store(self) -> Store:
        memory = MemoryStore()
        return Store(memory, memory, place=self.name, recover=self.recover)


def test_stores_are_swept_at_the_start_and_every_half_minute(caplog: pytest.LogCaptureFixture) -> None:
    main, other = Place("main", fails=True), Place("other")
    caplog.set_level(logging.INFO)

    @in_virtual_time
    async def run() -> None:
        other.broken = 2
        stores = [main.store(), other.store(), other.store(), Store(MemoryStore(), MemoryStore())]
        task = asyncio.create_task(sweep_stores(lambda: stores))
        await asyncio.sleep(1)
        assert (main.sweeps, other.sweeps) == (1, 1)
        await asyncio.sleep(60)
        assert (main.sweeps, other.sweeps) == (3, 3)
        task.cancel()

    run()
    (record,) = caplog.records
    assert (vars(record)["store"], vars(record)["changes"]) == ("other", 2)
