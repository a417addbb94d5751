"""Figures against targets.

A figure is compared with its floor round by round: what slows the machine down for a round slows both. What is left
between the rounds is noise, and a promise that lies within it is neither met nor missed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.targets import Target, Targets
from groundwire_server.cli.bench.figures import Interval, median_interval

Figures = Mapping[str, Sequence[float]]
"""Each measure's figure of every round."""


class Verdict(StrEnum):
    MET = "met"
    MISSED = "missed"
    WITHIN_NOISE = "within noise"
    NONE = "no promise"


@dataclass(frozen=True, slots=True)
class Row:
    """A target, with what was measured for it.

    Attributes:
        ratio: how many floors the figure is; more is worse.
        ratios: the same of every round.
        limit: what is promised, in floors or in the unit.
        promised: the interval that the limit is about.
    """

    name: str
    target: Target
    figure: Interval
    floor: Interval
    ratio: Interval
    ratios: Sequence[float]
    limit: float | None
    promised: Interval
    verdict: Verdict


def rows(targets: Targets, figures: Figures) -> list[Row]:
    """Judge every target.

    Raises:
        ValueError: when one was not measured, or something was that is no target and no floor.
    """
    names = {*targets.targets, *targets.floors}
    if figures.keys() != names:
        raise ValueError(f"measured and written in targets.yaml differ: {', '.join(sorted(names ^ figures.keys()))}")
    return [_row(name, target, figures) for name, target in targets.targets.items()]


def ratios(target: Target, figures: Sequence[float], floors: Sequence[float]) -> list[float]:
    """How many floors the figure is in each round."""
    pairs = zip(figures, floors, strict=True)
    return [floor / figure if target.better == "more" else figure / floor for figure, floor in pairs]


def judge(promised: Interval, limit: float | None) -> Verdict:
    if limit is None:
        return Verdict.NONE
    if promised.high <= limit:
        return Verdict.MET
    return Verdict.MISSED if promised.low > limit else Verdict.WITHIN_NOISE


def _row(name: str, target: Target, figures: Figures) -> Row:
    figure, floors = figures[name], figures[target.floor]
    by_round = ratios(target, figure, floors)
    ratio = median_interval(by_round)
    in_floors = target.at_most is None
    limit, promised = (target.at_most_floors, ratio) if in_floors else (target.at_most, median_interval(figure))
    return Row(
        name=name,
        target=target,
        figure=median_interval(figure),
        floor=median_interval(floors),
        ratio=ratio,
        ratios=by_round,
        limit=limit,
        promised=promised,
        verdict=judge(promised, limit),
    )
