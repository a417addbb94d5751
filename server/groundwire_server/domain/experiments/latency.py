"""The histogram of how long calls took, and its quantiles with intervals that hold at every look."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.experiments.sequences import two_sided_margin

P95_SHARE: Final = 0.95

_STEPS: Final = 16
"""Buckets in which the time doubles: each ends 4.4 % above the one before."""

_LAST: Final = 20 * _STEPS
"""The last bucket with an upper bound: 1,049 seconds."""


def latency_bucket(milliseconds: float) -> int:
    """Return the index of the bucket of a time: 0 up to a millisecond, then 16 for each doubling."""
    if milliseconds <= 1.0:
        return 0
    return min(math.ceil(_STEPS * math.log2(milliseconds) - 1e-9), _LAST + 1)


def upper_ms(bucket: int) -> float:
    """Return the upper bound of a bucket, in milliseconds; infinity for the last."""
    return 2.0 ** (bucket / _STEPS) if bucket <= _LAST else math.inf


@dataclass(frozen=True, slots=True)
class QuantileInterval:
    """A quantile, in milliseconds, at the upper bounds of buckets.

    Attributes:
        high: infinity where too few calls are known.
    """

    value: float
    low: float
    high: float


def quantile(latency: Mapping[int, int], share: float, design_effect: float, error: float) -> QuantileInterval | None:
    """Return a quantile with an interval that holds at every look; None without calls.

    At the true quantile the share of calls that are no slower is `share`, with a known variance: the interval holds the
    times where the share that was seen is within the margin of it. No time is looked at by itself, so that no further
    correction is needed.

    Args:
        latency: calls by the index of their bucket.
        share: such as 0.95.
        design_effect: by which the variance is larger than that of calls that have nothing to do with each other.
        error: the probability that the interval ever fails.
    """
    calls = sum(latency.values())
    if not calls:
        return None
    deviation = math.sqrt(share * (1 - share) * design_effect / calls)
    margin = two_sided_margin(calls, error) * deviation
    low, value, high = (_at(latency, calls, wanted) for wanted in (share - margin, share, share + margin))
    below = latency_bucket(low) - 1 if math.isfinite(low) else _LAST
    return QuantileInterval(value, 0.0 if share - margin <= 0 or below < 0 else upper_ms(below), high)


def variance_of_calls(latency: Mapping[int, int]) -> float:
    """Return about the variance of the times, in squared milliseconds, each taken at the middle of its bucket."""
    calls = sum(latency.values())
    if not calls:
        return 0.0
    middles = {bucket: _middle(bucket) for bucket in latency}
    mean = sum(count * middles[bucket] for bucket, count in latency.items()) / calls
    return sum(count * (middles[bucket] - mean) ** 2 for bucket, count in latency.items()) / calls


def _at(latency: Mapping[int, int], calls: int, share: float) -> float:
    """Return the upper bound of the first bucket up to which a share of the calls has come."""
    if share > 1.0:
        return math.inf
    seen = 0
    for bucket in sorted(latency):
        seen += latency[bucket]
        if seen >= share * calls:
            return upper_ms(bucket)
    return math.inf


def _middle(bucket: int) -> float:
    return 0.5 if bucket == 0 else 2.0 ** ((min(bucket, _LAST + 1) - 0.5) / _STEPS)
