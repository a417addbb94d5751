"""The background work of a process for feedback."""

import asyncio
import logging
from typing import Final, NoReturn

from groundwire_server.app.background import kept_going
from groundwire_server.app.compose import Process
from groundwire_server.app.parts.feedback import ProcessFeedback
from groundwire_server.ports.operations import RecordsError

_SECONDS: Final = 60.0
"""Between two sweeps."""

_log = logging.getLogger(__name__)


class FeedbackWork:
    """Forgets feedback that was kept long enough, and waits for samples at the end; nothing where there is none.

    Args:
        process: the process's own.
    """

    def __init__(self, process: Process) -> None:
        self._feedback = None if process.reviews is None else process.reviews.feedback
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin, in the background."""
        if self._feedback is not None:
            feedback = self._feedback
            self._task = kept_going("feedback upkeep", lambda: _keep(feedback))

    async def end(self) -> None:
        """End, once the samples that are on their way are kept or have used up their time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._feedback is not None:
            await self._feedback.samples.end()


async def _keep(feedback: ProcessFeedback) -> NoReturn:
    while True:
        try:
            await feedback.records.sweep()
        except RecordsError as error:
            _log.warning("feedback was not swept", extra={"why": str(error.fault)})
        await asyncio.sleep(_SECONDS)
