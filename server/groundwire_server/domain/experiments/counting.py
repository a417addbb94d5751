"""What an outcome adds to the metrics of the arms that its call belongs to."""

from collections.abc import Iterator
from typing import Final

from groundwire_server.domain.experiments.experiment import Metric
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.outcome import (
    Abstained,
    Answered,
    Blocked,
    Cached,
    Degraded,
    FailedSafe,
    InReview,
    Outcome,
    Queued,
    Report,
)
from groundwire_server.domain.vocabulary import Action, Cause, Purpose

_RESULTS: Final = {
    Answered: Metric.ANSWERED,
    Cached: Metric.ANSWERED,
    Abstained: Metric.ABSTAINED,
    Degraded: Metric.DEGRADED,
    Queued: Metric.QUEUED,
    InReview: Metric.IN_REVIEW,
    Blocked: Metric.BLOCKED,
    FailedSafe: Metric.FAILED_SAFE,
}

_MALFORMED: Final = frozenset({Cause.OUTPUT_MALFORMED, Cause.OUTPUT_CUT_OFF, Cause.OUTPUT_EMPTY})
"""Causes by which an attempt's output was of no form that can be read."""

_MILLISECONDS: Final = 1_000


def values_of(outcome: Outcome) -> dict[Metric, float]:
    """Return what a call adds to its unit's sums; metrics that it adds nothing to are left out."""
    return {metric: value for metric, value in _values(outcome) if value}


def values_of_worker(outcome: Outcome) -> dict[Metric, float]:
    """Return what a worker's outcome adds: not the time, for nobody waited."""
    values = values_of(outcome)
    values.pop(Metric.LATENCY_MS, None)
    return values


def _values(outcome: Outcome) -> Iterator[tuple[Metric, float]]:
    report = outcome.report
    yield _RESULTS[type(outcome.result)], 1.0
    if outcome.answer is not None:
        yield Metric.VERIFIED, float(outcome.answer.verified)
    yield Metric.MALFORMED, float(any(each.cause in _MALFORMED for each in report.attempts))
    yield Metric.REPAIRED, float(any(each.action is Action.REPAIR for each in report.attempts))
    yield Metric.LATENCY_MS, report.total * _MILLISECONDS
    usage = _usage(report)
    yield Metric.COST_MICROS, float(usage.cost_micros)
    yield Metric.INPUT_TOKENS, float(usage.input_tokens)
    yield Metric.CACHED_INPUT_TOKENS, float(usage.cached_input_tokens)
    yield Metric.OUTPUT_TOKENS, float(usage.output_tokens)


def _usage(report: Report) -> Usage:
    """Return what all models consumed for the call, shadows aside: they are no part of the arm."""
    return sum((each.usage for each in report.usage if each.purpose is not Purpose.SHADOW), Usage())
