"""Whether an arm is worse than its guards tolerate: by more than chance explains, at whatever look."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from groundwire_server.domain.experiments.estimates import (
    AMOUNTS,
    design_effect,
    least_worsening,
    ratio_of,
)
from groundwire_server.domain.experiments.experiment import Direction, Experiment, GuardMetric, Metric
from groundwire_server.domain.experiments.latency import P95_SHARE, QuantileInterval, quantile
from groundwire_server.domain.experiments.observation import ArmSums
from groundwire_server.domain.experiments.sample_size import growth_until_ended


@dataclass(frozen=True, slots=True)
class GuardBreach:
    """That an arm is worse than a guard tolerates.

    Attributes:
        value: the metric of the arm.
        control: that of the control.
        units: of the arm.
        error_rate: of all guards of the experiment.
    """

    arm: str
    guard: GuardMetric
    value: float
    control: float
    units: int
    error_rate: float

    @property
    def reason(self) -> str:
        """The numbers, in a sentence for the audit trail and those who read of the end."""
        guard = self.guard
        value, control = (_written(each, guard.metric) for each in (self.value, self.control))
        way = "above" if guard.direction is Direction.RISES else "below"
        bound = f"{100 * guard.bound:g} %" if guard.relative else _written(guard.bound, guard.metric, points=True)
        allowed = f"more than {bound} {way}" if guard.bound else way
        return (
            f"{guard.metric.lower()} was {value} over {self.units:,} units, where the control's was {control}: "
            f"{allowed} the control's, at an error rate of {100 * self.error_rate:g} %"
        )


def breaches(experiment: Experiment, arms: Sequence[ArmSums]) -> list[GuardBreach]:
    """Return the arms that a guard must end, each with the first guard that ends it.

    The error rate is divided evenly over all guards and arms: whatever the number of looks, some arm that is not worse
    ends with at most this probability.

    Args:
        experiment: with its guards.
        arms: what is known of its arms.
    """
    known = {arm.arm: arm for arm in arms}
    control, over = known.get(experiment.control.name), {end.arm for end in experiment.ended_arms}
    compared = [arm.name for arm in experiment.arms[1:]]
    if control is None or not experiment.guards:
        return []
    error = guard_error(experiment)
    found = (
        next(_of_arm(known[name], control, experiment, error), None)
        for name in compared
        if name in known and name not in over
    )
    return [breach for breach in found if breach is not None]


def units_until_ended(experiment: Experiment, guard: GuardMetric, arms: Sequence[ArmSums], effect: float) -> int | None:
    """Return about how many more units, of all arms, are needed until a guard ends an arm that is clearly worse.

    Args:
        experiment: whose guard it is.
        guard: with an absolute bound.
        arms: what is known of the arms.
        effect: by how much the arm is worse than the guard tolerates, in the metric's unit, above 0.

    Returns:
        The most over all open arms; None where that cannot be said yet.
    """
    known = {arm.arm: arm for arm in arms}
    control = known.get(experiment.control.name)
    other = None if control is None else ratio_of(control, guard.metric)
    open_arms = [known[arm.name] for arm in experiment.open_treatments if arm.name in known]
    found = [ratio for arm in open_arms if (ratio := ratio_of(arm, guard.metric)) is not None]
    if other is None or not found:
        return None
    error, worse = guard_error(experiment), guard.bound + effect
    growth = max(growth_until_ended(each, other, worse, guard.bound, error) for each in found)
    units = sum(known[arm.name].units for arm in experiment.arms if arm.name in known)
    return math.ceil((growth - 1) * units) if math.isfinite(growth) else None


def guard_error(experiment: Experiment) -> float:
    """Return the error rate of one guard and one arm."""
    return experiment.error_rate / (len(experiment.guards) * (len(experiment.arms) - 1))


def _of_arm(arm: ArmSums, control: ArmSums, experiment: Experiment, error: float) -> Iterator[GuardBreach]:
    for guard in experiment.guards:
        compared = _quantiles(arm, control, guard, error) if guard.metric is Metric.P95 else None
        if guard.metric is not Metric.P95:
            compared = _ratios(arm, control, guard, error)
        if compared is not None:
            yield GuardBreach(arm.arm, guard, *compared, arm.units, experiment.error_rate)


def _ratios(arm: ArmSums, control: ArmSums, guard: GuardMetric, error: float) -> tuple[float, float] | None:
    """Return the metric of both where the arm is certainly worse."""
    one, other = ratio_of(arm, guard.metric), ratio_of(control, guard.metric)
    if one is None or other is None:
        return None
    sign = 1 if guard.direction is Direction.RISES else -1
    factor = 1 + sign * guard.bound if guard.relative else 1.0
    tolerated = 0.0 if guard.relative else guard.bound
    _, least = least_worsening(one, other, sign, factor, error)
    return (one.value, other.value) if least > tolerated else None


def _quantiles(arm: ArmSums, control: ArmSums, guard: GuardMetric, error: float) -> tuple[float, float] | None:
    """Return the quantile of both where the arm is certainly worse.

    Each interval fails on the side that matters with half the error, so that both hold with the whole.
    """
    one, other = (p95_of(each, error) for each in (arm, control))
    if one is None or other is None:
        return None
    if guard.direction is Direction.RISES:
        allowed = other.high * (1 + guard.bound) if guard.relative else other.high + guard.bound
        worse = one.low > allowed
    else:
        allowed = other.low * (1 - guard.bound) if guard.relative else other.low - guard.bound
        worse = one.high < allowed
    return (one.value, other.value) if worse else None


def p95_of(arm: ArmSums, error: float) -> QuantileInterval | None:
    """Return the time that 95 % of an arm's calls stayed within; None without calls."""
    return quantile(arm.latency, P95_SHARE, design_effect(arm), error)


def _written(value: float, metric: Metric, *, points: bool = False) -> str:
    if metric in AMOUNTS or metric is Metric.P95:
        return f"{value:,.0f}{' ms' if metric in {Metric.LATENCY_MS, Metric.P95} else ''}"
    return f"{100 * value:.4g} {'points' if points else '%'}"
