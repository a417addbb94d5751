"""Sweeping and measuring the queue."""

import asyncio
from datetime import timedelta

import pytest

from groundwire_server.domain.vocabulary import OperationState
from groundwire_server.ports.operations import QueueDepth
from groundwire_server.telemetry import metrics
from groundwire_server.work.upkeep import SECONDS, QueueUpkeep
from tests.doubles.counts import Counts
from tests.doubles.operation_records import ScriptedRecords
from tests.doubles.time import LoopTime
from tests.work.questions import NOW


def upkeep() -> tuple[QueueUpkeep, ScriptedRecords, Counts]:
    records, counts = ScriptedRecords(), Counts()
    return QueueUpkeep(records, LoopTime(), counts), records, counts


async def test_the_queue_is_measured_after_each_sweep() -> None:
    keeping, records, counts = upkeep()
    assert counts.reading(metrics.QUEUE_WAITING) == {(): 0}
    records.depths = QueueDepth(
        {OperationState.QUEUED: 3, OperationState.HALTED: 2, OperationState.RUNNING: 1}, NOW - timedelta(seconds=90)
    )
    await keeping.round()
    assert counts.reading(metrics.QUEUE_WAITING) == {(): 3}
    assert counts.reading(metrics.QUEUE_HALTED) == {(): 2}
    assert counts.reading(metrics.QUEUE_OLDEST_AGE) == {(): 90.0}
    records.depths = QueueDepth({})
    await keeping.round()
    assert counts.reading(metrics.QUEUE_WAITING) == counts.reading(metrics.QUEUE_OLDEST_AGE) == {(): 0}


async def test_a_clock_that_steps_back_makes_no_age_of_the_future() -> None:
    keeping, records, counts = upkeep()
    records.depths = QueueDepth({OperationState.QUEUED: 1}, NOW + timedelta(seconds=90))
    await keeping.round()
    assert counts.reading(metrics.QUEUE_OLDEST_AGE) == {(): 0}


async def test_records_that_are_away_are_swept_in_a_later_round(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    keeping, records, _ = upkeep()
    records.failing, records.sweeps = {"sweep": 1}, [5]
    task = asyncio.create_task(keeping.keep())
    await asyncio.sleep(3 * SECONDS)
    task.cancel()
    await asyncio.wait([task])
    assert [record.message for record in caplog.records] == ["the queue was not swept", "queued answers were swept"]
