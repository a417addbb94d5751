"""Changes of experiments, and experiments as they are kept.

Each change locks the revision first and the head of the audit trail last. Times are in microseconds since 1970.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update

from groundwire_server.adapters.records.operations.rows import AnyRow, micros, moment
from groundwire_server.adapters.records.registry.journal import RegistryJournal, change_event
from groundwire_server.adapters.records.tables.registry import experiments
from groundwire_server.domain.experiments.experiment import ArmEnd, Experiment, ExperimentState, Metric
from groundwire_server.domain.failure import GroundwireError, Rejection, SetupError, Violation
from groundwire_server.domain.vocabulary import Reason

ParseDefinition: TypeAlias = Callable[[str, datetime], Experiment]
"""Reads the file of an experiment, which starts at the given time where the file names none.

It raises a GroundwireError for one that it cannot read.
"""

MOST_OPEN: Final = 100
"""Experiments that have not ended, at most: every process has them in memory, beside those that ended last."""

MOST_STATE: Final = 200
"""Experiments of a state at most: those without an end, then those that end or ended last."""

_NAMED: Final = experiments.c.name == bindparam("named")

_ROW: Final = select(experiments).where(_NAMED)

_OPEN: Final = select(func.count()).where(or_(experiments.c.ended.is_(None), experiments.c.ended > bindparam("now")))

_ADD: Final = insert(experiments).inline()

_CHANGE: Final = (
    update(experiments)
    .where(_NAMED)
    .values(
        route=bindparam("to_route"),
        definition=bindparam("to_definition"),
        etag=bindparam("to_etag"),
        actor=bindparam("to_actor"),
        start=bindparam("to_start"),
        ended=bindparam("to_ended"),
        ended_arms=bindparam("to_ended_arms"),
    )
)

# It depends on the rows alone, and not on the time: a state of one revision is always the same.
_STATE: Final = select(experiments).order_by(experiments.c.ended.desc().nulls_first(), experiments.c.name)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExperimentRows:
    """Reads experiments from their rows.

    Attributes:
        parse: reads a definition.
    """

    parse: ParseDefinition

    def read(self, rows: Sequence[AnyRow]) -> Sequence[Experiment]:
        """Return the experiments of rows; one that this server cannot read is left out, with a line in the log."""
        found = []
        for row in rows:
            try:
                found.append(self.experiment(row))
            except GroundwireError as wrong:
                about = {"experiment": row.name, "why": str(wrong)}
                _log.warning("an experiment cannot be read; calls are answered as its route says", extra=about)
        return found

    def experiment(self, row: AnyRow) -> Experiment:
        """Return the experiment of a row.

        Raises:
            GroundwireError: when its definition is none that this server can read.
        """
        return replace(
            self.parse(row.definition, moment(row.start)),
            etag=row.etag,
            actor=row.actor,
            ended_arms=_ends_of(row.ended_arms),
        )


@dataclass(frozen=True, slots=True)
class ExperimentWriter:
    """Writes changes of experiments, each in a transaction of the caller's.

    Attributes:
        rows: read experiments.
        journal: of the changes.
    """

    rows: ExperimentRows
    journal: RegistryJournal

    def apply(
        self, connection: Connection, experiment: Experiment, expected: str, reason: str, checked: int | None
    ) -> tuple[Experiment, int]:
        """Keep an experiment; see `RegistryRecords.apply`."""
        revision = self.journal.lock(connection)
        row = named_row(connection, experiment.name)
        if row is None:
            if expected:
                raise _rejected(Reason.EXPERIMENT_CHANGED, experiment.name)
            self.journal.check(revision, checked)
            _check_room(connection, self.journal.now)
            kept = replace(experiment, etag=_etag(experiment.name, revision + 1), ended_arms=())
            connection.execute(_ADD, {"name": experiment.name, **_columns(kept, None)})
            event = "applied"
        else:
            before = self._readable(row)
            # By the arms as well as by the time: who ended them may have another time.
            if before.state(moment(self.journal.now)) is ExperimentState.ENDED:
                raise _rejected(Reason.EXPERIMENT_ENDED, experiment.name)
            if before.definition == experiment.definition:
                return before, revision
            if expected and expected != row.etag:
                raise _rejected(Reason.EXPERIMENT_CHANGED, experiment.name)
            self.journal.check(revision, checked)
            etag = _etag(experiment.name, revision + 1)
            kept = replace(experiment, etag=etag, ended_arms=before.ended_arms)
            _change(connection, kept, None)
            event = "changed"
        details = {"etag": kept.etag, "reason": reason}
        self._note(connection, revision + 1, experiment.name, event, kept.actor, [details])
        return kept, revision + 1

    def end_arms(self, connection: Connection, name: str, ends: Sequence[ArmEnd]) -> tuple[Experiment, int]:
        """End arms; see `RegistryRecords.end_arms`."""
        revision = self.journal.lock(connection)
        row = named_row(connection, name)
        if row is None:
            raise _rejected(Reason.EXPERIMENT_NOT_FOUND, name)
        before = self._readable(row)
        if unknown := {each.arm for each in ends} - {each.name for each in before.arms}:
            raise _rejected(Reason.EXPERIMENT_NOT_FOUND, name, arm=min(unknown))
        ended = {each.arm for each in before.ended_arms}
        new = tuple({each.arm: each for each in ends if each.arm not in ended}.values())
        over = row.ended is not None and row.ended <= self.journal.now
        if not new or over:
            return before, revision
        kept = replace(
            before,
            ended_arms=(*before.ended_arms, *new),
            etag=_etag(name, revision + 1),
            actor=new[-1].actor,
        )
        left = {each.name for each in before.arms[1:]} - {each.arm for each in kept.ended_arms}
        _change(connection, kept, None if left else self.journal.now)
        details = [
            {"arm": each.arm, "guard": "" if each.guard is None else each.guard.value, "reason": each.reason}
            for each in new
        ]
        self._note(connection, revision + 1, name, "arm_ended", kept.actor, details)
        return kept, revision + 1

    def _readable(self, row: AnyRow) -> Experiment:
        try:
            return self.rows.experiment(row)
        except GroundwireError as wrong:
            fault = Violation("definition", f"the one that is kept cannot be read: {wrong}", "experiment.kept")
            raise Rejection(Reason.EXPERIMENT_INVALID, violations=(fault,), metadata={"experiment": row.name}) from None

    def _note(
        self,
        connection: Connection,
        reached: int,
        name: str,
        event: str,
        actor: str,
        details: Sequence[Mapping[str, str]],
    ) -> None:
        events = [change_event(f"experiment.{event}", f"experiments/{name}", actor, each) for each in details]
        self.journal.note(connection, reached, events)


def state_rows(connection: Connection) -> Sequence[AnyRow]:
    """Return the rows of a state: those without an end, then those that end or ended last."""
    return connection.execute(_STATE.limit(MOST_STATE)).all()


def named_row(connection: Connection, name: str) -> AnyRow | None:
    """Return the row of an experiment; None where there is none."""
    row: AnyRow | None = connection.execute(_ROW, {"named": name}).first()
    return row


def page_rows(connection: Connection, route: str, after: tuple[datetime, str] | None, most: int) -> Sequence[AnyRow]:
    """Return rows, those that started last first; see `RegistryRecords.experiments`."""
    table = experiments.c
    query = select(experiments).order_by(table.start.desc(), table.name).limit(most)
    if route:
        query = query.where(table.route == route)
    if after is not None:
        start = micros(after[0])
        query = query.where(or_(table.start < start, and_(table.start == start, table.name > after[1])))
    return connection.execute(query).all()


def _check_room(connection: Connection, now: int) -> None:
    if connection.execute(_OPEN, {"now": now}).scalar_one() >= MOST_OPEN:
        full = f"{MOST_OPEN} experiments have not ended, as many as there can be: end one first"
        raise Rejection(Reason.EXPERIMENT_INVALID, violations=(Violation("definition", full, "experiment.room"),))


def _change(connection: Connection, kept: Experiment, ended: int | None) -> None:
    values = {f"to_{name}": value for name, value in _columns(kept, ended).items()}
    connection.execute(_CHANGE, {"named": kept.name, **values})


def _columns(kept: Experiment, ended: int | None) -> dict[str, Any]:
    """Return the columns of an experiment; it ends when it is to end, or when its last arm has."""
    return {
        "route": kept.route,
        "definition": kept.definition,
        "etag": kept.etag,
        "actor": kept.actor,
        "start": micros(kept.start),
        "ended": ended if ended is not None or kept.end is None else micros(kept.end),
        "ended_arms": json.dumps([_end_written(each) for each in kept.ended_arms]),
    }


def _end_written(end: ArmEnd) -> dict[str, Any]:
    return {
        "arm": end.arm,
        "at": micros(end.at),
        "actor": end.actor,
        "guard": None if end.guard is None else end.guard.value,
        "reason": end.reason,
    }


def _ends_of(written: str) -> tuple[ArmEnd, ...]:
    """Return the arms that have ended.

    Raises:
        SetupError: when the column holds anything else.
    """
    try:
        return tuple(
            ArmEnd(
                each["arm"],
                moment(each["at"]),
                each["actor"],
                None if each["guard"] is None else Metric(each["guard"]),
                each["reason"],
            )
            for each in json.loads(written)
        )
    except (ValueError, KeyError, TypeError):
        raise SetupError("its row has been changed by another program: restore it from a backup") from None


def _etag(name: str, revision: int) -> str:
    return sha256(f"{name}/{revision}".encode()).hexdigest()[:16]


def _rejected(reason: Reason, name: str, **more: str) -> Rejection:
    return Rejection(reason, metadata={"experiment": name, **more})
