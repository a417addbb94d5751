"""The parts of a page: its frame, sections, cards and tables."""

from collections.abc import Iterable, Mapping
from importlib.resources import files

import htpy as h
from htpy import Element, Node
from markupsafe import Markup

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing on a page runs and nothing is fetched, whatever the texts in it are."""


def page(title: str, lead: Node, sections: Iterable[Element], facts: Mapping[str, str] | None = None) -> str:
    """Return a whole page as HTML.

    Args:
        title: its heading.
        lead: what stands under the heading.
        sections: each made by `section`.
        facts: names and values under the lead, such as those of the machine.
    """
    style = files("groundwire_server.cli.pages").joinpath("page.css").read_text(encoding="utf-8")
    return str(
        h.html(lang="en")[
            h.head[
                h.meta(charset="utf-8"),
                h.meta(name="viewport", content="width=device-width, initial-scale=1"),
                h.meta(name="color-scheme", content="light dark"),
                h.meta(http_equiv="Content-Security-Policy", content=_POLICY),
                h.title[title],
                h.style[Markup(style)],  # noqa: S704  # our own file
            ],
            h.body[h.main[h.header[h.h1[title], lead, _facts(facts) if facts else None], sections]],
        ]
    )


def section(title: str, body: Node, note: str = "") -> Element:
    """Return a part of the page under a heading."""
    return h.section[h.h2[title], h.p(".note")[note] if note else None, body]


def card(title: str, figure: Node, chart: Node) -> Element:
    """Return a small chart under its name and its figure."""
    return h.figure[h.figcaption[h.h3[title], h.b[figure]], chart]


def grid(cards: Iterable[Element]) -> Element:
    """Return cards side by side, as many as there is room for."""
    return h.div(".grid")[cards]


def table(head: Iterable[str], rows: Iterable[Iterable[Node]]) -> Element:
    """Return a table that scrolls where it is wider than the screen."""
    return h.div(".scroll")[
        h.table[
            h.thead[h.tr[(h.th[name] for name in head)]],
            h.tbody[(h.tr[(h.td[cell] for cell in row)] for row in rows)],
        ]
    ]


def badge(text: str, style: str) -> Element:
    """Return a word in a coloured pill: good, bad, near or plain."""
    return h.span(class_=f"badge {style}")[text]


def _facts(facts: Mapping[str, str]) -> Element:
    return h.dl(".facts")[(h.div[h.dt[name], h.dd[value]] for name, value in facts.items())]
