"""How often what has left is wrong: an interval from the samples that reviewers have decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.evaluation.measures.binomial import exact_interval, items_needed

FEW: Final = 30
"""Decided samples below which an interval is too wide to say much."""

MOST_DECIDED: Final = 0.8
"""The share of samples that is decided, below which those that are not may change the result."""


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


def wrong_shares(tallies: Sequence[SampleTally], within: float, confidence: float) -> WrongShares:
    """Return the share of wrong answers of each tally and of all.

    Samples that were not decided are taken to be like those of the same tally that were. The total's interval is
    that of as many equal samples as the weighed ones are worth (Kish's effective size).

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
    return _measured(tally.sampled, tally.decided, tally.wrong, tally.wrong, tally.decided, within, confidence)


def _total(tallies: Sequence[SampleTally], within: float, confidence: float) -> WrongShare:
    known = [each for each in tallies if each.decided]
    weights = [_weight(each) for each in known]
    weight = sum(w * each.decided for w, each in zip(weights, known, strict=True))
    squares = sum(w * w * each.decided for w, each in zip(weights, known, strict=True))
    size = weight * weight / squares if squares else 0.0
    wrong = sum(w * each.wrong for w, each in zip(weights, known, strict=True))
    return _measured(
        sum(each.sampled for each in tallies),
        sum(each.decided for each in tallies),
        sum(each.wrong for each in tallies),
        wrong / weight * size if weight else 0.0,
        size,
        within,
        confidence,
    )


def _measured(
    sampled: int, decided: int, wrong: int, effective_wrong: float, size: float, within: float, confidence: float
) -> WrongShare:
    value = effective_wrong / size if size else None
    low, high = exact_interval(effective_wrong, size, confidence)
    enough = items_needed(value or 0.0, within, confidence)
    # Weighed samples are worth less than as many equal ones: as many more are needed as in this measure.
    worth = decided / size if size else 1.0
    return WrongShare(sampled, decided, wrong, value, low, high, max(0, round(enough * worth) - decided))


def _weight(tally: SampleTally) -> float:
    """Return how many answers each decided sample stands for."""
    return tally.sampled / tally.decided / (tally.share or 1.0)
