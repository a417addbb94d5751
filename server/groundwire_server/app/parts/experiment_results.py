"""The results of experiments: what this process writes of them, and what erases units in them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from groundwire_server.app.background import kept_going
from groundwire_server.app.clock import SystemClock
from groundwire_server.experiments.book import ExperimentBook
from groundwire_server.ports.erasable import ErasableRecords
from groundwire_server.ports.experiments import ExperimentResults
from groundwire_server.ports.metrics import Metrics

if TYPE_CHECKING:
    from groundwire_server.adapters.records.opening import OpenedRecords


@dataclass(frozen=True, slots=True)
class OpenedExperimentResults:
    """The results of experiments.

    Attributes:
        results: in the database.
        book: what this process writes to them.
        erasure: takes units out of them.
    """

    results: ExperimentResults
    book: ExperimentBook
    erasure: ErasableRecords


@asynccontextmanager
async def open_experiment_results(
    records: "OpenedRecords | None", managed_by: str | None, recorder: Metrics
) -> AsyncIterator[OpenedExperimentResults | None]:
    """Yield the results, which are written in the background; None where there can be no experiments.

    Args:
        records: the database.
        managed_by: the tenant that manages experiments; None where none does.
        recorder: reads how long results have waited.
    """
    if records is None or managed_by is None:
        yield None
        return
    # Imported here: a server without records starts without what speaks SQL.
    from groundwire_server.adapters.records.experiments.erasure import SqlExperimentErasure  # noqa: PLC0415
    from groundwire_server.adapters.records.experiments.sql import SqlExperimentResults  # noqa: PLC0415
    from groundwire_server.adapters.records.experiments.units import UnitNames  # noqa: PLC0415

    clock, names = SystemClock(), UnitNames(records.sealing)
    keep = timedelta(days=records.options.retention.experiment_days)
    results = SqlExperimentResults(records.database, clock, keep)
    book = ExperimentBook(results, names.name, clock, recorder)
    task = kept_going("experiment results", book.keep)
    try:
        erasure = SqlExperimentErasure(records.database, names, clock, book.write)
        yield OpenedExperimentResults(results, book, erasure)
    finally:
        task.cancel()
        await asyncio.wait([task])
        await book.close()
