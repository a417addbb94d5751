"""What an arm's sums say about a metric, and how two arms compare.

A unit gives all its calls to one arm, and its calls resemble each other: units are independent, calls are not. A metric
is a ratio of two sums over units, R = Σx / Σn, and its variance that of units by the delta method:
Σ(x − R·n)² / (Σn)² · m / (m − 1), with m units (Deng, Knoblich and Lu, "Applying the delta method in metric
analytics", KDD 2018).
"""

import math
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.experiments.experiment import Metric
from groundwire_server.domain.experiments.latency import variance_of_calls
from groundwire_server.domain.experiments.observation import ArmSums, Moments
from groundwire_server.domain.experiments.sequences import one_sided_margin, two_sided_margin

LEAST_UNITS: Final = 30
"""Units that count equally, below which no interval is given: the theory is one of many units."""

AMOUNTS: Final = frozenset(
    {
        Metric.LATENCY_MS,
        Metric.COST_MICROS,
        Metric.INPUT_TOKENS,
        Metric.CACHED_INPUT_TOKENS,
        Metric.OUTPUT_TOKENS,
    }
)
"""Metrics that are amounts for each call; the others but P95 are shares."""


@dataclass(frozen=True, slots=True)
class RatioEstimate:
    """A metric of an arm.

    Attributes:
        value: for each call; for NEGATIVE, for each call with feedback.
        variance: of the value, infinity where too few units are known for one.
        calls: the sum that the metric is divided by.
    """

    value: float
    variance: float
    calls: float


@dataclass(frozen=True, slots=True)
class IntervalEstimate:
    """A value with its interval.

    Attributes:
        low: minus infinity where nothing bounds it.
        high: infinity where nothing does.
    """

    value: float
    low: float
    high: float

    @property
    def tells(self) -> bool:
        """Whether it is certain that the value is not 0."""
        return self.low > 0 or self.high < 0


def ratio_of(arm: ArmSums, metric: Metric) -> RatioEstimate | None:
    """Return a metric of an arm; None where no call can have it."""
    moments = arm.moments.get(metric, Moments())
    calls, squares = float(arm.calls), arm.calls_squared
    if metric is Metric.NEGATIVE:
        said = arm.moments.get(Metric.FEEDBACK, Moments())
        calls, squares = said.total, said.squares
    if calls <= 0:
        return None
    value = moments.total / calls
    if arm.units < 2 or calls * calls < LEAST_UNITS * squares:
        return RatioEstimate(value, math.inf, calls)
    residuals = moments.squares - 2 * value * moments.products + value * value * squares
    variance = max(residuals, 0.0) * arm.units / (arm.units - 1) / (calls * calls)
    if metric not in AMOUNTS:
        # Where all calls were alike so far, they need not stay so: at least as uncertain as two more that differ.
        smooth = (moments.total + 1) / (calls + 2)
        variance = max(variance, max(smooth * (1 - smooth), 0.0) / calls)
    return RatioEstimate(value, variance, calls)


def interval(found: RatioEstimate, metric: Metric, error: float) -> IntervalEstimate:
    """Return a metric with the interval that holds at every look; a share's is within 0 and 1.

    There may be more feedback than calls, where some is on calls from before the experiment.
    """
    margin = two_sided_margin(found.calls, error) * math.sqrt(found.variance)
    high = math.inf if metric in AMOUNTS else max(found.value, 1.0)
    return IntervalEstimate(found.value, max(found.value - margin, 0.0), min(found.value + margin, high))


def difference(arm: RatioEstimate, control: RatioEstimate, error: float) -> IntervalEstimate:
    """Return by how much an arm's metric is above the control's, with the interval that holds at every look."""
    margin = two_sided_margin(arm.calls + control.calls, error) * math.sqrt(arm.variance + control.variance)
    value = arm.value - control.value
    return IntervalEstimate(value, value - margin, value + margin)


def relative_difference(arm: RatioEstimate, control: RatioEstimate, error: float) -> IntervalEstimate | None:
    """Return by which share of the control's value an arm's is above it; None where the control's is 0.

    The interval is Fieller's: the ratios r at which arm − r · control is within its margin of 0. It has no upper end
    where the control's value may be 0.
    """
    if control.value <= 0:
        return None
    value = arm.value / control.value - 1
    squared = two_sided_margin(arm.calls + control.calls, error) ** 2
    # a·r² − 2·b·r + c ≤ 0
    a = control.value**2 - squared * control.variance
    if a <= 0 or not math.isfinite(squared * arm.variance):
        return IntervalEstimate(value, -1.0, math.inf)
    b, c = arm.value * control.value, arm.value**2 - squared * arm.variance
    root = math.sqrt(max(b * b - a * c, 0.0))
    return IntervalEstimate(value, max((b - root) / a, 0.0) - 1, (b + root) / a - 1)


def least_worsening(
    arm: RatioEstimate, control: RatioEstimate, sign: int, factor: float, error: float
) -> tuple[float, float]:
    """Return sign · (arm − factor · control), and the bound that it is above at every look.

    Args:
        arm: of the arm that may have become worse.
        control: of the control.
        sign: 1 where a rise is worse, −1 where a fall is.
        factor: 1 for an absolute bound; 1 plus or minus a relative one.
        error: the probability that it is ever not above the bound.
    """
    worsening = sign * (arm.value - factor * control.value)
    deviation = math.sqrt(arm.variance + factor * factor * control.variance)
    return worsening, worsening - one_sided_margin(arm.calls + control.calls, error) * deviation


def design_effect(arm: ArmSums) -> float:
    """Return by which factor units that come again widen the variance of how long calls took; at least 1.

    It is that of the mean, which is known by unit, and no more than if all calls of a unit took equally long. It is
    infinite where too few units are known.
    """
    found = ratio_of(arm, Metric.LATENCY_MS)
    if found is None or not math.isfinite(found.variance):
        return math.inf
    of_calls = variance_of_calls(arm.latency) / arm.calls
    most = arm.calls_squared / arm.calls
    return min(max(found.variance / of_calls, 1.0), most) if of_calls > 0 else most
