"""Exact intervals for a share, after Clopper and Pearson (Biometrika 26, 1934), at any level of confidence.

They hold for few items, and where none is wrong, where Wilson's are too narrow. Counts need not be whole.
"""

import math
from typing import Final

_STEPS: Final = 200
"""Of the continued fraction: it has settled long before."""
_SETTLED: Final = 1e-14
_TINY: Final = 1e-300
_HALVINGS: Final = 60
"""Of an interval of 1: below the precision of a float."""
_MOST: Final = 100_000_000
"""Items that are looked for at most."""


def exact_interval(wrong: float, of: float, confidence: float) -> tuple[float, float]:
    """Return the interval that holds the share with at least this confidence; all of 0 to 1 where there are no items.

    Args:
        wrong: items that have something, 0 to `of`.
        of: all items.
        confidence: 0 to 1, such as 0.95.
    """
    tail = (1 - confidence) / 2
    low = 0.0 if wrong <= 0 or of <= 0 else _quantile(tail, wrong, of - wrong + 1)
    high = 1.0 if wrong >= of else _quantile(1 - tail, wrong + 1, of - wrong)
    return low, high


def items_needed(share: float, within: float, confidence: float) -> int:
    """Return how many items give an interval whose ends are both at most so far from the share.

    Args:
        share: that is expected among them, 0 to 1.
        within: the distance, above 0.
        confidence: of the interval.
    """

    def near(of: int) -> bool:
        low, high = exact_interval(share * of, of, confidence)
        return max(high - share, share - low) <= within

    most = 1
    while not near(most) and most < _MOST:
        most *= 2
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if near(middle) else (middle, most)
    return most


def _quantile(probability: float, a: float, b: float) -> float:
    """Return where the distribution function of a beta distribution reaches a probability."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _incomplete_beta(middle, a, b) < probability else (low, middle)
    return (low + high) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function, by the continued fraction that settles faster."""
    if x <= 0.0 or x >= 1.0:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < _SETTLED:
            break
    return value


def _away_from_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
