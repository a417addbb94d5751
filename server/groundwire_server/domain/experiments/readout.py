"""A readout: each arm's metrics with intervals, how they compare with the control's, and what to be careful of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.experiments.estimates import (
    AMOUNTS,
    IntervalEstimate,
    RatioEstimate,
    difference,
    interval,
    ratio_of,
    relative_difference,
)
from groundwire_server.domain.experiments.experiment import HOLDOUT, Experiment, Metric
from groundwire_server.domain.experiments.guard_check import p95_of
from groundwire_server.domain.experiments.latency import QuantileInterval
from groundwire_server.domain.experiments.observation import ArmSums
from groundwire_server.domain.experiments.sample_ratio import mismatch_probability
from groundwire_server.domain.experiments.sample_size import growth_until_detected

AMOUNT_EFFECT: Final = 0.05
"""The difference of an amount whose needed sample is given, as a share of the control's value."""


@dataclass(frozen=True, slots=True)
class MetricReadout:
    """A metric of an arm.

    Attributes:
        value: with its interval.
        difference: from the control's; None for the control, and where one of the two is not known.
        relative: the same as a share of the control's value; None also where that is 0.
        more_units: about how many more units, of all arms, are needed until a difference of the wanted size is found;
            None where that cannot be said.
    """

    metric: Metric
    value: IntervalEstimate
    difference: IntervalEstimate | None = None
    relative: IntervalEstimate | None = None
    more_units: int | None = None


@dataclass(frozen=True, slots=True)
class ArmReadout:
    """An arm with its metrics, in the order that they were asked for; those that no call can have are left out."""

    arm: str
    units: int
    calls: int
    metrics: tuple[MetricReadout, ...]
    ended: bool = False

    def of(self, metric: Metric) -> MetricReadout | None:
        """Return one of its metrics; None where it is left out."""
        return next((each for each in self.metrics if each.metric is metric), None)


@dataclass(frozen=True, slots=True)
class Readout:
    """What an experiment says by now.

    Attributes:
        arms: the control first.
        confidence: with which all differences hold together, at this look and all others.
        effect: the difference of a share whose needed sample is given.
        mismatch: the p-value of the test whether units fall into arms as the weights say.
        units_elsewhere: units that were in several arms.
    """

    arms: tuple[ArmReadout, ...]
    confidence: float
    effect: float
    mismatch: float
    units_elsewhere: int

    @property
    def units(self) -> int:
        """Units of all arms."""
        return sum(arm.units for arm in self.arms)


def readout(
    experiment: Experiment,
    arms: Sequence[ArmSums],
    metrics: Sequence[Metric] = tuple(Metric),
    confidence: float = 0.95,
    effect: float = 0.02,
) -> Readout:
    """Return what an experiment says by now.

    The error is divided evenly over the metrics and arms that are compared, so that all differences hold together; so
    do all values, and all relative differences.

    Args:
        experiment: whose arms they are.
        arms: their sums.
        metrics: to compare; fewer have narrower intervals, as long as they are not chosen by what they show.
        confidence: of all intervals together.
        effect: the difference of a share whose needed sample is wanted, above 0.
    """
    known = {arm.arm: arm for arm in arms}
    names = [arm.name for arm in experiment.arms]
    error = (1 - confidence) / (len(metrics) * max(len(names) - 1, 1))
    empty = ArmSums("", 0, 0, 0.0, {}, {})
    control = known.get(names[0], empty)
    listed = [*names, *(name for name in (HOLDOUT,) if name in known)]
    over = {end.arm for end in experiment.ended_arms}
    units = sum(known[name].units for name in names if name in known)
    rows = []
    for name in listed:
        sums = known.get(name, empty)
        against = None if name in {names[0], HOLDOUT} else control
        found = (_metric(sums, against, metric, units, error, effect) for metric in metrics)
        rows.append(ArmReadout(name, sums.units, sums.calls, tuple(each for each in found if each), name in over))
    # Units that come after an arm has ended may not be in it.
    weights = {arm.name: arm.weight for arm in experiment.arms if arm.name not in over}
    return Readout(
        tuple(rows),
        confidence,
        effect,
        mismatch_probability({name: arm.units for name, arm in known.items()}, weights),
        max((arm.units_elsewhere for arm in arms), default=0),
    )


def _metric(
    sums: ArmSums, control: ArmSums | None, metric: Metric, units: int, error: float, effect: float
) -> MetricReadout | None:
    if metric is Metric.P95:
        return _p95(sums, control, error)
    found = ratio_of(sums, metric)
    if found is None:
        return None
    value = interval(found, metric, error)
    other = None if control is None else ratio_of(control, metric)
    if other is None:
        return MetricReadout(metric, value)
    return MetricReadout(
        metric,
        value,
        _of_shares(difference(found, other, error), metric),
        relative_difference(found, other, error),
        _more_units(found, other, metric, units, error, effect),
    )


def _of_shares(found: IntervalEstimate, metric: Metric) -> IntervalEstimate:
    """Return a difference without what no two shares can have: more than 1; where nothing bounds it, it stays so."""
    if metric in AMOUNTS or not math.isfinite(found.high - found.low):
        return found
    return IntervalEstimate(found.value, max(found.low, -1.0), min(found.high, 1.0))


def _more_units(
    found: RatioEstimate, control: RatioEstimate, metric: Metric, units: int, error: float, effect: float
) -> int | None:
    wanted = AMOUNT_EFFECT * control.value if metric in AMOUNTS else effect
    growth = growth_until_detected(found, control, wanted, error)
    return math.ceil((growth - 1) * units) if math.isfinite(growth) else None


def _p95(sums: ArmSums, control: ArmSums | None, error: float) -> MetricReadout | None:
    found = p95_of(sums, error)
    if found is None:
        return None
    value = IntervalEstimate(found.value, found.low, found.high)
    # Four ends bound a difference, two on each side: each fails with a quarter of the error.
    compared, other = p95_of(sums, error / 2), None if control is None else p95_of(control, error / 2)
    if compared is None or other is None:
        return MetricReadout(Metric.P95, value)
    return MetricReadout(Metric.P95, value, _difference(compared, other), _relative(compared, other))


def _difference(found: QuantileInterval, other: QuantileInterval) -> IntervalEstimate:
    low = found.low - other.high if math.isfinite(other.high) else -math.inf
    return IntervalEstimate(found.value - other.value, low, found.high - other.low)


def _relative(found: QuantileInterval, other: QuantileInterval) -> IntervalEstimate | None:
    if not other.value or not math.isfinite(other.value):
        return None
    high = found.high / other.low - 1 if other.low > 0 else math.inf
    return IntervalEstimate(found.value / other.value - 1, found.low / other.high - 1, high)
