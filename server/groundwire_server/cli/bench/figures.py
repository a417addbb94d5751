"""What figures come to: percentiles, how sure a median is, and whether two sets of figures differ.

All of it is exact and without a distribution assumed, so the same figures always give the same words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, comb
from statistics import median

_COVERAGE = 0.9
"""How often, at least, the interval around a median holds the true one, where there are figures enough for that."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A median and the range that its true value lies in.

    Attributes:
        low: the range's lower end.
        middle: the median.
        high: the range's upper end.
    """

    low: float
    middle: float
    high: float

    @property
    def noise(self) -> float:
        """Half the range's width, as a share of the median."""
        return (self.high - self.low) / 2 / self.middle if self.middle else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed.

    Raises:
        ValueError: without values.
    """
    if not values:
        raise ValueError("there is no percentile of nothing")
    ranked = sorted(values)
    return ranked[max(ceil(share * len(ranked)), 1) - 1]


def median_interval(values: Sequence[float]) -> Interval:
    """The median with its confidence interval from the order statistics.

    The true median lies between the k-th smallest and the k-th greatest of n figures unless fewer than k of them fell
    on one side of it, which is as likely as tossing fewer than k heads with n coins, twice. The narrowest range that
    holds it in 90 % of cases is taken; that is all of the figures up to seven of them. With four or fewer even the
    whole range holds it less often, and with one the range says nothing.

    Raises:
        ValueError: without values.
    """
    if not values:
        raise ValueError("there is no median of nothing")
    ranked = sorted(values)
    count, outside, below = len(ranked), 0, 0
    while below + 1 <= count // 2 and 2 * (outside + comb(count, below)) <= (1 - _COVERAGE) * 2**count:
        outside += comb(count, below)
        below += 1
    edge = max(below - 1, 0)
    return Interval(ranked[edge], median(ranked), ranked[count - 1 - edge])


def chance_of_greater(values: Sequence[float], others: Sequence[float]) -> float:
    """How likely chance alone puts `values` as far above `others` as they are: the one-sided Mann–Whitney test.

    All figures are ranked together, equal ones sharing a rank, and every way to draw as many ranks as there are values
    is counted; what is returned is the share of draws that rank at least as high. Counting sums of ranks instead of
    draws keeps that exact and quick.
    """
    pooled = sorted([*values, *others])
    # Twice the rank: that of equal figures lies between whole ones.
    doubled = {value: 2 * pooled.index(value) + 1 + pooled.count(value) for value in pooled}
    ways: list[dict[int, int]] = [{0: 1}, *({} for _ in values)]
    for value in pooled:
        for drawn in range(len(values), 0, -1):
            for total, count in ways[drawn - 1].items():
                reached = total + doubled[value]
                ways[drawn][reached] = ways[drawn].get(reached, 0) + count
    observed = sum(doubled[value] for value in values)
    at_least = sum(count for total, count in ways[len(values)].items() if total >= observed)
    return at_least / comb(len(pooled), len(values))
