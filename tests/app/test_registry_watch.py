"""Each process uses what the records hold soon after it is there, and goes on without them."""

import asyncio
import logging

import pytest

from groundwire_server.app import registry_watch as module
from groundwire_server.app.registry_watch import POLL_SECONDS, RegistryWatch
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.registry_records import RegistryState
from tests.doubles.registry_records import StatefulRegistryRecords
from tests.doubles.time import VirtualTimeLoop


class Used:
    """The states that were used."""

    def __init__(self) -> None:
        self.states: list[RegistryState] = []
        self.at: list[float] = []

    async def use(self, state: RegistryState) -> bool:
        self.states.append(state)
        self.at.append(asyncio.get_running_loop().time())
        return True


async def begun(records: StatefulRegistryRecords) -> tuple[RegistryWatch, Used]:
    watch, used = RegistryWatch(records.port, lambda: 1.0), Used()
    await watch.begin()
    watch.follow(used.use)
    return watch, used


async def test_a_state_is_used_once() -> None:
    records = StatefulRegistryRecords()
    watch, used = await begun(records)
    await watch.refresh()
    assert used.states == []
    changed = records.change()
    await watch.refresh()
    await watch.refresh()
    assert used.states == [changed]
    assert records.reads == 2


async def test_looks_at_once_use_a_state_once() -> None:
    records = StatefulRegistryRecords()
    watch, used = await begun(records)
    changed = records.change()
    await asyncio.gather(*(watch.refresh() for _ in range(5)))
    assert used.states == [changed]


async def test_records_that_were_restored_are_used_though_they_have_fewer_changes() -> None:
    records = StatefulRegistryRecords()
    records.change()
    before = records.change()
    watch, used = await begun(records)
    records.kept = RegistryState(before.revision - 1)
    await watch.refresh()
    assert used.states == [records.kept]


async def test_a_process_does_not_begin_without_the_state() -> None:
    records = StatefulRegistryRecords()
    records.away = True
    with pytest.raises(SetupError, match="prompts and experiments cannot be read from the records: the database is"):
        await RegistryWatch(records.port).begin()


async def test_an_outage_is_one_line_and_its_end_another(caplog: pytest.LogCaptureFixture) -> None:
    records = StatefulRegistryRecords()
    watch, used = await begun(records)
    records.away = True
    with caplog.at_level(logging.INFO, module.__name__):
        for _ in range(3):
            await watch.refresh()
        assert [(line.levelname, line.__dict__["why"]) for line in caplog.records] == [
            ("WARNING", "the database is away: start it")
        ]
        records.away = False
        changed = records.change()
        await watch.refresh()
        await watch.refresh()
    assert [line.levelname for line in caplog.records] == ["WARNING", "INFO"]
    assert used.states == [changed]


async def test_a_state_that_fails_is_tried_again() -> None:
    records = StatefulRegistryRecords()
    watch = RegistryWatch(records.port)
    await watch.begin()

    async def fail(_: RegistryState) -> None:
        raise RuntimeError("a defect")

    watch.follow(fail)
    changed = records.change()
    with pytest.raises(RuntimeError):
        await watch.refresh()
    used = Used()
    watch.follow(used.use)
    await watch.refresh()
    assert used.states == [changed]


def test_the_watch_looks_every_half_second_give_or_take() -> None:
    async def watched() -> list[float]:
        records = StatefulRegistryRecords()
        watch, used = await begun(records)
        began = asyncio.get_running_loop().time()
        task = asyncio.create_task(watch.keep())
        for _ in range(3):
            records.change()
            await asyncio.sleep(POLL_SECONDS * 1.2)
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return [at - began for at in used.at]

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(watched()) == pytest.approx([0.6, 1.2, 1.8])
