"""A readout for programs: one JSON object, or a table of comma-separated values."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any, Final

from groundwire_server.cli.experiments.results import ShownExperiment
from groundwire_server.cli.experiments.sentences import cautions, sentences
from groundwire_server.domain.experiments.estimates import IntervalEstimate
from groundwire_server.domain.experiments.readout import ArmReadout, MetricReadout, Readout

COLUMNS: Final = (
    "arm",
    "units",
    "calls",
    "metric",
    "value",
    "low",
    "high",
    "difference",
    "difference_low",
    "difference_high",
    "relative",
    "relative_low",
    "relative_high",
    "more_units",
)

_DIGITS: Final = 6


def as_json(shown: ShownExperiment, found: Readout) -> str:
    """Return everything as JSON; an end that nothing bounds is null."""
    experiment = shown.experiment
    facts = {
        "experiment": experiment.name,
        "route": experiment.route,
        "unit": experiment.unit.lower(),
        "state": shown.state.replace(" ", "_"),
        "traffic_percent": shown.traffic,
        "counted_time": shown.counted.isoformat(),
        "method": "asymptotic confidence sequences",
        "confidence": found.confidence,
        "effect": found.effect,
        "sample_ratio_p": _number(found.mismatch),
        "units_in_several_arms": found.units_elsewhere,
        "arms": [_arm(arm) for arm in found.arms],
        "sentences": list(sentences(shown, found)),
        "cautions": list(cautions(shown, found)),
    }
    return json.dumps(facts, indent=2, ensure_ascii=False)


def as_csv(found: Readout) -> str:
    """Return a line for each arm and metric, under the names of the columns."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines(found))
    return written.getvalue()


def lines(found: Readout) -> Iterator[Sequence[str]]:
    """Yield the values of a line for each arm and metric; what is not known is empty."""
    for arm in found.arms:
        for row in arm.metrics:
            compared = (row.value, row.difference, row.relative)
            numbers = [each for found in compared for each in _ends(found)]
            more = "" if row.more_units is None else str(row.more_units)
            texts = ("" if each is None else f"{each:g}" for each in numbers)
            yield (arm.arm, str(arm.units), str(arm.calls), row.metric.lower(), *texts, more)


def _arm(arm: ArmReadout) -> dict[str, Any]:
    return {
        "arm": arm.arm,
        "units": arm.units,
        "calls": arm.calls,
        "ended": arm.ended,
        "metrics": {row.metric.lower(): _metric(row) for row in arm.metrics},
    }


def _metric(row: MetricReadout) -> dict[str, Any]:
    facts: dict[str, Any] = {"value": _facts(row.value)}
    if row.difference is not None:
        facts |= {"difference": _facts(row.difference), "told_apart": row.difference.tells}
        facts |= {"relative": None if row.relative is None else _facts(row.relative), "more_units": row.more_units}
    return facts


def _facts(found: IntervalEstimate) -> dict[str, float | None]:
    value, low, high = _ends(found)
    return {"value": value, "low": low, "high": high}


def _ends(found: IntervalEstimate | None) -> tuple[float | None, float | None, float | None]:
    if found is None:
        return None, None, None
    return _number(found.value), _number(found.low), _number(found.high)


def _number(value: float) -> float | None:
    """Return a number with six digits that matter; None for one without bounds, which JSON has no word for."""
    return float(f"{value:.{_DIGITS}g}") if isfinite(value) else None
