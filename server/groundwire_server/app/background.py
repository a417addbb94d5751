"""Work that goes on beside the calls of a process."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger(__name__)


def in_background(name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Begin work that goes on until it is cancelled; log it when it fails, for nothing awaits it until the end."""

    def report(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if error is not None:
            _log.error("a task has failed; it begins again with a restart", extra={"task": name}, exc_info=error)

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(report)
    return task
