"""The life of a worker that serves no calls: answer queued questions, reload the configuration, drain."""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from groundwire_server.adapters.store.embedded.lock import FolderInUseError, folder_lock
from groundwire_server.app.background import in_background, kept_going
from groundwire_server.app.configuration.load import Loaded, Sources
from groundwire_server.app.configuration.models.configuration import Configuration, embedded_folders
from groundwire_server.app.feedback_work import FeedbackWork
from groundwire_server.app.heartbeat import heartbeat
from groundwire_server.app.logs import Logs, logging_to
from groundwire_server.app.memory import settle_garbage_collection
from groundwire_server.app.metrics_page import metrics_page
from groundwire_server.app.opened import opened
from groundwire_server.app.queue_work import QueueWork
from groundwire_server.app.recording_work import RecordingWork
from groundwire_server.app.serve import loop_factory
from groundwire_server.app.watch import reload_when_due
from groundwire_server.domain.failure import SetupError
from groundwire_server.telemetry.line_sums import LineSums
from groundwire_server.work.options import QueueOptions

BY_ITSELF: Final[int] = QueueOptions.model_fields["concurrent"].default
"""How many questions a worker answers at once where the servers answer none."""

_log = logging.getLogger(__name__)


def work_off(sources: Sources, loaded: Loaded) -> None:
    """Answer queued questions until SIGTERM or SIGINT, then drain.

    The first line on standard output says that it works. The configuration is reloaded on SIGHUP and when its file
    changes.

    Raises:
        InvalidConfigurationError: when something that the configuration refers to does not exist.
        SetupError: when something that it names cannot be used, or there is no queue.
        ImportError: when an extra is not installed.
        OSError: when a folder cannot be used.
    """
    if not loaded.configuration.queues:
        raise SetupError("there is no queue: set queue.enabled and records.enabled")
    level, sums = loaded.configuration.telemetry.log_level, LineSums(time.monotonic)
    with logging_to(sys.stderr, level, sums) as logs, asyncio.Runner(loop_factory=loop_factory()) as runner:
        try:
            runner.run(_until_signalled(sources, loaded, logs))
        except FolderInUseError as held:
            raise SetupError(
                f"{held}. That server works off the queue itself (queue.concurrent); a worker beside it needs a store "
                "that processes can share, such as Weaviate"
            ) from None


async def _until_signalled(sources: Sources, loaded: Loaded, logs: Logs) -> None:
    stop, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, again.set)
    first = loaded.configuration
    async with _folders(first), opened(sources, loaded, logs.sums) as parts:
        recorder, reloader = parts.telemetry.metrics, parts.reloader
        if parts.telemetry.log_handler is not None:
            logs.also(parts.telemetry.log_handler)
        settle_garbage_collection()
        concurrent = first.queue.concurrent or BY_ITSELF
        work = QueueWork(parts.process, reloader.current, concurrent, first.telemetry.decisions)
        feedback, recordings = FeedbackWork(parts.process), RecordingWork(parts.process)
        with metrics_page(first.telemetry.prometheus_listen, recorder):
            tasks = [
                in_background("heartbeat", heartbeat(recorder, logs, parts.process.capacity.beat)),
                in_background("reload", reload_when_due(reloader.reload, again, lambda: reloader.loaded.watched)),
            ]
            if parts.process.registry is not None:
                tasks.append(kept_going("registry", parts.process.registry.keep))
            work.begin()
            feedback.begin()
            recordings.begin()
            print(f"working off queued questions, {concurrent} at once", flush=True)  # noqa: T201  # as `serve` does
            await stop.wait()
            _log.info("draining")
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            parts.process.shadows.end()
            await work.end(reloader.configuration.server.drain.grace_seconds)
            await asyncio.gather(feedback.end(), recordings.end())
            parts.process.end()
    _log.info("stopped")


@asynccontextmanager
async def _folders(configuration: Configuration) -> AsyncIterator[None]:
    """Lock the folders of embedded stores, where a server's supervisor would and not each of its workers."""
    async with AsyncExitStack() as locked:
        if configuration.server.workers > 1:
            for folder in embedded_folders(configuration):
                await locked.enter_async_context(folder_lock(folder))
        yield
