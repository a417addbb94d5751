"""Charts as inline SVG, in the page's colours, light or dark.

A mark's title is what a browser shows when the pointer rests on it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import htpy as h
from htpy import Element, Node

from groundwire_server.cli.bench.figures import Interval, percentile
from groundwire_server.cli.pages.scale import Frame, Scale, number

_LARGE = Frame(640, 300, left=46, right=14, top=18, bottom=40)
_SMALL = Frame(300, 130, left=40, right=8, top=10, bottom=22)
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
    across = _LARGE.across(lowest * 0.9, max(highest, lowest * 1.2) * 1.1, logarithmic=True)
    up = _LARGE.up(0.0, 1.0)
    return _drawing(
        _LARGE,
        label,
        (_line("grid", across.at(value), up.start, across.at(value), up.end) for value in across.ticks()),
        (_text(f"{value:g}", across.at(value), up.start + 17, "middle") for value in across.ticks()),
        _rows(_LARGE, up, [0.0, 0.25, 0.5, 0.75, 0.95], "{:.0%}"),
        _text(f"{unit}, logarithmic", across.end, _LARGE.height - 6, "end"),
        (_ranked(curve, across, up, unit) for curve in shown),
    )


def shares(curves: Sequence[Curve], mark: Mark, axis: str, label: str) -> Element:
    """Draw shares, each a value for every equal step from 0 to 1, and a line at the mark."""
    across, up = _LARGE.across(0.0, 1.0), _LARGE.up(0.0, 1.0)
    at = across.at(mark.at)
    return _drawing(
        _LARGE,
        label,
        _rows(_LARGE, up, up.ticks(), "{:.0%}"),
        (_text(f"{place:g}", across.at(place), up.start + 17, "middle") for place in across.ticks(10)),
        _text(axis, across.end, _LARGE.height - 6, "end"),
        (
            h.g[h.title[curve.name], _path(f"curve {curve.style}", _steps(curve.values, across, up))]
            for curve in curves
            if len(curve.values) > 1
        ),
        _line("promise", at, up.start, at, up.end),
        _text(mark.name, at, up.end - 6, "middle"),
    )


def rounds(figures: Sequence[float], floors: Sequence[float], unit: str, label: str) -> Element:
    """Draw a measure's figure in each round, and its floor's in the same one."""
    up = _SMALL.up(0.0, max([*figures, *floors]) * 1.08 or 1.0)
    across = _SMALL.across(0.0, max(len(figures) - 1, 1), inset=12)

    def series(values: Sequence[float], style: str, what: str) -> Iterator[Element]:
        if len(values) > 1:
            yield _path(f"curve {style}", ((across.at(place), up.at(value)) for place, value in enumerate(values)))
        for place, value in enumerate(values):
            title = f"round {place + 1}{what}: {number(value)} {unit}"
            yield _dot(f"dot {style}", across.at(place), up.at(value), title)

    return _drawing(
        _SMALL,
        label,
        _rows(_SMALL, up, up.ticks(3), "{:,g}"),
        series(floors, "floor", ", floor"),
        series(figures, "product", ""),
        (
            _text(f"{place + 1}", across.at(place), _SMALL.height - 6, "middle")
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
    up = _SMALL.up(max(lowest - room, 0.0), highest + room)
    across = _SMALL.across(0.0, max(len(points) - 1, 1), inset=12)

    def dots() -> Iterator[Element]:
        for place, point in enumerate(points):
            at, value = across.at(place), point.value
            newest = " newest" if place == len(points) - 1 else ""
            title = f"{point.name}: {number(value.middle)} {unit} ±{value.noise:.0%}"
            yield h.g[
                _line("range", at, up.at(value.low), at, up.at(value.high)),
                _dot(f"dot product{newest}", at, up.at(value.middle), title),
            ]

    middles = ((across.at(place), up.at(point.value.middle)) for place, point in enumerate(points))
    return _drawing(
        _SMALL,
        label,
        _rows(_SMALL, up, up.ticks(3), "{:,g}"),
        (
            _line(
                "promise",
                _SMALL.left,
                up.at(level),
                _SMALL.width - _SMALL.right,
                up.at(level),
                f"promised: {number(level)} {unit}",
            )
            for level in promised
        ),
        _path("curve product faint", middles) if len(points) > 1 else None,
        dots(),
        _text(points[0].name, _SMALL.left + 6, _SMALL.height - 6),
        _text(points[-1].name, _SMALL.width - _SMALL.right, _SMALL.height - 6, "end") if len(points) > 1 else None,
    )


def gauge(value: Interval, limit: float, label: str) -> Element:
    """Draw how much of a limit is used: a bar with its range, and a mark at the limit."""
    frame = Frame(150, 16, left=1, right=1, top=0, bottom=0)
    across = frame.across(0.0, max(limit * 1.25, value.high * 1.05))
    style = "over" if value.low > limit else "near" if value.high > limit else "under"
    bar = {"x": "1", "y": "5", "height": "6", "rx": "3"}
    return _drawing(
        frame,
        label,
        h.rect(bar, class_="track", width=_px(frame.width - 2)),
        h.rect(bar, class_=f"bar {style}", width=_px(max(across.at(value.middle) - 1, 2))),
        _line("range", across.at(value.low), 8, across.at(value.high), 8),
        _line("limit", across.at(limit), 1, across.at(limit), 15),
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
        _path(f"curve {curve.style}", points),
        _dot(f"dot {curve.style}", across.at(middle), up.at(0.5), title, radius=4),
    ]


def _steps(values: Sequence[float], across: Scale, up: Scale) -> Iterator[tuple[float, float]]:
    last = len(values) - 1
    return ((across.at(place / last), up.at(value)) for place, value in enumerate(values))


def _key(curve: Curve) -> Node:
    line = h.path(class_=f"curve {curve.style}", d="M1 4H25")
    return [h.svg(".key", {"viewBox": "0 0 26 8", "aria-hidden": "true"})[line], curve.name]


def _rows(frame: Frame, up: Scale, values: Iterable[float], form: str) -> Iterator[Node]:
    """Yield a line across the chart at each value, with the value beside it."""
    for value in values:
        yield _line("grid", frame.left, up.at(value), frame.width - frame.right, up.at(value))
        yield _text(form.format(value), frame.left - 7, up.at(value) + 4, "end")


def _line(style: str, x1: float, y1: float, x2: float, y2: float, title: str = "") -> Element:
    line = h.line(class_=style, x1=_px(x1), y1=_px(y1), x2=_px(x2), y2=_px(y2))
    return line[h.title[title]] if title else line


def _text(text: str, x: float, y: float, anchor: str = "start") -> Element:
    return h.text(x=_px(x), y=_px(y), text_anchor=anchor)[text]


def _dot(style: str, x: float, y: float, title: str, radius: float = 3.5) -> Element:
    return h.circle(class_=style, cx=_px(x), cy=_px(y), r=_px(radius))[h.title[title]]


def _path(style: str, points: Iterable[tuple[float, float]]) -> Element:
    return h.polyline(class_=style, points=" ".join(f"{_px(x)},{_px(y)}" for x, y in points))


def _px(value: float) -> str:
    return f"{value:g}"


def _drawing(frame: Frame, label: str, *parts: Node, style: str = "chart") -> Element:
    box = {"viewBox": f"0 0 {frame.width:g} {frame.height:g}", "aria-label": label}
    return h.svg(box, class_=style, role="img")[parts]
