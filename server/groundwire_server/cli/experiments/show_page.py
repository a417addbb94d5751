"""A readout as a page: what it says, each metric's arms and differences with their intervals, and all figures."""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Final

import htpy as h
from htpy import Element, Node

from groundwire_server.cli.experiments.figures import (
    NAMES,
    UNITS,
    difference_of,
    figure,
    happened,
    interval_of,
    is_share,
    is_time,
    percent_of,
    scale_of,
)
from groundwire_server.cli.experiments.results import ShownExperiment
from groundwire_server.cli.experiments.sentences import cautions, sentences
from groundwire_server.cli.pages.drawing import dot, drawing, line, text
from groundwire_server.cli.pages.page import badge, grid, page, section, table
from groundwire_server.cli.pages.scale import Frame
from groundwire_server.domain.experiments.experiment import Metric
from groundwire_server.domain.experiments.readout import ArmReadout, MetricReadout, Readout

_LINE: Final = 30
_TOP: Final = 8
_BOTTOM: Final = 24
_WIDTH: Final = 320
_LEFT: Final = 96
_NAME_LENGTH: Final = 13
"""Characters of an arm's name beside its line; a pointer on the dot shows all of it."""


def readout_page(shown: ShownExperiment, found: Readout) -> str:
    """Return the page as HTML."""
    experiment = shown.experiment
    facts = {
        "state": shown.state,
        "traffic": f"{shown.traffic:g} % of {UNITS[experiment.unit]}",
        "counted until": f"{shown.counted:%Y-%m-%d %H:%M:%S} UTC",
        **{arm.arm: f"{arm.units:,} {UNITS[experiment.unit]}, {arm.calls:,} calls" for arm in found.arms},
    }
    lead = [h.p[sentence] for sentence in sentences(shown, found)]
    warned = [
        h.p[badge("caution", "bad"), " ", caution.removeprefix("Caution: ")] for caution in cautions(shown, found)
    ]
    metrics = [metric for metric in NAMES if happened(metric, found)]
    plots = section(
        "Arms",
        grid(_values(metric, found) for metric in metrics),
        "A dot is what was seen, a line the interval that holds it at every look.",
    )
    differences = section(
        f"Differences from {found.arms[0].arm}",
        grid(_differences(metric, found) for metric in metrics if any(_compared(found, metric))),
        "Where a line does not touch 0, the difference is told apart from none.",
    )
    sections = [plots, differences, section("All figures", _table(metrics, found))]
    return page(f"{experiment.name} on {experiment.route}", [*warned, *lead], sections, facts)


def _compared(found: Readout, metric: Metric) -> Iterator[tuple[ArmReadout, MetricReadout]]:
    for arm in found.arms:
        row = arm.of(metric)
        if row is not None and row.difference is not None:
            yield arm, row


def _values(metric: Metric, found: Readout) -> Element:
    rows = [(arm, row.value) for arm in found.arms if (row := arm.of(metric)) is not None]
    named = [(arm.arm, each.value, each.low, each.high, figure(metric, each.value)) for arm, each in rows]
    return _card(metric, named, None)


def _differences(metric: Metric, found: Readout) -> Element:
    rows = [(arm, row.difference) for arm, row in _compared(found, metric) if row.difference is not None]
    named = [
        (arm.arm, each.value, each.low, each.high, difference_of(metric, each) or "no interval yet")
        for arm, each in rows
    ]
    return _card(metric, named, 0.0)


def _card(metric: Metric, rows: Sequence[tuple[str, float, float, float, str]], mark: float | None) -> Element:
    """Return a plot of values with intervals, one line each.

    Args:
        metric: that they are of.
        rows: the name, the value, both ends of the interval, and what a pointer on the dot shows.
        mark: a value that a line across all rows stands for; None without one.
    """
    frame = Frame(_WIDTH, _TOP + _BOTTOM + _LINE * len(rows), left=_LEFT, right=14, top=_TOP, bottom=_BOTTOM)
    ends = [end for _, value, low, high, _ in rows for end in (value, low, high) if isfinite(end)]
    lowest, highest = min([*ends, *([] if mark is None else [mark])]), max([*ends, *([] if mark is None else [mark])])
    room = (highest - lowest) * 0.06 or abs(highest) * 0.1 or 1 / scale_of(metric)
    across = frame.across(lowest - room if mark is not None or lowest > room else lowest, highest + room)
    bottom = frame.height - _BOTTOM

    def lines() -> Iterator[Node]:
        for place, (name, value, low, high, said) in enumerate(rows):
            y = _TOP + _LINE * (place + 0.5)
            left, right = (end if isfinite(end) else edge for end, edge in ((low, across.low), (high, across.high)))
            yield text(_short(name), _LEFT - 8, y + 4, "end")
            yield line("range", across.at(left), y, across.at(right), y, f"{name}: {said}")
            certain = mark is not None and (low > mark or high < mark)
            style = "dot product newest" if certain else "dot floor" if place == 0 and mark is None else "dot product"
            yield dot(style, across.at(value), y, f"{name}: {said}", radius=4)

    told = mark is not None and any(low > mark or high < mark for _, _, low, high, _ in rows)
    unit = " in ms" if is_time(metric) else " in points" if mark is not None and is_share(metric) else ""
    ticks = across.ticks(3)
    chart = drawing(
        frame,
        f"{NAMES[metric]}{unit}: " + "; ".join(f"{name} {said}" for name, *_, said in rows),
        (line("grid", across.at(tick), _TOP, across.at(tick), bottom) for tick in ticks),
        (text(_tick(metric, tick, signed=mark is not None), across.at(tick), bottom + 16, "middle") for tick in ticks),
        None if mark is None else line("promise", across.at(mark), _TOP, across.at(mark), bottom, "no difference"),
        lines(),
    )
    title: list[Node] = [NAMES[metric], unit]
    return h.figure[h.figcaption[h.h3[title], badge("told apart", "good") if told else None], chart]


def _tick(metric: Metric, value: float, *, signed: bool) -> str:
    # Rounded off what adding up steps leaves over.
    scaled = round(value * scale_of(metric), 9)
    sign = "−" if scaled < 0 else "+" if signed and scaled > 0 else ""
    return f"{sign}{abs(scaled):,g}{'' if signed or not is_share(metric) else ' %'}"


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"


def _table(metrics: Sequence[Metric], found: Readout) -> Element:
    head = ("metric", "arm", "value", "interval", "difference", "relative", "more units")
    rows = (
        (
            NAMES[row.metric],
            arm.arm,
            figure(row.metric, row.value.value),
            interval_of(row.metric, row.value),
            "" if row.difference is None else difference_of(row.metric, row.difference),
            percent_of(row.relative),
            "" if row.more_units is None else f"{row.more_units:,}",
        )
        for metric in metrics
        for arm in found.arms
        if (row := arm.of(metric)) is not None
    )
    return table(head, rows)
