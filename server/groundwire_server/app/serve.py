"""The life of a server: start, serve, reload the configuration, drain."""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from groundwire_server.app import compose
from groundwire_server.app.background import in_background, kept_going
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Loaded, Sources
from groundwire_server.app.document_counts import DocumentCounts
from groundwire_server.app.experiment_work import ExperimentWork
from groundwire_server.app.feedback_work import FeedbackWork
from groundwire_server.app.gateway import open_gateway
from groundwire_server.app.heartbeat import heartbeat
from groundwire_server.app.logs import Logs, logging_to
from groundwire_server.app.memory import settle_garbage_collection
from groundwire_server.app.metrics_page import metrics_page
from groundwire_server.app.opened import opened
from groundwire_server.app.queue_work import QueueWork
from groundwire_server.app.recording_work import RecordingWork
from groundwire_server.app.recovery_sweeps import sweep_stores
from groundwire_server.app.reload import ConfigReloader
from groundwire_server.app.review_work import ReviewWork
from groundwire_server.app.telemetry.setup import Telemetry
from groundwire_server.app.watch import reload_when_due
from groundwire_server.edge.options import DrainOptions, TlsOptions
from groundwire_server.telemetry.line_sums import LineSums

if TYPE_CHECKING:
    from groundwire_server.edge.gateway.server import Gateway
    from groundwire_server.edge.tls import ServerTls

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A running server.

    Attributes:
        address: HOST:PORT of gRPC.
        reloader: of its configuration.
        telemetry: of the process.
        process: what its snapshots have in common.
        gateway: the URL of the gateway; None without one.
    """

    address: str
    reloader: ConfigReloader
    telemetry: Telemetry
    process: compose.Process
    gateway: str | None = None


class Stop:
    """A request to stop, which comes at any time.

    Attributes:
        asked: whether it has come.
        drain: how to drain; as configured if None.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.drain: DrainOptions | None = None

    def ask(self, drain: DrainOptions | None = None) -> None:
        """Stop; a later request may hurry."""
        self.drain = drain or self.drain
        self.asked.set()


@asynccontextmanager
async def running(
    sources: Sources, loaded: Loaded, sums: LineSums | None = None, stop: Stop | None = None
) -> AsyncIterator[Running]:
    """Serve within this process until the context is left, then drain.

    Args:
        sources: what the configuration is read from.
        loaded: the configuration to begin with.
        sums: decides which lines are logged.
        stop: says how to drain.

    Raises:
        InvalidConfigurationError: when something that the configuration refers to does not exist.
        SetupError: when something that the configuration names cannot be used.
        ImportError: when an extra is not installed.
        OSError: when the address or a folder cannot be used.
    """
    async with opened(sources, loaded, sums) as parts:
        first, process, reloader = loaded.configuration, parts.process, parts.reloader
        server = compose.server(reloader.current, process, first.server, first.telemetry.decisions)
        port = await server.start(first.server.listen, _tls(first.server.tls))
        host = first.server.listen.rpartition(":")[0]
        work = QueueWork(process, reloader.current, first.queue.concurrent, first.telemetry.decisions)
        reviews, feedback = ReviewWork(process, reloader.current), FeedbackWork(process)
        recordings, experiments = RecordingWork(process), ExperimentWork(process, reloader)
        work.begin()
        reviews.begin()
        feedback.begin()
        recordings.begin()
        experiments.begin()
        gateway: Gateway | None = None
        try:
            gateway = await open_gateway(server, first, reloader.current)
            page, shared = first.telemetry.prometheus_listen, first.server.workers > 1
            with metrics_page(page, parts.telemetry.metrics, reuse_port=shared):
                yield Running(
                    f"{host}:{port}", reloader, parts.telemetry, process, gateway.address if gateway else None
                )
        finally:
            # Nobody waits for them: their time and slots are those of the calls that are to finish.
            process.shadows.end()
            drain = (stop and stop.drain) or reloader.configuration.server.drain
            draining = (each.drain(drain.notice_seconds, drain.grace_seconds) for each in (server, gateway) if each)
            await asyncio.gather(*draining, work.end(drain.grace_seconds), reviews.end(), experiments.end())
            # What has just left may be a sample, or recorded.
            await asyncio.gather(feedback.end(), recordings.end())


def serve(sources: Sources, loaded: Loaded) -> None:
    """Serve until SIGTERM or SIGINT, then drain.

    The first line on standard output says where the server listens. The configuration is reloaded on SIGHUP and when
    its file changes.

    Raises:
        InvalidConfigurationError: and the other errors of `running`.
    """
    level, sums = loaded.configuration.telemetry.log_level, LineSums(time.monotonic)
    with logging_to(sys.stderr, level, sums) as logs, asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_until_signalled(sources, loaded, logs))


async def _until_signalled(sources: Sources, loaded: Loaded, logs: Logs) -> None:
    stop, again = Stop(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.ask)
    loop.add_signal_handler(signal.SIGHUP, again.set)

    def announce(address: str) -> None:
        print(f"listening on {address}", flush=True)  # noqa: T201  # programs that start a server wait for it

    await serve_until(stop, sources, loaded, logs, announce, again)


async def serve_until(
    stop: Stop,
    sources: Sources,
    loaded: Loaded,
    logs: Logs,
    announce: Callable[[str], None],
    again: asyncio.Event | None = None,
) -> None:
    """Serve until a stop is asked for, then drain.

    Args:
        stop: ends it.
        sources: what the configuration is read from.
        loaded: the configuration to begin with.
        logs: of the process.
        announce: is given the address once the server serves.
        again: is set to reload the configuration, which also happens when its file changes; None where another process
            sees to that.

    Raises:
        InvalidConfigurationError: and the other errors of `running`.
    """
    async with running(sources, loaded, logs.sums, stop) as server:
        if server.telemetry.log_handler is not None:
            logs.also(server.telemetry.log_handler)
        settle_garbage_collection()
        announce(server.address)
        counts = DocumentCounts(server.telemetry.metrics)
        tasks = [
            in_background("heartbeat", heartbeat(server.telemetry.metrics, logs, server.process.capacity.beat)),
            in_background("document counts", counts.keep(lambda: server.reloader.stores)),
            in_background("recovery sweeps", sweep_stores(lambda: server.reloader.stores)),
        ]
        if server.process.registry is not None:
            tasks.append(kept_going("registry", server.process.registry.keep))
        if again is not None:
            reloading = reload_when_due(server.reloader.reload, again, lambda: server.reloader.loaded.watched)
            tasks.append(in_background("reload", reloading))
        await stop.asked.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        _log.info("draining")
    _log.info("stopped")


def _tls(options: TlsOptions | None) -> "ServerTls | None":
    if options is None:
        return None
    # Imported here: a server without TLS does not need it.
    from groundwire_server.edge.tls import ServerTls  # noqa: PLC0415

    return ServerTls(options, SystemClock())


def loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    """Return uvloop where it is installed: 5 to 15 % less CPU per call."""
    try:
        import uvloop  # noqa: PLC0415  # not available on every platform
    except ImportError:
        return None
    return uvloop.Loop
