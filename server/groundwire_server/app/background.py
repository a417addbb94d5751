"""Work that goes on beside the calls of a process."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn

_log = logging.getLogger(__name__)


PAUSE_SECONDS: Final = 5.0
"""Between the end of work that has failed and its next begin."""


def kept_going(name: str, begin: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
    """Begin work that goes on until it is cancelled; when it fails, log it and begin again after a pause.

    It is for work that the next round may do although this one could not, and that must not stand still.
    """
    return asyncio.create_task(_kept_going(name, begin), name=name)


async def _kept_going(name: str, begin: Callable[[], Coroutine[Any, Any, None]]) -> NoReturn:
    while True:
        task = in_background(name, begin(), "a task has failed; it begins again in a moment")
        try:
            await asyncio.wait([task])
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])
        await asyncio.sleep(PAUSE_SECONDS)


def in_background(
    name: str, work: Coroutine[Any, Any, None], failed: str = "a task has failed; it begins again with a restart"
) -> asyncio.Task[None]:
    """Begin work that goes on until it is cancelled; log it when it fails, for nothing awaits it until the end."""

    def report(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if error is not None:
            _log.error(failed, extra={"task": name}, exc_info=error)

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(report)
    return task
