"""Thresholds of a checker: their error rates on labelled statements, and those that keep within bounds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from groundwire_server.domain.entailment import EntailmentThresholds, Opinion
from groundwire_server.domain.failure import GroundwireError
from groundwire_server.evaluation.thresholds import Rate


@dataclass(frozen=True, slots=True)
class Ratings:
    """What a checker said of labelled statements; None where it was undecided.

    Attributes:
        supported: the probabilities of statements that their passages support.
        unsupported: those of the others.
    """

    supported: Sequence[float | None]
    unsupported: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class CheckerErrors:
    """The errors of a pair of thresholds.

    Attributes:
        refused: supported statements that count as unsupported.
        accepted: unsupported statements that count as entailed.
        undecided: statements of both kinds that count as neither.
    """

    refused: Rate
    accepted: Rate
    undecided: Rate


class InseparableError(GroundwireError):
    """No threshold keeps the share of unsupported statements that count as entailed within its bound."""


def errors_of(ratings: Ratings, thresholds: EntailmentThresholds) -> CheckerErrors:
    """Return the errors of thresholds."""
    supported = [thresholds.opinion(each) for each in ratings.supported]
    unsupported = [thresholds.opinion(each) for each in ratings.unsupported]
    return CheckerErrors(
        Rate(supported.count(Opinion.UNSUPPORTED), len(supported)),
        Rate(unsupported.count(Opinion.ENTAILED), len(unsupported)),
        Rate([*supported, *unsupported].count(Opinion.UNDECIDED), len(supported) + len(unsupported)),
    )


def fit(ratings: Ratings, max_accepted: float, max_refused: float) -> EntailmentThresholds:
    """Return the thresholds that leave the fewest statements undecided within both bounds.

    Where the bounds leave a range in which one threshold serves for both, it is the one with the fewest errors.

    Args:
        ratings: of labelled statements.
        max_accepted: the largest share of unsupported statements that may count as entailed, 0 to 1.
        max_refused: the largest share of supported statements that may count as unsupported, 0 to 1.

    Raises:
        InseparableError: when no threshold keeps `max_accepted`.
    """
    supported = sorted(each for each in ratings.supported if each is not None)
    unsupported = sorted(each for each in ratings.unsupported if each is not None)
    candidates = sorted({*supported, *unsupported})
    spared = len(unsupported) - math.floor(max_accepted * len(ratings.unsupported))
    # Of the unsupported statements that may not be accepted, the one that looks best.
    highest = unsupported[spared - 1] if spared > 0 else -1.0
    above = [each for each in candidates if each > highest]
    if not above:
        raise InseparableError
    entailed_from = above[0]
    allowed = math.floor(max_refused * len(ratings.supported))
    unsupported_below = supported[allowed] if allowed < len(supported) else candidates[-1]
    if unsupported_below <= entailed_from:
        return EntailmentThresholds(entailed_from, unsupported_below)
    between = [each for each in above if each <= unsupported_below]
    single = min(between, key=lambda each: _mean(ratings, each))
    return EntailmentThresholds(single, single)


def _mean(ratings: Ratings, threshold: float) -> float:
    errors = errors_of(ratings, EntailmentThresholds(threshold, threshold))
    return (errors.refused.share + errors.accepted.share) / 2
