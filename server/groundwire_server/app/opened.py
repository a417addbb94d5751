"""What a process opens of its configuration: telemetry, records, answers in flight, stores and models."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version

from groundwire_server.app.clock import SystemClock
from groundwire_server.app.compose import Process
from groundwire_server.app.configuration.external import verify
from groundwire_server.app.configuration.load import Loaded, Sources
from groundwire_server.app.configuration.models.configuration import records_options
from groundwire_server.app.parts.experiment_results import open_experiment_results
from groundwire_server.app.parts.queue import open_queue
from groundwire_server.app.parts.recordings import open_recordings
from groundwire_server.app.parts.records import open_records
from groundwire_server.app.parts.registry import open_registry
from groundwire_server.app.parts.reviews import open_reviews
from groundwire_server.app.parts.run_log import open_runs
from groundwire_server.app.parts.shared import TenantWeights
from groundwire_server.app.parts.usage import open_usage
from groundwire_server.app.parts.wakeups import open_wakeups
from groundwire_server.app.reload import ConfigReloader
from groundwire_server.app.telemetry.setup import Telemetry, telemetry
from groundwire_server.corpus.erase import ProcessTexts
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry.line_sums import LineSums


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything that a process works with, whether or not it serves calls."""

    process: Process
    reloader: ConfigReloader
    telemetry: Telemetry


@asynccontextmanager
async def opened(sources: Sources, loaded: Loaded, sums: LineSums | None = None) -> AsyncIterator[Opened]:
    """Open what a configuration names, until the context is left.

    Args:
        sources: what the configuration is read from.
        loaded: the configuration to begin with.
        sums: decides which lines are logged.

    Raises:
        InvalidConfigurationError: when something that the configuration refers to does not exist.
        SetupError: when something that the configuration names cannot be used.
        ImportError: when an extra is not installed.
        OSError: when a folder cannot be used.
    """
    # First of all: what it refers to is named by its setting, and nothing is made where it is wrong.
    await asyncio.to_thread(verify, loaded, SystemClock().today())
    first = loaded.configuration
    measuring = telemetry(version("groundwire-server"), first.telemetry)
    try:
        texts, weights = ProcessTexts(), TenantWeights()
        async with (
            open_runs(first.redis, texts) as runs,
            open_records(records_options(first)) as records,
            open_wakeups(first) as wakeups,
            open_usage(records, measuring.metrics) as usage,
            open_experiment_results(records, first.prompts.managed_by, measuring.metrics) as results,
        ):
            recording = Recording(measuring.tracer, measuring.metrics, sums or LineSums(time.monotonic))
            if usage is not None:
                recording = replace(recording, usage=usage.book)
            if results is not None:
                recording = replace(recording, experiments=results.book)
            process = Process.begin(
                recording,
                capacity=first.capacity,
                runs=runs,
                texts=texts,
                records=records,
                weights=weights,
                queue=open_queue(first, records, wakeups, weights, recording.metrics),
                usage=usage,
                reviews=open_reviews(records, wakeups, recording.metrics),
                recordings=open_recordings(records, recording.metrics),
                registry=open_registry(first, records),
                experiment_results=results,
            )
            reloader = await ConfigReloader.begin(sources, loaded, process)
            try:
                yield Opened(process, reloader, measuring)
            finally:
                await reloader.close()
    finally:
        await asyncio.to_thread(measuring.shut_down)
