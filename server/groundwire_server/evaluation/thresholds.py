"""Thresholds of relevance: their error rates, and the one with the fewest errors."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Relevances: TypeAlias = tuple[Sequence[float], Sequence[float]]
"""The relevance of the best passage for each answerable question, and for each unanswerable one."""

_STEPS = 1000
"""Of thresholds between 0 and 1."""

_Z = 1.96


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of questions.

    Attributes:
        count: those that went wrong.
        of: all of them.
    """

    count: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the share (Wilson)."""
        if not self.of:
            return 0.0, 1.0
        shrunk = 1 + _Z**2 / self.of
        middle = (self.share + _Z**2 / (2 * self.of)) / shrunk
        half = _Z / shrunk * math.sqrt(self.share * (1 - self.share) / self.of + _Z**2 / (4 * self.of**2))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """The errors of a threshold.

    Attributes:
        refused: answerable questions that are refused.
        let_through: unanswerable questions that reach a model.
    """

    refused: Rate
    let_through: Rate

    @property
    def mean(self) -> float:
        """The mean of both shares."""
        return (self.refused.share + self.let_through.share) / 2


def split(items: Sequence[T], seed: int) -> tuple[list[T], list[T]]:
    """Return two halves, drawn by the seed: one to fit on, one to judge by."""
    drawn = list(items)
    random.Random(seed).shuffle(drawn)  # noqa: S311 - it keeps no secret
    middle = (len(drawn) + 1) // 2
    return drawn[:middle], drawn[middle:]


def error_rates(answerable: Sequence[float], unanswerable: Sequence[float], threshold: float) -> ErrorRates:
    """Return the errors of a threshold.

    Args:
        answerable: the relevance of the best passage for each answerable question.
        unanswerable: the same for each unanswerable one.
        threshold: passages of lower relevance are not evidence.
    """
    return ErrorRates(
        Rate(sum(relevance < threshold for relevance in answerable), len(answerable)),
        Rate(sum(relevance >= threshold for relevance in unanswerable), len(unanswerable)),
    )


def fit(answerable: Sequence[float], unanswerable: Sequence[float], max_refused: float | None = None) -> float:
    """Return the threshold with the lowest mean error rate; the lowest threshold of several.

    Args:
        answerable: as for `error_rates`.
        unanswerable: as for `error_rates`.
        max_refused: the largest share of answerable questions that may be refused; any if None.
    """
    candidates = sorted({0.0, *(_down(relevance) for relevance in (*answerable, *unanswerable))})
    candidates.append(min(1.0, candidates[-1] + 1 / _STEPS))
    judged = [(error_rates(answerable, unanswerable, each), each) for each in candidates]
    allowed = [(rates, each) for rates, each in judged if max_refused is None or rates.refused.share <= max_refused]
    _, threshold = min(allowed, key=lambda one: (one[0].mean, one[1]))
    return threshold


def _down(relevance: float) -> float:
    """Round down: a threshold above the relevance would refuse the question that it comes from."""
    return math.floor(relevance * _STEPS) / _STEPS
