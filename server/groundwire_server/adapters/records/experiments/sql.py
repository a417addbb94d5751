"""The ExperimentResults of SQLite and PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, tuple_

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.experiments import reading, writing
from groundwire_server.adapters.records.operations.rows import micros
from groundwire_server.adapters.records.tables.experiment_results import (
    experiment_latency,
    experiment_units,
    experiment_writers,
)
from groundwire_server.adapters.records.tables.registry import experiments
from groundwire_server.domain.experiments.observation import ArmSums
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.experiments import ResultBatch

BATCH: Final = 500
"""Rows that are forgotten in one transaction."""

_GONE: Final = timedelta(days=1)
"""After which a process without a batch is forgotten: it says nothing any more."""

_LONG_ENDED: Final = select(experiments.c.name).where(experiments.c.ended <= bindparam("before"))

_UNIT: Final = tuple_(*experiment_units.primary_key.columns)

_UNITS: Final = delete(experiment_units).where(
    _UNIT.in_(
        select(*experiment_units.primary_key.columns).where(experiment_units.c.experiment.in_(_LONG_ENDED)).limit(BATCH)
    )
)

_LATENCY: Final = delete(experiment_latency).where(experiment_latency.c.experiment.in_(_LONG_ENDED))

_WRITERS: Final = delete(experiment_writers).where(experiment_writers.c.cut <= bindparam("gone"))


class SqlExperimentResults:
    """Results in a database; see `ports.experiments.ExperimentResults`.

    Args:
        clock: of the wall.
        keep: how long units are kept after their experiment has ended.
    """

    def __init__(self, database: RecordsDatabase, clock: Clock, keep: timedelta) -> None:
        self._database = database
        self._statements = writing.ResultStatements.of(database.dialect)
        self._clock = clock
        self._keep = keep

    async def write(self, process: str, batch: ResultBatch) -> None:
        """Add a batch."""
        statements = self._statements
        await self._database.write(lambda connection: writing.write(connection, statements, process, batch))

    async def close(self, process: str) -> None:
        """Say that nothing of a process is missing."""
        await self._database.write(lambda connection: writing.close(connection, process))

    async def arms(self, experiment: str) -> tuple[Sequence[ArmSums], datetime]:
        """Return the sums of each arm, and until when calls are counted."""
        now = self._clock.today()

        def read(connection: Connection) -> tuple[Sequence[ArmSums], datetime]:
            # Before the sums: these hold at least what is said to be counted.
            until = reading.counted(connection, now)
            return reading.arms(connection, experiment), until

        return await self._database.read(read)

    async def sweep(self) -> int:
        """Forget units, a batch at a time; the histograms go with the last."""
        now = self._clock.today()
        before, gone = micros(now - self._keep), micros(now - _GONE)

        def forget(connection: Connection) -> int:
            connection.execute(_WRITERS, {"gone": gone})
            units = connection.execute(_UNITS, {"before": before}).rowcount
            return units or connection.execute(_LATENCY, {"before": before}).rowcount

        return await self._database.write(forget)
