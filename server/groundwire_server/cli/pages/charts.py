"""Charts as inline SVG, in the page's colours, light or dark.

A mark's title is what a browser shows when the pointer rests on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import htpy as h
from htpy import Element, Node

from groundwire_server.cli.bench.figures import Interval, percentile
from groundwire_server.cli.pages.drawing import LARGE, SMALL, dot, drawing, line, path, px, rows, text
from groundwire_server.cli.pages.scale import Frame, Scale, number

_SHARES = (0.5, 0.95, 0.99)
_POINTS = 200
"""Of a curve: as many as can be told apart."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Values to draw as a line.

    Attributes:
        name: in the legend.
        values: the values.
        style: the classes of its colour and its dashes.
    """

    name: str
    values: Sequence[float]
    style: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis, and its name."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Point:
    """A median with its range, and its name."""

    name: str
    value: Interval


def distribution(curves: Sequence[Curve], unit: str, label: str) -> Element:
    """Draw for each curve the share of values that are no larger, over a logarithmic axis."""
    shown = [curve for curve in curves if curve.values]
    lowest = min(min(curve.values) for curve in shown)
    # The largest values would take the axis from everything else; the curve runs off at its right.
    highest = max(percentile(curve.values, 0.995) for curve in shown)
    across = LARGE.across(lowest * 0.9, max(highest, lowest * 1.2) * 1.1, logarithmic=True)
    up = LARGE.up(0.0, 1.0)
    return drawing(
        LARGE,
        label,
        (line("grid", across.at(value), up.start, across.at(value), up.end) for value in across.ticks()),
        (text(f"{value:g}", across.at(value), up.start + 17, "middle") for value in across.ticks()),
        rows(LARGE, up, [0.0, 0.25, 0.5, 0.75, 0.95], "{:.0%}"),
        text(f"{unit}, logarithmic", across.end, LARGE.height - 6, "end"),
        (_ranked(curve, across, up, unit) for curve in shown),
    )


def shares(curves: Sequence[Curve], mark: Mark, axis: str, label: str) -> Element:
    """Draw shares, each a value for every equal step from 0 to 1, and a line at the mark."""
    across, up = LARGE.across(0.0, 1.0), LARGE.up(0.0, 1.0)
    at = across.at(mark.at)
    return drawing(
        LARGE,
        label,
        rows(LARGE, up, up.ticks(), "{:.0%}"),
        (text(f"{place:g}", across.at(place), up.start + 17, "middle") for place in across.ticks(10)),
        text(axis, across.end, LARGE.height - 6, "end"),
        (
            h.g[h.title[curve.name], path(f"curve {curve.style}", _steps(curve.values, across, up))]
            for curve in curves
            if len(curve.values) > 1
        ),
        line("promise", at, up.start, at, up.end),
        text(mark.name, at, up.end - 6, "middle"),
    )


def rounds(figures: Sequence[float], floors: Sequence[float], unit: str, label: str) -> Element:
    """Draw a measure's figure in each round, and its floor's in the same one."""
    up = SMALL.up(0.0, max([*figures, *floors]) * 1.08 or 1.0)
    across = SMALL.across(0.0, max(len(figures) - 1, 1), inset=12)

    def series(values: Sequence[float], style: str, what: str) -> Iterator[Element]:
        if len(values) > 1:
            yield path(f"curve {style}", ((across.at(place), up.at(value)) for place, value in enumerate(values)))
        for place, value in enumerate(values):
            title = f"round {place + 1}{what}: {number(value)} {unit}"
            yield dot(f"dot {style}", across.at(place), up.at(value), title)

    return drawing(
        SMALL,
        label,
        rows(SMALL, up, up.ticks(3), "{:,g}"),
        series(floors, "floor", ", floor"),
        series(figures, "product", ""),
        (
            text(f"{place + 1}", across.at(place), SMALL.height - 6, "middle")
            for place in range(len(figures))
            if len(figures) <= 12 or place % 5 == 4
        ),
    )


def trend(points: Sequence[Point], promise: float | None, unit: str, label: str) -> Element:
    """Draw a figure over runs, the newest last, with its range and its promise."""
    promised = [] if promise is None else [promise]
    lowest = min([*(point.value.low for point in points), *promised])
    highest = max([*(point.value.high for point in points), *promised])
    room = (highest - lowest) * 0.12 or highest * 0.1 or 1.0
    up = SMALL.up(max(lowest - room, 0.0), highest + room)
    across = SMALL.across(0.0, max(len(points) - 1, 1), inset=12)

    def dots() -> Iterator[Element]:
        for place, point in enumerate(points):
            at, value = across.at(place), point.value
            newest = " newest" if place == len(points) - 1 else ""
            title = f"{point.name}: {number(value.middle)} {unit} ±{value.noise:.0%}"
            yield h.g[
                line("range", at, up.at(value.low), at, up.at(value.high)),
                dot(f"dot product{newest}", at, up.at(value.middle), title),
            ]

    middles = ((across.at(place), up.at(point.value.middle)) for place, point in enumerate(points))
    return drawing(
        SMALL,
        label,
        rows(SMALL, up, up.ticks(3), "{:,g}"),
        (
            line(
                "promise",
                SMALL.left,
                up.at(level),
                SMALL.width - SMALL.right,
                up.at(level),
                f"promised: {number(level)} {unit}",
            )
            for level in promised
        ),
        path("curve product faint", middles) if len(points) > 1 else None,
        dots(),
        text(points[0].name, SMALL.left + 6, SMALL.height - 6),
        text(points[-1].name, SMALL.width - SMALL.right, SMALL.height - 6, "end") if len(points) > 1 else None,
    )


def gauge(value: Interval, limit: float, label: str) -> Element:
    """Draw how much of a limit is used: a bar with its range, and a mark at the limit."""
    frame = Frame(150, 16, left=1, right=1, top=0, bottom=0)
    across = frame.across(0.0, max(limit * 1.25, value.high * 1.05))
    style = "over" if value.low > limit else "near" if value.high > limit else "under"
    bar = {"x": "1", "y": "5", "height": "6", "rx": "3"}
    return drawing(
        frame,
        label,
        h.rect(bar, class_="track", width=px(frame.width - 2)),
        h.rect(bar, class_=f"bar {style}", width=px(max(across.at(value.middle) - 1, 2))),
        line("range", across.at(value.low), 8, across.at(value.high), 8),
        line("limit", across.at(limit), 1, across.at(limit), 15),
        style="gauge",
    )


def names(curves: Sequence[Curve]) -> Element:
    """Return a legend."""
    return h.ul(".legend")[(h.li[_key(curve)] for curve in curves)]


def percentiles(curves: Sequence[Curve], unit: str) -> Element:
    """Return a legend with the percentiles of each curve."""

    def of(curve: Curve) -> Iterator[Node]:
        for place, share in enumerate(_SHARES):
            yield [" · " if place else None, f"p{share * 100:.0f} ", h.b[number(percentile(curve.values, share))]]

    return h.ul(".legend")[(h.li[_key(curve), h.span[of(curve), f" {unit}"]] for curve in curves if curve.values)]


def _ranked(curve: Curve, across: Scale, up: Scale, unit: str) -> Element:
    ranked = sorted(curve.values)
    places = sorted({round(step * (len(ranked) - 1) / _POINTS) for step in range(_POINTS + 1)})
    points = ((across.at(ranked[place]), up.at((place + 1) / len(ranked))) for place in places)
    middle = percentile(ranked, 0.5)
    title = f"{curve.name}: half within {number(middle)} {unit}"
    return h.g[
        h.title[curve.name],
        path(f"curve {curve.style}", points),
        dot(f"dot {curve.style}", across.at(middle), up.at(0.5), title, radius=4),
    ]


def _steps(values: Sequence[float], across: Scale, up: Scale) -> Iterator[tuple[float, float]]:
    last = len(values) - 1
    return ((across.at(place / last), up.at(value)) for place, value in enumerate(values))


def _key(curve: Curve) -> Node:
    sample = h.path(class_=f"curve {curve.style}", d="M1 4H25")
    return [h.svg(".key", {"viewBox": "0 0 26 8", "aria-hidden": "true"})[sample], curve.name]
