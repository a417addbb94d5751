"""The background work of a process for experiments: its guards."""

import asyncio

from groundwire_server.app.background import kept_going
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.compose import Process
from groundwire_server.app.reload import ConfigReloader
from groundwire_server.experiments.guarding import GuardWatch


class ExperimentWork:
    """Watches the guards of experiments; nothing where no tenant manages any.

    Args:
        process: the process's own.
        reloader: has the experiments that are known.
    """

    def __init__(self, process: Process, reloader: ConfigReloader) -> None:
        self._watch: GuardWatch | None = None
        self._task: asyncio.Task[None] | None = None
        if process.registry is not None and process.experiment_results is not None:
            self._watch = GuardWatch(
                lambda: reloader.state.experiments,
                process.experiment_results.results,
                process.registry.records,
                SystemClock(),
                process.recording.metrics,
            )

    def begin(self) -> None:
        """Begin, in the background."""
        if self._watch is not None:
            self._task = kept_going("experiment guards", self._watch.keep)

    async def end(self) -> None:
        """End; what a look has not ended is for the next, here or elsewhere."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
