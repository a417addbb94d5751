"""The RegistryRecords of SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import Connection, select, tuple_

from groundwire_server.adapters.records.audit.trail import AuditTrail
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.operations.rows import AnyRow, micros, moment
from groundwire_server.adapters.records.registry.experiments import (
    ExperimentRows,
    ExperimentWriter,
    ParseDefinition,
    named_row,
    page_rows,
    state_rows,
)
from groundwire_server.adapters.records.registry.journal import RegistryJournal, read_revision
from groundwire_server.adapters.records.registry.prompts import PromptWriter, changes_of, label_of
from groundwire_server.adapters.records.tables.registry import prompt_labels, prompt_versions
from groundwire_server.adapters.records.transactions import RecordsDialect
from groundwire_server.domain.experiments.experiment import ArmEnd, Experiment
from groundwire_server.domain.prompts.registry import PromptLabel, PromptOrigin, PromptVersion
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.registry_records import PromptChange, RegistryState

_Versions: TypeAlias = Mapping[tuple[str, str, str], PromptVersion]
"""By name, number and digest."""

_AT_ONCE: Final = 400
"""Texts that one statement reads: SQLite limits the values of one."""

_NAMES: Final = select(prompt_versions.c.name, prompt_versions.c.version, prompt_versions.c.digest)

_LABELS: Final = select(prompt_labels).order_by(prompt_labels.c.name, prompt_labels.c.label)


class SqlRegistryRecords:
    """Keeps prompts and experiments in a database; see `ports.registry_records.RegistryRecords`.

    Args:
        sealing: of the records, from whose keys the digests of the audit trail are made.
        clock: of the wall.
        tenant: manages them, and has the entries in its audit trail.
        parse: reads the definitions of experiments.
    """

    def __init__(
        self, database: RecordsDatabase, sealing: Sealing, clock: Clock, tenant: str, parse: ParseDefinition
    ) -> None:
        self._database = database
        self._trail = AuditTrail(sealing)
        self._clock = clock
        self._tenant = tenant
        self._rows = ExperimentRows(parse)
        # Versions never change: a text that was read once is not read again.
        self._read: _Versions = {}

    async def revision(self) -> int:
        """Return the number of changes so far."""
        return await self._database.read(read_revision)

    async def state(self) -> RegistryState:
        """Return all of it, as of one revision."""
        known = self._read
        revision, versions, labels, rows = await self._database.read(lambda connection: self._all(connection, known))
        self._read = versions
        return RegistryState(revision, tuple(versions.values()), tuple(labels), tuple(self._rows.read(rows)))

    async def push(self, version: PromptVersion, reason: str, in_force: str) -> int:
        """Add a version."""
        writer = self._prompts()
        return await self._database.write(lambda connection: writer.push(connection, version, reason, in_force))

    async def set_label(
        self, label: PromptLabel, expected: str | None, checked: int | None = None
    ) -> tuple[PromptLabel, int]:
        """Point a label at a version."""
        writer = self._prompts()
        return await self._database.write(lambda connection: writer.set_label(connection, label, expected, checked))

    async def roll_back(self, label: PromptLabel, expected: str, checked: int | None = None) -> tuple[PromptLabel, int]:
        """Point a label at what it pointed at before."""
        writer = self._prompts()
        return await self._database.write(lambda connection: writer.roll_back(connection, label, expected, checked))

    async def changes(self, prompt: str, before: int | None, most: int) -> Sequence[PromptChange]:
        """Return changes, the newest first."""
        return await self._database.read(lambda connection: changes_of(connection, prompt, before, most))

    async def apply(
        self, experiment: Experiment, expected: str, reason: str, checked: int | None = None
    ) -> tuple[Experiment, int]:
        """Keep an experiment."""
        writer = self._experiments()
        return await self._database.write(
            lambda connection: writer.apply(connection, experiment, expected, reason, checked)
        )

    async def end_arms(self, experiment: str, ends: Sequence[ArmEnd]) -> tuple[Experiment, int]:
        """End arms."""
        writer = self._experiments()
        return await self._database.write(lambda connection: writer.end_arms(connection, experiment, ends))

    async def experiment(self, name: str) -> Experiment | None:
        """Return an experiment; None where there is none."""
        row = await self._database.read(lambda connection: named_row(connection, name))
        return None if row is None else next(iter(self._rows.read([row])), None)

    async def experiments(self, route: str, after: tuple[datetime, str] | None, most: int) -> Sequence[Experiment]:
        """Return experiments, those that started last first."""
        rows = await self._database.read(lambda connection: page_rows(connection, route, after, most))
        return self._rows.read(rows)

    def _all(
        self, connection: Connection, known: _Versions
    ) -> tuple[int, _Versions, Sequence[PromptLabel], Sequence[AnyRow]]:
        if self._database.dialect is RecordsDialect.POSTGRESQL:
            # Before the first statement of the transaction: all of them see one state, as they do in SQLite.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        revision = read_revision(connection)
        return (
            revision,
            _versions(connection, known),
            [label_of(row) for row in connection.execute(_LABELS)],
            state_rows(connection),
        )

    def _prompts(self) -> PromptWriter:
        return PromptWriter(self._journal())

    def _experiments(self) -> ExperimentWriter:
        return ExperimentWriter(self._rows, self._journal())

    def _journal(self) -> RegistryJournal:
        return RegistryJournal(self._trail, self._tenant, micros(self._clock.today()))


def _versions(connection: Connection, known: _Versions) -> _Versions:
    """Return all versions; texts are read of those alone that are not known."""
    rows = [(row.name, row.version, row.digest) for row in connection.execute(_NAMES)]
    found = {each: known[each] for each in rows if each in known}
    missing = [each for each in rows if each not in known]
    for begin in range(0, len(missing), _AT_ONCE):
        named = [each[:2] for each in missing[begin : begin + _AT_ONCE]]
        chosen = select(prompt_versions).where(tuple_(prompt_versions.c.name, prompt_versions.c.version).in_(named))
        for row in connection.execute(chosen):
            found[row.name, row.version, row.digest] = PromptVersion(
                row.name, row.version, row.text, PromptOrigin.RECORDS, row.author, moment(row.created)
            )
    return found
