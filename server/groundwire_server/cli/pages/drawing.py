"""The marks that charts are drawn with, as inline SVG in the page's colours.

A mark's title is what a browser shows when the pointer rests on it.
"""

from collections.abc import Iterable, Iterator

import htpy as h
from htpy import Element, Node

from groundwire_server.cli.pages.scale import Frame, Scale

LARGE = Frame(640, 300, left=46, right=14, top=18, bottom=40)
SMALL = Frame(300, 130, left=40, right=8, top=10, bottom=22)


def rows(frame: Frame, up: Scale, values: Iterable[float], form: str) -> Iterator[Node]:
    """Yield a line across the chart at each value, with the value beside it."""
    for value in values:
        yield line("grid", frame.left, up.at(value), frame.width - frame.right, up.at(value))
        yield text(form.format(value), frame.left - 7, up.at(value) + 4, "end")


def line(style: str, x1: float, y1: float, x2: float, y2: float, title: str = "") -> Element:
    """Return a straight line, with what a pointer on it shows."""
    drawn = h.line(class_=style, x1=px(x1), y1=px(y1), x2=px(x2), y2=px(y2))
    return drawn[h.title[title]] if title else drawn


def text(words: str, x: float, y: float, anchor: str = "start") -> Element:
    """Return a text; the anchor says which part of it is at the place."""
    return h.text(x=px(x), y=px(y), text_anchor=anchor)[words]


def dot(style: str, x: float, y: float, title: str, radius: float = 3.5) -> Element:
    """Return a dot, with what a pointer on it shows."""
    return h.circle(class_=style, cx=px(x), cy=px(y), r=px(radius))[h.title[title]]


def path(style: str, points: Iterable[tuple[float, float]]) -> Element:
    """Return a line through points."""
    return h.polyline(class_=style, points=" ".join(f"{px(x)},{px(y)}" for x, y in points))


def px(value: float) -> str:
    """Return a number of pixels as an attribute has it."""
    return f"{value:g}"


def drawing(frame: Frame, label: str, *parts: Node, style: str = "chart") -> Element:
    """Return the parts of a chart as one image; the label says in words what it shows."""
    box = {"viewBox": f"0 0 {frame.width:g} {frame.height:g}", "aria-label": label}
    return h.svg(box, class_=style, role="img")[parts]
