"""Erasing units from the results of experiments: what is known of a subject, an end user or a whole tenant.

Only rows by unit are of somebody. The histogram of an arm's latency, which counts calls of all units, stays.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, tuple_

from groundwire_server.adapters.records.buffered_erasure import BufferedErasure
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.experiments.reading import STALE
from groundwire_server.adapters.records.experiments.units import UnitNames
from groundwire_server.adapters.records.operations.rows import micros
from groundwire_server.adapters.records.tables.experiment_results import experiment_units, experiment_writers
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlace,
    ErasedPlaceKind,
    Erasure,
    OneEndUser,
    OneSubject,
    RecordErasure,
    RecordSelection,
)
from groundwire_server.domain.experiments.experiment import ExperimentUnit
from groundwire_server.ports.clock import Clock

_BATCH: Final = 500
"""Rows that are erased in one transaction."""

_ROW: Final = tuple_(*experiment_units.primary_key.columns)


class SqlExperimentErasure:
    """The ErasableRecords of experiments' results.

    What processes know of a unit and have not written yet is waited for, as for the accounts of usage.

    Args:
        names: of units in rows.
        clock: of the wall, which batches are dated by, and says how much time is left.
        write: writes what this process knows, and returns whether all of it is written.
    """

    def __init__(
        self, database: RecordsDatabase, names: UnitNames, clock: Clock, write: Callable[[], Awaitable[bool]]
    ) -> None:
        self._erasure = BufferedErasure(database, clock, write, self._behind)
        self._names = names
        self._clock = clock

    async def erase(self, erasure: Erasure | RecordErasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Delete the rows of units; documents are not in the results. See the port."""
        meant = self._meant(erasure.tenant, erasure.selection) if isinstance(erasure, RecordErasure) else None
        if meant is None:
            return []
        asked = select(*experiment_units.primary_key.columns).where(meant).limit(_BATCH)
        statement = delete(experiment_units).where(_ROW.in_(asked))

        def erase_some(connection: Connection) -> int:
            return connection.execute(statement).rowcount

        return [await self._erasure.erase(ErasedPlaceKind.EXPERIMENTS, "results", erase_some, deadline)]

    def _meant(self, tenant: str, selection: RecordSelection) -> ColumnElement[bool] | None:
        """Return what holds of the rows that are meant; None where no row can be."""
        unit: ColumnElement[Any] = experiment_units.c.unit
        match selection:
            case EntireTenant():
                return or_(*(unit.startswith(each) for each in self._names.beginnings(tenant)))
            case OneSubject(subject):
                return unit.in_(self._names.names(ExperimentUnit.SUBJECT, tenant, subject))
            case OneEndUser(end_user_id):
                return unit.in_(self._names.names(ExperimentUnit.END_USER, tenant, end_user_id))
            case _:
                return None

    def _behind(self, connection: Connection, begun: datetime) -> int:
        """Return how many processes that live have not written since a time."""
        cut = experiment_writers.c.cut
        asked = select(func.count()).where(cut < micros(begun), cut > micros(self._clock.today() - STALE))
        return int(connection.execute(asked).scalar_one())
