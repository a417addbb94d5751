"""The life of a server with several workers: start them, reload, drain. It answers no call itself."""

import asyncio
import logging
import random
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path
from typing import Final

from groundwire_server.adapters.store.embedded.lock import folder_lock
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.errors import Path as Place
from groundwire_server.app.configuration.external import verify
from groundwire_server.app.configuration.fixed import refuse_changes
from groundwire_server.app.configuration.load import Loaded, Sources, load
from groundwire_server.app.configuration.models.configuration import Configuration, embedded_folders
from groundwire_server.app.edited_prompts import report_edits
from groundwire_server.app.logs import logging_to
from groundwire_server.app.watch import reload_when_due
from groundwire_server.app.workers.port import held_port
from groundwire_server.app.workers.process import WorkerFailedError, WorkerProcess, WorkerStart
from groundwire_server.app.workers.supervisor import Supervisor, Worker
from groundwire_server.domain.failure import SetupError
from groundwire_server.telemetry.line_sums import LineSums

_FIXED: Final[Sequence[Place]] = (("server", "listen"), ("server", "workers"), ("gateway", "listen"))
"""Settings that only a restart can change: a new worker takes all others as it starts."""

_log = logging.getLogger(__name__)


def serve_workers(sources: Sources, loaded: Loaded) -> None:
    """Serve with several workers until SIGTERM or SIGINT, then drain them.

    The first line on standard output says where they listen, once all of them serve. On SIGHUP and when the file of the
    configuration changes they are replaced one by one.

    Raises:
        InvalidConfigurationError: when something that the configuration refers to does not exist.
        SetupError: when a worker cannot serve, or another server uses a folder.
        OSError: when the address or a folder cannot be used.
    """
    level, sums = loaded.configuration.telemetry.log_level, LineSums(time.monotonic)
    with logging_to(sys.stderr, level, sums), asyncio.Runner() as runner:
        runner.run(_until_signalled(sources, loaded))


async def _until_signalled(sources: Sources, loaded: Loaded) -> None:
    stop, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, again.set)
    await asyncio.to_thread(verify, loaded, SystemClock().today())
    async with _Folders() as folders:
        await folders.lock(loaded.configuration)
        http = loaded.configuration.gateway.listen
        with (
            held_port(loaded.configuration.server.listen) as address,
            nullcontext() if http is None else held_port(http) as gateway,
        ):

            async def start(number: int, current: Loaded) -> Worker:
                return await WorkerProcess.start(number, WorkerStart(address, gateway, current), folders.descriptors)

            supervisor = Supervisor(start, loaded, random.random)
            serving = asyncio.create_task(_serve(supervisor, address, sources, again, folders))
            stopping = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
                if serving.done():
                    await serving
            finally:
                for task in (serving, stopping):
                    task.cancel()
                await asyncio.wait((serving, stopping))
                _log.info("draining")
                await supervisor.end()
    _log.info("stopped")


async def _serve(
    supervisor: Supervisor, address: str, sources: Sources, again: asyncio.Event, folders: "_Folders"
) -> None:
    await supervisor.begin()
    print(f"listening on {address}", flush=True)  # noqa: T201  # programs that start a server wait for it

    async def reload() -> None:
        await _reload(supervisor, sources, folders)

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(reload_when_due(reload, again, lambda: supervisor.loaded.watched))
            tasks.create_task(supervisor.keep())
    except* WorkerFailedError as failed:
        raise failed.exceptions[0] from None


async def _reload(supervisor: Supervisor, sources: Sources, folders: "_Folders") -> None:
    """Read the configuration again; when all of it is valid, replace the workers."""
    before = supervisor.loaded
    try:
        loaded = await asyncio.to_thread(load, sources)
        if loaded.same(before):
            _log.info("the configuration has not changed")
            return
        refuse_changes(before.configuration, loaded, _FIXED)
        await asyncio.to_thread(verify, loaded, SystemClock().today())
        await folders.lock(loaded.configuration)
    except (InvalidConfigurationError, SetupError, OSError) as wrong:
        _log.error("the new configuration is invalid; the old one stays in use", extra={"why": str(wrong)})
        return
    if await supervisor.replace(loaded):
        logging.getLogger().setLevel(loaded.configuration.telemetry.log_level)
        _log.info("the new configuration is in use", extra=report_edits(before.prompts, loaded.prompts))


class _Folders(AsyncExitStack):
    """The folders of embedded stores, which other servers are kept from until all workers have ended.

    Attributes:
        descriptors: of their locks, which the workers inherit: a folder is free once the last worker has ended.
    """

    def __init__(self) -> None:
        super().__init__()
        self._locked: dict[Path, int] = {}

    @property
    def descriptors(self) -> Sequence[int]:
        return list(self._locked.values())

    async def lock(self, configuration: Configuration) -> None:
        """Lock the folders of a configuration that are not locked yet.

        Raises:
            FolderInUseError: when another server has one.
            OSError: when one cannot be made.
        """
        for folder in embedded_folders(configuration):
            if folder not in self._locked:
                self._locked[folder] = await self.enter_async_context(folder_lock(folder))
