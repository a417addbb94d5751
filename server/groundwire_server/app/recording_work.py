"""The background work of a process for recordings."""

import asyncio
import logging
from typing import Final, NoReturn

from groundwire_server.app.background import kept_going
from groundwire_server.app.compose import Process
from groundwire_server.ports.call_recordings import Recordings
from groundwire_server.ports.operations import RecordsError

_SECONDS: Final = 60.0
"""Between two sweeps."""

_log = logging.getLogger(__name__)


class RecordingWork:
    """Forgets recordings that were kept long enough, and waits for those on their way at the end.

    Args:
        process: the process's own; without records it does nothing.
    """

    def __init__(self, process: Process) -> None:
        self._recordings = process.recordings
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin, in the background."""
        if self._recordings is not None:
            records = self._recordings.records
            self._task = kept_going("recording upkeep", lambda: _keep(records))

    async def end(self) -> None:
        """End, once the recordings that are on their way are kept or have used up their time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._recordings is not None:
            await self._recordings.writer.end()


async def _keep(records: Recordings) -> NoReturn:
    while True:
        try:
            await records.sweep()
        except RecordsError as error:
            _log.warning("recordings were not swept", extra={"why": str(error.fault)})
        await asyncio.sleep(_SECONDS)
