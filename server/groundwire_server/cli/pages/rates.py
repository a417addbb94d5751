"""Charts of shares with their confidence intervals, and of times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import htpy as h
from htpy import Element

from groundwire_server.cli.pages.drawing import dot, drawing, line, path, px, rows, text
from groundwire_server.cli.pages.scale import Frame, Scale, number

_PLOT = Frame(640, 320, left=56, right=14, top=30, bottom=60)
"""Room for texts that are nearly twice as large on a telephone."""

_ROW = Frame(170, 16, left=6, right=6, top=0, bottom=0)


@dataclass(frozen=True, slots=True)
class RatePoint:
    """A share with its interval, and where it stands on the horizontal axis.

    Attributes:
        name: what a pointer on it shows, before the figures.
        at: the place on the axis, 0 to 1.
        value: the share.
        low: the lower end of its interval.
        high: the upper end.
    """

    name: str
    at: float
    value: float
    low: float
    high: float


def curve(points: Sequence[tuple[float, float]], across: str, up: str, label: str) -> Element:
    """Draw a share over another, both from 0 to 1.

    Args:
        points: the horizontal and the vertical share of each, from left to right.
        across: names the horizontal axis.
        up: names the vertical axis.
        label: says in words what the chart shows.
    """
    highest = max([0.1, *(value for _, value in points)])
    horizontal, vertical = _PLOT.across(0.0, 1.0), _PLOT.up(0.0, min(1.0, highest * 1.15))
    placed = [(horizontal.at(share), vertical.at(value)) for share, value in points]
    return drawing(
        _PLOT,
        label,
        rows(_PLOT, vertical, vertical.ticks(), "{:.0%}"),
        _shares_across(horizontal, vertical),
        text(across, horizontal.end, _PLOT.height - 8, "end"),
        text(up, horizontal.start, _PLOT.top - 10),
        path("curve product", placed) if len(placed) > 1 else None,
        (
            dot("dot product", *place, f"{across} {share:.1%}, {up} {value:.1%}", radius=3)
            for place, (share, value) in zip(placed, points, strict=True)
            if len(points) <= 20 or (share, value) == points[-1]
        ),
    )


def calibration(points: Sequence[RatePoint], across: str, up: str, label: str) -> Element:
    """Draw shares that were measured over those that were estimated; the line is where both agree."""
    horizontal, vertical = _PLOT.across(0.0, 1.0), _PLOT.up(0.0, 1.0)
    return drawing(
        _PLOT,
        label,
        rows(_PLOT, vertical, vertical.ticks(), "{:.0%}"),
        _shares_across(horizontal, vertical),
        text(across, horizontal.end, _PLOT.height - 8, "end"),
        text(up, horizontal.start, _PLOT.top - 10),
        line("agree", horizontal.start, vertical.start, horizontal.end, vertical.end, "as estimated"),
        (
            h.g[
                line(
                    "range",
                    horizontal.at(each.at),
                    vertical.at(each.low),
                    horizontal.at(each.at),
                    vertical.at(each.high),
                ),
                dot(
                    "dot product",
                    horizontal.at(each.at),
                    vertical.at(each.value),
                    f"{each.name}: {each.value:.1%} ({each.low:.1%} to {each.high:.1%})",
                ),
            ]
            for each in points
        ),
    )


def share_row(value: float, low: float, high: float, style: str, label: str) -> Element:
    """Draw one share between 0 and 1 with its interval, to stand in a row of a table."""
    across = _ROW.across(0.0, 1.0)
    return drawing(
        _ROW,
        label,
        h.rect(class_="track", x=px(_ROW.left), y="7", width=px(_ROW.width - 12), height="2", rx="1"),
        line("range", across.at(low), 8, across.at(high), 8),
        dot(f"dot {style}", across.at(value), 8, f"{value:.1%} ({low:.1%} to {high:.1%})", radius=4),
        style="interval",
    )


def times_row(median: float, late: float, latest: float, longest: float, label: str) -> Element:
    """Draw a time's percentiles 50, 95 and 99, to stand in a row of a table.

    Args:
        median: percentile 50, in milliseconds.
        late: percentile 95.
        latest: percentile 99.
        longest: the time at the right edge; the axis is linear.
        label: says in words what the chart shows.
    """
    across = _ROW.across(0.0, longest or 1.0)
    title = f"p50 {number(median)}, p95 {number(late)}, p99 {number(latest)} ms"
    return drawing(
        _ROW,
        label,
        h.rect(class_="track", x=px(_ROW.left), y="7", width=px(_ROW.width - 12), height="2", rx="1"),
        line("range", across.at(median), 8, across.at(latest), 8),
        line("limit", across.at(late), 4, across.at(late), 12),
        dot("dot product", across.at(median), 8, title, radius=4),
        style="interval",
    )


def _shares_across(horizontal: Scale, vertical: Scale) -> Iterator[Element]:
    """Yield the numbers of a horizontal axis from 0 to 1; the last ends where the axis does."""
    for place in horizontal.ticks(5):
        anchor = "end" if place >= horizontal.high else "middle"
        yield text(f"{place:.0%}", horizontal.at(place), vertical.start + 26, anchor)
