"""Work beside the calls that fails is reported when it fails, and not at the end of the server."""

import asyncio
import logging
from itertools import pairwise

import pytest

from groundwire_server.app.background import PAUSE_SECONDS, in_background, kept_going
from tests.doubles.time import VirtualTimeLoop


async def failing() -> None:
    async with asyncio.TaskGroup():
        raise KeyError("a private text")


async def test_work_that_fails_is_logged_at_once_by_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    await asyncio.wait([in_background("reload", failing())])
    await asyncio.sleep(0)
    (record,) = caplog.records
    assert (record.levelno, record.__dict__["task"]) == (logging.ERROR, "reload")
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError


async def test_work_that_is_cancelled_is_not(caplog: pytest.LogCaptureFixture) -> None:
    task = in_background("heartbeat", asyncio.sleep(3600))
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert caplog.records == []


def test_work_that_must_not_stand_still_begins_again(caplog: pytest.LogCaptureFixture) -> None:
    began: list[float] = []

    async def work() -> None:
        began.append(asyncio.get_running_loop().time())
        if len(began) < 3:
            raise KeyError("a private text")
        await asyncio.Event().wait()

    async def run() -> None:
        task = kept_going("queue worker", work)
        await asyncio.sleep(4 * PAUSE_SECONDS)
        task.cancel()
        await asyncio.wait([task])

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(run())
    assert [after - before for before, after in pairwise(began)] == [PAUSE_SECONDS] * 2
    assert [record.__dict__["task"] for record in caplog.records] == ["queue worker"] * 2


async def test_work_that_is_cancelled_ends_before_what_keeps_it_going() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("work")

    task = kept_going("queue worker", work)
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert ended == ["work"]
