"""How sure a figure is: 95 % confidence intervals, and the samples of items that they are drawn from."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from groundwire_server.evaluation.thresholds import Rate

SAMPLES = 1000
"""Of a bootstrap."""

SEED = 7

_CELLS = 4_000_000
"""Of the largest array of samples by items that is made at once: 32 MB."""

Floats: TypeAlias = NDArray[np.float64]

Statistic: TypeAlias = Callable[[Floats], Floats]
"""A figure of items, computed for many samples at once.

It is given how often each item is in each sample, samples by items, and returns a figure for each sample; NaN where it
has none."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure.

    Attributes:
        value: of the items as they are; None where it has none.
        low: the lower end of its 95 % confidence interval; None where it has none.
        high: the upper end.
        count: the items that it was computed from.
    """

    value: float | None
    low: float | None
    high: float | None
    count: int

    def facts(self) -> dict[str, float | int | None]:
        """All of it, for JSON."""
        return {
            "value": rounded(self.value),
            "low": rounded(self.low),
            "high": rounded(self.high),
            "count": self.count,
        }


def share(flags: Sequence[float]) -> Figure:
    """Return the share of items that have something, with Wilson's interval."""
    if not flags:
        return Figure(None, None, None, 0)
    rate = Rate(round(sum(flags)), len(flags))
    return Figure(rate.share, *rate.interval, len(flags))


def mean(values: Sequence[float]) -> Figure:
    """Return the mean of values, with an interval from the bootstrap, or Wilson's where each is 0 or 1.

    Samples of values that are all alike do not differ, so that the bootstrap would be sure of them.
    """
    if values and set(values) <= {0.0, 1.0}:
        return share(values)
    return bootstrap(mean_of(np.asarray(values, dtype=np.float64)), len(values))


def mean_of(column: Floats) -> Statistic:
    """Return the mean of the items that have a value; those without hold NaN."""
    known = ~np.isnan(column)
    values, counted = np.where(known, column, 0.0), known.astype(np.float64)

    def statistic(counts: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((counts @ values) / (counts @ counted))

    return statistic


def auc_of(scores: Floats, positive: Floats) -> Statistic:
    """Return how likely a positive item has a higher score than a negative one; equal scores count half.

    Args:
        scores: of each item.
        positive: 1 where an item is positive, 0 where it is negative, NaN where it does not count.
    """
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0) if len(scores) else np.zeros(1, dtype=int)
    is_positive, is_negative = (positive[order] == 1).astype(float), (positive[order] == 0).astype(float)

    def statistic(counts: Floats) -> Floats:
        sorted_counts = counts[:, order]
        above = np.add.reduceat(sorted_counts * is_positive, starts, axis=1)
        below = np.add.reduceat(sorted_counts * is_negative, starts, axis=1)
        lower = np.cumsum(below, axis=1) - below / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((above * lower).sum(axis=1) / (above.sum(axis=1) * below.sum(axis=1)))

    return statistic


def bootstrap(statistic: Statistic, items: int) -> Figure:
    """Return a figure with its interval, between percentiles of the figures of samples."""
    value = float(statistic(np.ones((1, items)))[0]) if items else float("nan")
    if np.isnan(value):
        return Figure(None, None, None, items)
    low, high = interval(np.concatenate([statistic(counts) for counts in samples(items)]))
    return Figure(value, low, high, items)


def interval(drawn: Floats) -> tuple[float | None, float | None]:
    """Return the range that holds 95 % of the figures of samples; None where no sample had one."""
    drawn = drawn[~np.isnan(drawn)]
    if not drawn.size:
        return None, None
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def samples(items: int) -> Iterator[Floats]:
    """Yield samples of as many items as there are, drawn with replacement by the seed, some at a time.

    Each array says how often each item is in each sample.
    """
    # RandomState draws the same numbers in every version of numpy; a Generator may not.
    chance = np.random.RandomState(SEED)
    step = max(1, _CELLS // items)
    for first in range(0, SAMPLES, step):
        size = min(step, SAMPLES - first)
        drawn = chance.randint(0, items, size=(size, items))
        flat = (drawn + np.arange(size)[:, None] * items).ravel()
        yield np.bincount(flat, minlength=size * items).reshape(size, items).astype(np.float64)


def rounded(value: float | None) -> float | None:
    """Return a figure with six digits after the point, as it is written to JSON."""
    return None if value is None else round(value, 6)
