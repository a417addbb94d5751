"""Runs the suite over ExperimentResults in memory, on SQLite, and on a real PostgreSQL where one is installed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.experiments.sql import SqlExperimentResults
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.tables.registry import experiments
from groundwire_server.ports.experiments import ExperimentResults
from tests.contract.operations.queued import SteppingClock, empty
from tests.contract.usage.conftest import (
    POSTGRESQL,
    SQLITE,
    _key,
    clock,
    options_of,
    postgres_url,
    records_options,
    sqlite_template,
)
from tests.doubles.experiment_results import MemoryExperimentResults

__all__ = ["_key", "clock", "postgres_url", "records_options", "sqlite_template"]

KEEP = timedelta(days=180)
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


async def keep_experiment(database: RecordsDatabase, name: str, ended: datetime | None = None) -> None:
    """Keep an experiment: results are of experiments that there are."""
    row = {
        "name": name,
        "route": "default",
        "definition": "",
        "etag": "",
        "actor": "",
        "start": 0,
        "ended": None if ended is None else int(ended.timestamp() * 1_000_000),
        "ended_arms": "[]",
    }
    await database.write(lambda connection: connection.execute(insert(experiments), row))


@pytest.fixture
async def database(records_options: RecordsOptions) -> AsyncIterator[RecordsDatabase]:
    """A database with two experiments."""
    async with records_database(records_options) as opened:
        await empty(opened)
        for name in ("shorter", "longer"):
            await keep_experiment(opened, name)
        yield opened


@pytest.fixture(params=["memory", SQLITE, POSTGRESQL])
async def results(
    request: pytest.FixtureRequest, tmp_path: Path, clock: SteppingClock
) -> AsyncIterator[ExperimentResults]:
    """Results of the experiments `shorter` and `longer`, and of `over`, which ended at noon."""
    if request.param == "memory":
        yield MemoryExperimentResults(clock, {"shorter": None, "longer": None, "over": NOON}, KEEP)
        return
    async with records_database(options_of(request.param, request, tmp_path)) as opened:
        await empty(opened)
        for name, ended in (("shorter", None), ("longer", None), ("over", NOON)):
            await keep_experiment(opened, name, ended)
        yield SqlExperimentResults(opened, clock, KEEP)
