"""How many more units an experiment needs until a difference is detected."""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Final

from groundwire_server.domain.experiments.estimates import RatioEstimate
from groundwire_server.domain.experiments.sequences import one_sided_margin, two_sided_margin

POWER: Final = 0.9
"""The probability with which a difference of the stated size is detected in the stated sample."""

_MOST_GROWTH: Final = 1e6
_HALVINGS: Final = 60


def growth_until_detected(arm: RatioEstimate, control: RatioEstimate, effect: float, error: float) -> float:
    """Return how many times the sample there is are needed until a difference of this size is detected.

    It is 1 where it would be detected now, and infinity where that cannot be said. Units are taken to go on alike.

    Args:
        arm: of an arm.
        control: of the control.
        effect: the difference, above 0, in the metric's unit.
        error: of the interval of the difference.
    """
    return _growth(arm.variance + control.variance, arm.calls + control.calls, effect, two_sided_margin, error)


def growth_until_ended(
    arm: RatioEstimate, control: RatioEstimate, worsening: float, bound: float, error: float
) -> float:
    """Return how many times the sample there is are needed until a guard ends an arm that is worse by this much.

    Args:
        arm: of the arm.
        control: of the control.
        worsening: above the bound, in the metric's unit.
        bound: that the guard tolerates, in the same.
        error: of the guard.
    """
    variance, calls = arm.variance + control.variance, arm.calls + control.calls
    return _growth(variance, calls, worsening - bound, one_sided_margin, error)


def _growth(
    variance: float, calls: float, effect: float, margin: Callable[[float, float], float], error: float
) -> float:
    if effect <= 0 or not math.isfinite(variance):
        return math.inf
    likely = NormalDist().inv_cdf(POWER)

    def detected(growth: float) -> bool:
        return (margin(calls * growth, error) + likely) * math.sqrt(variance / growth) <= effect

    if detected(1.0):
        return 1.0
    if not detected(_MOST_GROWTH):
        return math.inf
    low, high = 0.0, math.log(_MOST_GROWTH)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if detected(math.exp(middle)) else (middle, high)
    return math.exp(high)
