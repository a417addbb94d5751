"""Drawing a calibration curve for the documentation, as SVG in the colours of the page that shows it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import htpy as h
from htpy import Element, Node
from markupsafe import Markup

from groundwire_server.evaluation.thresholds import Rate

_SIZE = 320
_MARGIN = 44
_PATH, _LINE, _TEXT, _POLYLINE, _CIRCLE, _TITLE = map(Element, ("path", "line", "text", "polyline", "circle", "title"))
_COLOURS = "text{fill:#555}line,path{fill:none;stroke:#999}@media (prefers-color-scheme: dark){text{fill:#bbb}}"
_STYLES = ("#3f6fd1", "#c2571a")


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same probability.

    Attributes:
        expected: their mean probability.
        right: how many of them are right.
    """

    expected: float
    right: Rate


def svg(curves: Mapping[str, Sequence[Bin]]) -> str:
    """Return the share of right answers over the probability that was estimated, with 95 % intervals.

    Args:
        curves: by name, at most as many as there are colours.
    """
    side = _SIZE + 2 * _MARGIN
    drawn = h.svg(
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {side} {side}",
        role="img",
        aria_label="Share of right answers by estimated probability",
        font_family="sans-serif",
        font_size="12",
    )[
        h.style[Markup(_COLOURS)],
        _axes(),
        (
            _curve(index, name, bins, colour)
            for index, ((name, bins), colour) in enumerate(zip(curves.items(), _STYLES, strict=False))
        ),
    ]
    return f"{drawn}\n"


def _axes() -> Iterator[Node]:
    yield _PATH(d=f"M{_across(0)} {_up(1)}V{_up(0)}H{_across(1)}")
    yield _LINE(x1=_across(0), y1=_up(0), x2=_across(1), y2=_up(1), stroke_dasharray="4 4")
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        yield _TEXT(x=_across(share), y=_up(0) + 16, text_anchor="middle")[f"{share:g}"]
        yield _TEXT(x=_across(0) - 6, y=_up(share) + 4, text_anchor="end")[f"{share:g}"]
    yield _TEXT(x=_across(0.5), y=_up(0) + 34, text_anchor="middle")["estimated probability"]
    turned = f"rotate(-90 12 {_up(0.5)})"
    yield _TEXT(x=12, y=_up(0.5), text_anchor="middle", transform=turned)["share that is right"]


def _curve(index: int, name: str, bins: Sequence[Bin], colour: str) -> Iterator[Node]:
    points = " ".join(f"{_across(each.expected)},{_up(each.right.share)}" for each in bins)
    yield _POLYLINE(points=points, fill="none", stroke=colour, stroke_width=2)
    for each in bins:
        low, high = each.right.interval
        x = _across(each.expected)
        yield _LINE(x1=x, y1=_up(low), x2=x, y2=_up(high), style=f"stroke:{colour}")
        said = f"{name}: {each.expected:.2f} estimated, {each.right.share:.2f} of {each.right.of}"
        yield _CIRCLE(cx=x, cy=_up(each.right.share), r=4, fill=colour)[_TITLE[said]]
    y = _up(1) + 14 + 18 * index
    yield _LINE(x1=_across(0) + 10, y1=y - 4, x2=_across(0) + 30, y2=y - 4, style=f"stroke:{colour}")
    yield _TEXT(x=_across(0) + 36, y=y)[name]


def _across(share: float) -> int:
    return round(_MARGIN + share * _SIZE)


def _up(share: float) -> int:
    return round(_MARGIN + (1 - share) * _SIZE)
