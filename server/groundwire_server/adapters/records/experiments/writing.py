"""Writing results: sums of units, the histogram of latency, and how far each process has written.

Times are in microseconds since 1970.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import Connection, Table, and_, bindparam, delete, select, update
from sqlalchemy.dialects import sqlite

from groundwire_server.adapters.records.operations.rows import micros
from groundwire_server.adapters.records.tables.experiment_results import (
    experiment_latency,
    experiment_units,
    experiment_writers,
)
from groundwire_server.adapters.records.tables.registry import experiments
from groundwire_server.adapters.records.transactions import RecordsDialect
from groundwire_server.domain.experiments.experiment import Metric
from groundwire_server.domain.experiments.observation import UnitKey, UnitSums
from groundwire_server.ports.experiments import ResultBatch

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_Insert: TypeAlias = "sqlite.Insert | postgresql.Insert"

SUMMED: Final = tuple(metric for metric in Metric if metric is not Metric.P95)
"""The metrics that have a column, which is named as they are in lower case."""

_UNITS, _LATENCY, _WRITERS = experiment_units, experiment_latency, experiment_writers

_LATER: Final = (
    update(_UNITS)
    .where(
        and_(
            _UNITS.c.experiment == bindparam("of"),
            _UNITS.c.unit == bindparam("of_unit"),
            _UNITS.c.arm == bindparam("of_arm"),
        )
    )
    .values(
        {_UNITS.c[metric.lower()]: _UNITS.c[metric.lower()] + bindparam(f"more_{metric.lower()}") for metric in SUMMED}
    )
)

_CLOSE: Final = delete(_WRITERS).where(_WRITERS.c.process == bindparam("of"))


@dataclass(frozen=True, slots=True)
class ResultStatements:
    """The statements that the dialects write in different ways.

    Attributes:
        writer: moves a process on to a batch, and changes no row where it is there already.
        units: adds to the sums of units.
        latency: adds to the histograms of arms.
    """

    writer: Any
    units: Any
    latency: Any

    @classmethod
    def of(cls, dialect: RecordsDialect) -> "ResultStatements":
        """Return those of a dialect."""
        writer, units, latency = (_insert(dialect, table) for table in (_WRITERS, _UNITS, _LATENCY))
        added = ("calls", *(metric.lower() for metric in SUMMED))
        return cls(
            writer.on_conflict_do_update(
                index_elements=_WRITERS.primary_key.columns,
                set_={name: writer.excluded[name] for name in ("batch", "cut")},
                where=_WRITERS.c.batch < writer.excluded.batch,
            ),
            units.on_conflict_do_update(
                index_elements=_UNITS.primary_key.columns,
                set_={name: _UNITS.c[name] + units.excluded[name] for name in added},
            ),
            latency.on_conflict_do_update(
                index_elements=_LATENCY.primary_key.columns,
                set_={"calls": _LATENCY.c.calls + latency.excluded.calls},
            ),
        )


def _insert(dialect: RecordsDialect, table: Table) -> Any:
    if dialect is RecordsDialect.SQLITE:
        return sqlite.insert(table)
    # Imported here: a tenth of what SQLAlchemy adds to a start.
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415

    return postgresql.insert(table)


def write(connection: Connection, statements: ResultStatements, process: str, batch: ResultBatch) -> None:
    """Write a batch, unless it is there already: a commit that broke off may have come through."""
    cut = micros(batch.cut)
    if not connection.execute(statements.writer, {"process": process, "batch": batch.number, "cut": cut}).rowcount:
        return
    # In one order: two processes that add to the same rows would else wait for each other.
    keys = sorted(_kept(connection, batch), key=lambda key: (key.experiment, key.unit, key.arm))
    if new := [_row(key, batch.sums[key]) for key in keys if batch.sums[key].calls]:
        connection.execute(statements.units, new)
    if later := [_later(key, batch.sums[key]) for key in keys if not batch.sums[key].calls]:
        connection.execute(_LATER, later)
    if latency := list(_latency(keys, batch)):
        connection.execute(statements.latency, latency)


def close(connection: Connection, process: str) -> None:
    """Forget how far a process has written: it has ended, and nothing of it is missing."""
    connection.execute(_CLOSE, {"of": process})


def _kept(connection: Connection, batch: ResultBatch) -> Iterator[UnitKey]:
    """Yield the keys whose experiment is kept, and is not forgotten before this transaction ends."""
    named = {key.experiment for key in batch.sums}
    if named:
        asked = select(experiments.c.name).where(experiments.c.name.in_(named)).order_by(experiments.c.name)
        there = set(connection.execute(asked.with_for_update(read=True, key_share=True)).scalars())
        yield from (key for key in batch.sums if key.experiment in there)


def _row(key: UnitKey, sums: UnitSums) -> dict[str, Any]:
    return {
        "experiment": key.experiment,
        "unit": key.unit,
        "arm": key.arm,
        "calls": sums.calls,
        **{metric.lower(): sums.sums.get(metric, 0.0) for metric in SUMMED},
    }


def _later(key: UnitKey, sums: UnitSums) -> dict[str, Any]:
    more = {f"more_{metric.lower()}": sums.sums.get(metric, 0.0) for metric in SUMMED}
    return {"of": key.experiment, "of_unit": key.unit, "of_arm": key.arm, **more}


def _latency(keys: Sequence[UnitKey], batch: ResultBatch) -> Iterator[dict[str, Any]]:
    counted: Counter[tuple[str, str, int]] = Counter()
    for key in keys:
        for bucket, calls in batch.sums[key].latency.items():
            counted[key.experiment, key.arm, bucket] += calls
    for experiment, arm, bucket in sorted(counted):
        calls = counted[experiment, arm, bucket]
        yield {"experiment": experiment, "arm": arm, "bucket": bucket, "calls": calls}
