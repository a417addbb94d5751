"""The page that figures are shown on: one file, nothing from elsewhere, light or dark as its reader's system is."""

from collections.abc import Iterable
from html import escape
from importlib.resources import files

from groundwire_server.cli.bench.machine import Machine


def page(title: str, lead: str, machine: Machine | None, sections: Iterable[str]) -> str:
    """Put a whole page together.

    Args:
        title: its heading.
        lead: HTML of what stands under the heading.
        machine: what was measured on; None where it does not matter.
        sections: HTML of each, as `section` makes it.
    """
    style = files("groundwire_server.cli.bench").joinpath("page.css").read_text(encoding="utf-8")
    facts = _facts(machine) if machine else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        # Whatever a server calls its outcomes, nothing runs here and nothing is fetched.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"<header>\n<h1>{escape(title)}</h1>\n{lead}\n{facts}</header>\n{''.join(sections)}"
        "</main>\n</body>\n</html>\n"
    )


def section(title: str, body: str, note: str = "") -> str:
    """A part of the page under a heading."""
    said = f'<p class="note">{escape(note)}</p>\n' if note else ""
    return f"<section>\n<h2>{escape(title)}</h2>\n{said}{body}\n</section>\n"


def card(title: str, figure: str, chart: str, note: str = "") -> str:
    """A small chart under its name and its figure."""
    said = f"<p>{escape(note)}</p>" if note else ""
    return f"<figure><figcaption><h3>{escape(title)}</h3><b>{figure}</b></figcaption>{chart}{said}</figure>\n"


def grid(cards: Iterable[str]) -> str:
    """Cards side by side, as many as there is room for."""
    return f'<div class="grid">\n{"".join(cards)}</div>'


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of HTML cells; it scrolls where it is wider than the screen."""
    heading = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table>\n<thead><tr>{heading}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def badge(text: str, style: str) -> str:
    """A word in a coloured pill."""
    return f'<span class="badge {style}">{escape(text)}</span>'


def _facts(machine: Machine) -> str:
    facts = {
        "system": machine.system,
        "processor": machine.processor,
        "cores": str(machine.cores),
        "Python": machine.python,
        **machine.packages,
    }
    pairs = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
    return f'<dl class="facts">{pairs}</dl>\n'
