"""Figures of metrics in words: shares in per cent, their differences in points, amounts in their units."""

from math import isfinite
from typing import Final

from groundwire_server.domain.experiments.estimates import AMOUNTS, IntervalEstimate
from groundwire_server.domain.experiments.experiment import ExperimentUnit, Metric
from groundwire_server.domain.experiments.readout import Readout

NAMES: Final = {
    Metric.ANSWERED: "answered",
    Metric.ABSTAINED: "abstained",
    Metric.DEGRADED: "degraded",
    Metric.FAILED_SAFE: "failed safe",
    Metric.BLOCKED: "blocked",
    Metric.QUEUED: "queued",
    Metric.IN_REVIEW: "in review",
    Metric.VERIFIED: "verified answers",
    Metric.MALFORMED: "malformed output",
    Metric.REPAIRED: "repaired",
    Metric.LATENCY_MS: "mean latency",
    Metric.COST_MICROS: "cost of 1,000 calls",
    Metric.INPUT_TOKENS: "input tokens",
    Metric.CACHED_INPUT_TOKENS: "cached input tokens",
    Metric.OUTPUT_TOKENS: "output tokens",
    Metric.FEEDBACK: "calls with feedback",
    Metric.NEGATIVE: "negative feedback",
    Metric.P95: "p95 latency",
}

UNITS: Final = {ExperimentUnit.END_USER: "users", ExperimentUnit.TENANT: "tenants", ExperimentUnit.SUBJECT: "subjects"}

_COST: Final = 1_000 / 1_000_000
"""Of 1,000 calls, in the currency, for the microunits of one."""
_TIMES: Final = frozenset({Metric.LATENCY_MS, Metric.P95})


def is_share(metric: Metric) -> bool:
    """Return whether a metric is a share, with differences in points."""
    return metric not in AMOUNTS and metric is not Metric.P95


def is_time(metric: Metric) -> bool:
    """Return whether a metric is a time, in milliseconds."""
    return metric in _TIMES


def scale_of(metric: Metric) -> float:
    """Return what a value is multiplied by to be shown: shares in per cent, costs of 1,000 calls in the currency."""
    if metric is Metric.COST_MICROS:
        return _COST
    return 100.0 if is_share(metric) else 1.0


def happened(metric: Metric, found: Readout) -> bool:
    """Return whether a metric was above 0 in any arm."""
    return any((row := arm.of(metric)) is not None and row.value.value > 0 for arm in found.arms)


def figure(metric: Metric, value: float) -> str:
    """Return a value with its unit."""
    if not isfinite(value):
        return "unbounded"
    if is_share(metric):
        return f"{100 * value:.1f} %"
    return f"{amount(metric, value)}{' ms' if metric in _TIMES else ''}"


def amount(metric: Metric, value: float) -> str:
    """Return a value without its unit, with three digits or more that matter."""
    scaled = value * scale_of(metric)
    if is_share(metric):
        return f"{scaled:.1f}"
    return f"{scaled:,.0f}" if abs(scaled) >= 100 else f"{scaled:.3g}"


def interval_of(metric: Metric, found: IntervalEstimate) -> str:
    """Return the interval of a metric; empty where nothing bounds it."""
    if not isfinite(found.high) and found.low <= 0:
        return ""
    if not isfinite(found.high):
        return f"above {figure(metric, found.low)}"
    return f"{amount(metric, found.low)} to {figure(metric, found.high)}"


def difference_of(metric: Metric, found: IntervalEstimate) -> str:
    """Return the interval of a difference, with signs; empty where nothing bounds it."""
    unit = " points" if is_share(metric) else " ms" if metric in _TIMES else ""
    ends = [("−" if end < 0 else "+") + amount(metric, abs(end)) for end in (found.low, found.high) if isfinite(end)]
    if not ends:
        return ""
    if found.low == found.high == 0:
        return "none"
    if len(ends) == 1:
        return f"{'above' if isfinite(found.low) else 'below'} {ends[0]}{unit}"
    return f"{ends[0]} to {ends[1]}{unit}"


def percent_of(found: IntervalEstimate | None) -> str:
    """Return the interval of a relative difference; empty where nothing bounds it."""
    if found is None or not isfinite(found.high):
        return ""
    if found.low == found.high == 0:
        return "none"
    return f"{100 * found.low:+.0f} to {100 * found.high:+.0f} %".replace("-", "−")
