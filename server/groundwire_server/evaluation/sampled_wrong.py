"""How often what has left is wrong: an interval from the samples that reviewers have decided."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from groundwire_server.evaluation.measures.binomial import exact_interval, items_needed

FEW: Final = 30
"""Decided samples below which an interval is too wide to say much."""

MOST_DECIDED: Final = 0.8
"""The share of samples that is decided, below which those that are not may change the result."""

_WEIGHT_DIGITS: Final = 9
"""By which weights are told apart."""


@dataclass(frozen=True, slots=True)
class SampleTally:
    """The samples of a route whose answers have the same weakest verdict.

    Attributes:
        verdict: its word; empty where no sentence claims anything.
        share: the share of the route's answers that is sampled, 0 to 1.
        share_changed: whether some of them were sampled by another share.
    """

    route: str
    verdict: str
    sampled: int
    decided: int
    wrong: int
    share: float
    share_changed: bool = False


@dataclass(frozen=True, slots=True)
class WrongShare:
    """The share of answers that are wrong.

    Attributes:
        value: of those that were decided; None where none was.
        low: the lower end of its interval.
        high: the upper end.
        needed: how many more must be decided for the interval to be as near as was wanted; where no answer was wrong
            so far, it is the least that can do.
    """

    sampled: int
    decided: int
    wrong: int
    value: float | None
    low: float
    high: float
    needed: int


@dataclass(frozen=True, slots=True)
class WrongShares:
    """What the samples say.

    Attributes:
        rows: of each tally, in its order.
        total: of all together, each weighed by how many answers it stands for.
        few: whether fewer were decided than say much.
        undecided: how many samples were not decided.
        many_undecided: whether they are so many that they may change the result.
        weighed: whether the tallies are sampled by different shares, so that the total is no plain sum.
        changed: the routes whose share was changed, so that what each of their samples stands for is not known.
    """

    rows: Sequence[tuple[SampleTally, WrongShare]]
    total: WrongShare
    few: bool
    undecided: int
    many_undecided: bool
    weighed: bool
    changed: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Stratum:
    """Decided samples, each of which stands for equally many answers.

    Attributes:
        answers: how many they stand for, as far as the number of samples says.
        variance: of `answers`.
    """

    decided: int = 0
    wrong: int = 0
    answers: float = 0.0
    variance: float = 0.0

    @property
    def value(self) -> float:
        """The share of them that is wrong."""
        return self.wrong / self.decided


def wrong_shares(tallies: Sequence[SampleTally], within: float, confidence: float) -> WrongShares:
    """Return the share of wrong answers of each tally and of all.

    Samples that were not decided are taken to be like those of the same tally that were. Tallies whose samples stand
    for equally many answers are one sample. The exact intervals of these samples become the total's by the method of
    variance estimates recovery (Zou and Donner, Statistics in Medicine 27, 2008), in which a few heavy samples of
    many wrong answers widen it as much as they should. Where nothing of a tally is decided, its share may be any.

    Args:
        tallies: from the service.
        within: how near the ends of the interval should be, for how many more are needed.
        confidence: of the intervals, such as 0.95.
    """
    rows = [(each, _share(each, within, confidence)) for each in tallies]
    sampled, decided = sum(each.sampled for each in tallies), sum(each.decided for each in tallies)
    return WrongShares(
        rows,
        _total(tallies, within, confidence),
        few=decided < FEW,
        undecided=sampled - decided,
        many_undecided=decided < MOST_DECIDED * sampled,
        weighed=len({each.share for each in tallies if each.decided}) > 1,
        changed=sorted({each.route for each in tallies if each.share_changed}),
    )


def _share(tally: SampleTally, within: float, confidence: float) -> WrongShare:
    decided, wrong = tally.decided, tally.wrong
    value = wrong / decided if decided else None
    needed = max(0, items_needed(value or 0.0, within, confidence) - decided)
    return WrongShare(tally.sampled, decided, wrong, value, *exact_interval(wrong, decided, confidence), needed)


def _total(tallies: Sequence[SampleTally], within: float, confidence: float) -> WrongShare:
    sampled, decided = sum(each.sampled for each in tallies), sum(each.decided for each in tallies)
    wrong = sum(each.wrong for each in tallies)
    strata = _strata(tallies)
    answers = sum(each.answers for each in strata)
    if not answers:
        return WrongShare(sampled, decided, wrong, None, 0.0, 1.0, items_needed(0.0, within, confidence))
    value = sum(each.answers * each.value for each in strata) / answers
    below, above = _distances(strata, answers, value, confidence)
    # As many more are needed as in the plain sample that is as sure.
    size = decided if len(strata) == 1 else items_needed(value, max(below, above), confidence)
    needed = max(0, round(items_needed(value, within, confidence) * decided / size) - decided)
    unknown = sum(each.sampled / (each.share or 1.0) for each in tallies if not each.decided)
    known = answers / (answers + unknown)
    low, high = known * max(0.0, value - below), known * min(1.0, value + above) + (1 - known)
    return WrongShare(sampled, decided, wrong, value, low, high, needed)


def _strata(tallies: Sequence[SampleTally]) -> Sequence[_Stratum]:
    """Return the decided samples, with those together of which each stands for equally many answers."""
    strata: dict[float, _Stratum] = {}
    for tally in tallies:
        if tally.decided:
            share = tally.share or 1.0
            answers = tally.sampled / share
            weight = round(answers / tally.decided, _WEIGHT_DIGITS)
            before = strata.get(weight, _Stratum())
            strata[weight] = _Stratum(
                before.decided + tally.decided,
                before.wrong + tally.wrong,
                before.answers + answers,
                before.variance + answers * (1 - share) / share,
            )
    return list(strata.values())


def _distances(strata: Sequence[_Stratum], answers: float, value: float, confidence: float) -> tuple[float, float]:
    """Return how far the ends of the interval are below and above a share of wrong answers."""
    # How many answers a sample stands for is known only as well as their number was drawn.
    spread = math.sqrt(sum(each.variance * (each.value - value) ** 2 for each in strata)) / answers
    below = above = NormalDist().inv_cdf((1 + confidence) / 2) * spread
    for each in strata:
        low, high = exact_interval(each.wrong, each.decided, confidence)
        below = math.hypot(below, each.answers / answers * (each.value - low))
        above = math.hypot(above, each.answers / answers * (high - each.value))
    return below, above
