"""Charts as inline SVG: no script, nothing from elsewhere, in the page's colours, light or dark.

A mark's title is what a browser shows when the pointer rests on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from groundwire_server.cli.bench.figures import Interval, percentile
from groundwire_server.cli.bench.scale import Scale, number


@dataclass(frozen=True, slots=True)
class Curve:
    """Values to draw as how many of them are below each.

    Attributes:
        name: what the legend calls it.
        values: the values, in any order.
        style: the classes of its colour and its dashes.
    """

    name: str
    values: Sequence[float]
    style: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis, and what is there."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Point:
    """A median with its range, and what it is called."""

    name: str
    value: Interval


def distribution(curves: Sequence[Curve], unit: str, label: str) -> str:
    """Draw each curve's share of calls that took no longer than so much, over a logarithmic axis of time."""
    width, height, left, right, top, bottom = 640, 300, 46, 14, 12, 40
    shown = [curve for curve in curves if curve.values]
    lowest = min(min(curve.values) for curve in shown)
    # The slowest calls of all would take the axis from everything else; the curve runs off at its right.
    highest = max(percentile(curve.values, 0.995) for curve in shown)
    across = Scale(lowest * 0.9, max(highest, lowest * 1.2) * 1.1, left, width - right, logarithmic=True)
    up = Scale(0.0, 1.0, height - bottom, top)
    parts = [
        f'<line class="grid" x1="{across.at(value)}" y1="{top}" x2="{across.at(value)}" y2="{height - bottom}"/>'
        f'<text x="{across.at(value)}" y="{height - bottom + 17}" text-anchor="middle">{value:g}</text>'
        for value in across.ticks()
    ]
    parts += [
        f'<line class="grid" x1="{left}" y1="{up.at(share)}" x2="{width - right}" y2="{up.at(share)}"/>'
        f'<text x="{left - 7}" y="{up.at(share) + 4}" text-anchor="end">{share:.0%}</text>'
        for share in (0.0, 0.25, 0.5, 0.75, 0.95)
    ]
    parts.append(f'<text x="{width - right}" y="{height - 6}" text-anchor="end">{escape(unit)}, logarithmic</text>')
    parts += [_curve(curve, across, up, unit) for curve in shown]
    return _drawing(width, height, label, parts)


def shares(curves: Sequence[Curve], mark: Mark, label: str) -> str:
    """Draw shares, each a value for every equal step from 0 to 1, and a line where the mark is."""
    width, height, left, right, top, bottom = 640, 300, 46, 14, 18, 30
    across, up = Scale(0.0, 1.0, left, width - right), Scale(0.0, 1.0, height - bottom, top)
    parts = [
        f'<line class="grid" x1="{left}" y1="{up.at(share)}" x2="{width - right}" y2="{up.at(share)}"/>'
        f'<text x="{left - 7}" y="{up.at(share) + 4}" text-anchor="end">{share:.0%}</text>'
        for share in up.ticks()
    ]
    parts += [
        f'<text x="{across.at(place)}" y="{height - bottom + 17}" text-anchor="middle">{place:g}</text>'
        for place in across.ticks(10)
    ]
    parts += [_share(curve, across, up) for curve in curves]
    at = across.at(mark.at)
    parts.append(
        f'<line class="promise" x1="{at}" y1="{top}" x2="{at}" y2="{height - bottom}"/>'
        f'<text x="{at}" y="{top - 6}" text-anchor="middle">{escape(mark.name)}</text>'
    )
    return _drawing(width, height, label, parts)


def names(curves: Sequence[Curve]) -> str:
    """Name the curves of a chart."""
    return f'<ul class="legend">{"".join(f"<li>{_key(curve)}</li>" for curve in curves)}</ul>'


def legend(curves: Sequence[Curve], unit: str) -> str:
    """Name the curves of a chart, each with its percentiles."""
    items = "".join(
        f"<li>{_key(curve)}<span>"
        + " · ".join(
            f"p{share * 100:.0f} <b>{number(percentile(curve.values, share))}</b>" for share in (0.5, 0.95, 0.99)
        )
        + f" {escape(unit)}</span></li>"
        for curve in curves
        if curve.values
    )
    return f'<ul class="legend">{items}</ul>'


def rounds(figures: Sequence[float], floors: Sequence[float], unit: str, label: str) -> str:
    """Draw a measure's figure in each round, and its floor's in the same one."""
    width, height, left, right, top, bottom = 300, 130, 40, 8, 8, 22
    greatest = max([*figures, *floors])
    up = Scale(0.0, greatest * 1.08 or 1.0, height - bottom, top)
    across = Scale(0.0, max(len(figures) - 1, 1), left + 12, width - right - 12)
    parts = list(_lines(up, left, width - right, 3))
    for values, style, what in ((floors, "floor", "floor"), (figures, "product", "")):
        if len(values) > 1:
            path = " ".join(f"{across.at(place)},{up.at(value)}" for place, value in enumerate(values))
            parts.append(f'<polyline class="curve {style}" points="{path}"/>')
        parts += [
            f'<circle class="dot {style}" cx="{across.at(place)}" cy="{up.at(value)}" r="3.5">'
            f"<title>round {place + 1}{what and f', {what}'}: {number(value)} {escape(unit)}</title></circle>"
            for place, value in enumerate(values)
        ]
    parts += [
        f'<text x="{across.at(place)}" y="{height - 6}" text-anchor="middle">{place + 1}</text>'
        for place in range(len(figures))
        if len(figures) <= 12 or place % 5 == 4
    ]
    return _drawing(width, height, label, parts)


def trend(points: Sequence[Point], promise: float | None, unit: str, label: str) -> str:
    """Draw a figure over runs, the newest last, with its range and what is promised."""
    width, height, left, right, top, bottom = 300, 130, 40, 8, 10, 22
    lowest = min([point.value.low for point in points] + ([] if promise is None else [promise]))
    highest = max([point.value.high for point in points] + ([] if promise is None else [promise]))
    room = (highest - lowest) * 0.12 or highest * 0.1 or 1.0
    up = Scale(max(lowest - room, 0.0), highest + room, height - bottom, top)
    across = Scale(0.0, max(len(points) - 1, 1), left + 12, width - right - 12)
    parts = list(_lines(up, left, width - right, 3))
    if promise is not None:
        level = up.at(promise)
        parts.append(
            f'<line class="promise" x1="{left}" y1="{level}" x2="{width - right}" y2="{level}">'
            f"<title>promised: {number(promise)} {escape(unit)}</title></line>"
        )
    if len(points) > 1:
        path = " ".join(f"{across.at(place)},{up.at(point.value.middle)}" for place, point in enumerate(points))
        parts.append(f'<polyline class="curve product faint" points="{path}"/>')
    for place, point in enumerate(points):
        at, value = across.at(place), point.value
        said = f"{escape(point.name)}: {number(value.middle)} {escape(unit)} ±{value.noise:.0%}"
        newest = " newest" if place == len(points) - 1 else ""
        parts.append(
            f'<g><title>{said}</title><line class="range" x1="{at}" y1="{up.at(value.low)}" x2="{at}" '
            f'y2="{up.at(value.high)}"/><circle class="dot product{newest}" cx="{at}" '
            f'cy="{up.at(value.middle)}" r="3.5"/></g>'
        )
    parts.append(f'<text x="{left + 6}" y="{height - 6}">{escape(points[0].name)}</text>')
    if len(points) > 1:
        parts.append(f'<text x="{width - right}" y="{height - 6}" text-anchor="end">{escape(points[-1].name)}</text>')
    return _drawing(width, height, label, parts)


def gauge(value: Interval, limit: float, label: str) -> str:
    """Draw how much of what is allowed is used: a bar with its range, and a mark at the limit."""
    width, height = 150, 16
    across = Scale(0.0, max(limit * 1.25, value.high * 1.05), 1, width - 1)
    style = "over" if value.low > limit else "near" if value.high > limit else "under"
    parts = [
        f'<rect class="track" x="1" y="5" width="{width - 2}" height="6" rx="3"/>',
        f'<rect class="bar {style}" x="1" y="5" width="{max(across.at(value.middle) - 1, 2):.1f}" height="6" rx="3"/>',
        f'<line class="range" x1="{across.at(value.low)}" y1="8" x2="{across.at(value.high)}" y2="8"/>',
        f'<line class="limit" x1="{across.at(limit)}" y1="1" x2="{across.at(limit)}" y2="15"/>',
    ]
    return _drawing(width, height, label, parts, "gauge")


def _curve(curve: Curve, across: Scale, up: Scale, unit: str) -> str:
    ranked = sorted(curve.values)
    # As many points as can be told apart.
    places = sorted({round(step * (len(ranked) - 1) / 200) for step in range(201)})
    path = " ".join(f"{across.at(ranked[place])},{up.at((place + 1) / len(ranked))}" for place in places)
    middle = percentile(ranked, 0.5)
    return (
        f'<g><title>{escape(curve.name)}</title><polyline class="curve {curve.style}" points="{path}"/>'
        f'<circle class="dot {curve.style}" cx="{across.at(middle)}" cy="{up.at(0.5)}" r="4">'
        f"<title>{escape(curve.name)}: half within {number(middle)} {escape(unit)}</title></circle></g>"
    )


def _key(curve: Curve) -> str:
    line = f'<path class="curve {curve.style}" d="M1 4H25"/>'
    return f'<svg class="key" viewBox="0 0 26 8" aria-hidden="true">{line}</svg>{escape(curve.name)}'


def _share(curve: Curve, across: Scale, up: Scale) -> str:
    last = len(curve.values) - 1
    path = " ".join(f"{across.at(place / last)},{up.at(value)}" for place, value in enumerate(curve.values))
    return f'<g><title>{escape(curve.name)}</title><polyline class="curve {curve.style}" points="{path}"/></g>'


def _lines(up: Scale, left: float, right: float, count: int) -> Iterator[str]:
    for value in up.ticks(count):
        yield (
            f'<line class="grid" x1="{left}" y1="{up.at(value)}" x2="{right}" y2="{up.at(value)}"/>'
            f'<text x="{left - 6}" y="{up.at(value) + 4}" text-anchor="end">{value:,g}</text>'
        )


def _drawing(width: int, height: int, label: str, parts: Sequence[str], style: str = "chart") -> str:
    return (
        f'<svg class="{style}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
