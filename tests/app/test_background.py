"""Work beside the calls that fails is reported when it fails, and not at the end of the server."""

import asyncio
import logging

import pytest

from groundwire_server.app.background import in_background


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
