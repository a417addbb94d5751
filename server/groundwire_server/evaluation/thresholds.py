"""Where to draw the line between questions that are answered and those that are declined."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Levels: TypeAlias = tuple[Sequence[float], Sequence[float]]
"""For each question the relevance of the best passage found: of those that the documents answer, and of others."""

_STEPS = 1000
"""Of thresholds between 0 and 1."""

_Z = 1.96


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of questions.

    Attributes:
        count: how many went wrong.
        of: how many there were.
    """

    count: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the share lies with 95 % confidence (Wilson)."""
        if not self.of:
            return 0.0, 1.0
        shrunk = 1 + _Z**2 / self.of
        middle = (self.share + _Z**2 / (2 * self.of)) / shrunk
        half = _Z / shrunk * math.sqrt(self.share * (1 - self.share) / self.of + _Z**2 / (4 * self.of**2))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Errors:
    """What a threshold gets wrong.

    Attributes:
        refused: questions that the documents answer and that are declined.
        let_through: questions that they do not answer and that reach a model.
    """

    refused: Rate
    let_through: Rate

    @property
    def mean(self) -> float:
        """Both shares, of the same weight."""
        return (self.refused.share + self.let_through.share) / 2


def split(items: Sequence[T], seed: int) -> tuple[list[T], list[T]]:
    """Two halves, drawn by the seed: one to fit on, the other to believe."""
    drawn = list(items)
    random.Random(seed).shuffle(drawn)  # noqa: S311 - it keeps no secret
    middle = (len(drawn) + 1) // 2
    return drawn[:middle], drawn[middle:]


def errors(answerable: Sequence[float], unanswerable: Sequence[float], threshold: float) -> Errors:
    """What a threshold gets wrong.

    Args:
        answerable: for each such question the relevance of the best passage found.
        unanswerable: the same.
        threshold: what is below it is no evidence.
    """
    return Errors(
        Rate(sum(level < threshold for level in answerable), len(answerable)),
        Rate(sum(level >= threshold for level in unanswerable), len(unanswerable)),
    )


def fit(answerable: Sequence[float], unanswerable: Sequence[float], most_refused: float | None = None) -> float:
    """The threshold with the fewest errors, both kinds weighing the same; the lowest of several.

    Args:
        answerable: as for `errors`.
        unanswerable: as for `errors`.
        most_refused: the largest share of answerable questions that may be declined; any if None.
    """
    candidates = sorted({0.0, *(_down(level) for level in (*answerable, *unanswerable))})
    candidates.append(min(1.0, candidates[-1] + 1 / _STEPS))
    judged = [(errors(answerable, unanswerable, each), each) for each in candidates]
    allowed = [(found, each) for found, each in judged if most_refused is None or found.refused.share <= most_refused]
    _, threshold = min(allowed, key=lambda one: (one[0].mean, one[1]))
    return threshold


def _down(level: float) -> float:
    """Few digits, and never above the level, which would refuse its own question."""
    return math.floor(level * _STEPS) / _STEPS
