"""Figures of all items together: what no mean of the items' own values can say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from groundwire_server.evaluation.measures.intervals import Floats, Statistic, auc_of, mean_of
from groundwire_server.evaluation.measures.values import COVERAGE, LEVEL, RANK, REFUSED, RIGHT, SUPPORTED, Values

_MOST_POINTS = 200
"""Of a curve, as many as can be told apart."""

_FEWEST_KEPT = 10
"""Answers at a curve's beginning: the risk of fewer is chance."""


def column(items: Sequence[Values], name: str) -> Floats:
    """Return the values of one name, NaN where an item has none."""
    return np.array([item.get(name, np.nan) for item in items], dtype=np.float64)


def answer_statistics(questions: Sequence[Values]) -> Mapping[str, Statistic]:
    """Return the joint measures of answers, by path; questions without an answer that can be judged do not count."""
    right = column(questions, RIGHT)
    if np.isnan(right).all():
        return {}
    return {
        "abstention/area": _area(column(questions, RANK), right),
        "confidence/auc": auc_of(column(questions, RANK), right),
        "confidence/auc_of_words": auc_of(column(questions, LEVEL), right),
    }


def statement_statistics(statements: Sequence[Values]) -> Mapping[str, Statistic]:
    """Return the joint measures of statements, by path; none unless some are supported and some are not."""
    threshold = best_coverage_threshold(statements)
    if threshold is None:
        return {}
    supported = column(statements, SUPPORTED)
    ours = _balanced(1.0 - column(statements, REFUSED), supported)
    theirs = _balanced((column(statements, COVERAGE) >= threshold).astype(np.float64), supported)
    return {
        "verdicts/balanced_accuracy": ours,
        "verdicts/balanced_accuracy_of_coverage": theirs,
        "verdicts/gain_over_coverage": lambda counts: ours(counts) - theirs(counts),
    }


def best_coverage_threshold(items: Sequence[Values]) -> float | None:
    """Return the threshold at which word coverage tells supported statements best; None without both kinds."""
    coverage, supported = column(items, COVERAGE), column(items, SUPPORTED)
    if not (supported == 1).any() or not (supported == 0).any():
        return None
    everyone = np.ones((1, len(items)))
    candidates = np.unique(coverage[~np.isnan(supported)])
    scores = [float(_balanced((coverage >= each).astype(float), supported)(everyone)[0]) for each in candidates]
    return float(candidates[int(np.argmax(scores))])


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What keeping the answers of at least some rank comes to.

    Attributes:
        coverage: the share of all questions that still has an answer.
        risk: the share of these answers that is wrong.
    """

    coverage: float
    risk: float


def risk_coverage(items: Sequence[Values]) -> list[CurvePoint]:
    """Return the curve of risk over coverage, from the ten answers that rank highest to all of them."""
    questions = [item for item in items if RANK in item]
    ranks, right = column(questions, RANK), column(questions, RIGHT)
    points: list[CurvePoint] = []
    for rank in np.unique(ranks[~np.isnan(right)])[::-1]:
        kept = right[(ranks >= rank) & ~np.isnan(right)]
        if len(kept) >= _FEWEST_KEPT:
            points.append(CurvePoint(len(kept) / len(questions), float(1.0 - kept.mean())))
    step = max(1, -(-len(points) // _MOST_POINTS))
    return [*points[:-1:step], *points[-1:]]


def _balanced(accepted: Floats, supported: Floats) -> Statistic:
    """Return the mean of the shares of supported items accepted and of the others refused."""
    of_supported = mean_of(np.where(supported == 1, accepted, np.nan))
    of_others = mean_of(np.where(supported == 0, 1.0 - accepted, np.nan))

    def statistic(counts: Floats) -> Floats:
        return (of_supported(counts) + of_others(counts)) / 2

    return statistic


def _area(ranks: Floats, right: Floats) -> Statistic:
    """Return the mean, over the answers, of the risk of those that rank at least as high."""
    answered = np.flatnonzero(~np.isnan(right))
    order = answered[np.argsort(-ranks[answered], kind="stable")]
    starts = np.flatnonzero(np.diff(ranks[order], prepend=np.nan) != 0)
    wrong = 1.0 - right[order]

    def statistic(counts: Floats) -> Floats:
        kept = np.add.reduceat(counts[:, order], starts, axis=1)
        failed = np.add.reduceat(counts[:, order] * wrong, starts, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            risk = np.nan_to_num(np.cumsum(failed, axis=1) / np.cumsum(kept, axis=1))
            return np.asarray((risk * kept).sum(axis=1) / kept.sum(axis=1))

    return statistic
