"""Reading results: the sums of an experiment's arms, and until when calls are counted.

Times are in microseconds since 1970.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Float, Select, and_, bindparam, case, cast, exists, func, select

from groundwire_server.adapters.records.experiments.writing import SUMMED
from groundwire_server.adapters.records.operations.rows import AnyRow, micros, moment
from groundwire_server.adapters.records.tables.experiment_results import (
    experiment_latency,
    experiment_units,
    experiment_writers,
)
from groundwire_server.domain.experiments.experiment import Metric
from groundwire_server.domain.experiments.observation import ArmSums, Moments

STALE: Final = timedelta(seconds=60)
"""Without a batch for so long, a process that has not said that it ended is taken to be gone."""

_UNITS, _LATENCY = experiment_units, experiment_latency

_other = experiment_units.alias("other")

_ELSEWHERE: Final = exists().where(
    and_(
        _other.c.experiment == _UNITS.c.experiment,
        _other.c.unit == _UNITS.c.unit,
        _other.c.arm != _UNITS.c.arm,
    )
)


def _moments() -> Iterator[ColumnElement[Any]]:
    calls = cast(_UNITS.c.calls, Float)
    for metric in SUMMED:
        name, value = metric.lower(), _UNITS.c[metric.lower()]
        # What the metric is divided by.
        of = _UNITS.c.feedback if metric is Metric.NEGATIVE else calls
        yield func.sum(value).label(name)
        yield func.sum(value * value).label(f"{name}_squares")
        yield func.sum(value * of).label(f"{name}_products")


_ARMS: Final[Select[Any]] = (
    select(
        _UNITS.c.arm,
        func.count().label("units"),
        func.sum(_UNITS.c.calls).label("all_calls"),
        func.sum(cast(_UNITS.c.calls, Float) * cast(_UNITS.c.calls, Float)).label("calls_squared"),
        func.sum(case((_ELSEWHERE, 1), else_=0)).label("elsewhere"),
        *_moments(),
    )
    .where(_UNITS.c.experiment == bindparam("of"))
    .group_by(_UNITS.c.arm)
    .order_by(_UNITS.c.arm)
)

_BUCKETS: Final = select(_LATENCY).where(_LATENCY.c.experiment == bindparam("of"))


def arms(connection: Connection, experiment: str) -> Sequence[ArmSums]:
    """Return the sums of each arm that has calls."""
    latency: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for row in connection.execute(_BUCKETS, {"of": experiment}):
        latency[row.arm][row.bucket] = row.calls
    return [_sums(row, latency[row.arm]) for row in connection.execute(_ARMS, {"of": experiment})]


def counted(connection: Connection, now: datetime) -> datetime:
    """Return until when the calls of all processes that live are counted."""
    silent_since = micros(now - STALE)
    writers = experiment_writers
    first = connection.scalar(select(func.min(writers.c.cut)).where(writers.c.cut > silent_since))
    return now if first is None else min(now, moment(first))


def _sums(row: AnyRow, latency: dict[int, int]) -> ArmSums:
    found = row._mapping  # noqa: SLF001  # SQLAlchemy's own way to columns by name
    moments: dict[Metric, Moments] = {}
    for metric in SUMMED:
        name = metric.lower()
        if found[name]:
            moments[metric] = Moments(
                float(found[name]), float(found[f"{name}_squares"]), float(found[f"{name}_products"])
            )
    # PostgreSQL sums whole numbers as decimals.
    return ArmSums(
        row.arm, row.units, int(row.all_calls), float(row.calls_squared), moments, latency, int(row.elsewhere)
    )
