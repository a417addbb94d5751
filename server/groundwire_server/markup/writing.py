"""Writing Markdown from what a reader has found."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from groundwire_server.markup.headers import HeadedRows

_BLOCK_MARK: Final = re.compile(
    r"^( {0,3})(#{1,6}(?=\s|$)|[-+*](?=\s)|>|\||```|~~~|=+\s*$|-{2,}\s*$|<!--)", re.MULTILINE
)
_HEADING_MARK: Final = re.compile(r"^( {0,3})(#{1,6}(?=\s|$)|=+[ \t]*$|-+[ \t]*$|<!--)", re.MULTILINE)
_NUMBER: Final = re.compile(r"^( {0,3}\d{1,9})([.)])(?=\s)", re.MULTILINE)
_TICKS: Final = re.compile(r"`{3,}")
_NO_ADDRESS: Final = re.compile(r"(?:javascript|vbscript|data|#)|.*[\s()<>]", re.IGNORECASE | re.DOTALL)
_SPACE: Final = re.compile(r"\s+")


def prose(text: str) -> str:
    """Return a paragraph's text such that nothing in it is read as the beginning of another block."""
    return _NUMBER.sub(r"\1\\\2", _BLOCK_MARK.sub(r"\1\\\2", text))


def plain(text: str) -> str:
    """Return plain text such that nothing in it is read as a heading or a comment; its lists stay lists."""
    return _HEADING_MARK.sub(r"\1\\\2", text)


def line(text: str) -> str:
    """Return a text on one line."""
    return _SPACE.sub(" ", text).strip()


def heading(level: int, text: str) -> str:
    """Return a heading; levels below the sixth are the sixth."""
    return f"{'#' * min(max(level, 1), 6)} {line(text)}"


def code(text: str, language: str = "") -> str:
    """Return a fenced block of code."""
    fence = max(("```", *(f"`{ticks}" for ticks in _TICKS.findall(text))), key=len)
    return f"{fence}{language}\n{text.strip(chr(10)).rstrip()}\n{fence}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first row is the header."""
    width = max(map(len, rows), default=0)
    header, *others = [[cell(each) for each in row] + [""] * (width - len(row)) for row in rows]
    return "\n".join(map(_row, (header, ["---"] * width, *others)))


def link(text: str, target: str) -> str:
    """Return a text that leads to an address; the text alone where the address is no link, or says the same."""
    said, target = text.strip(), target.strip()
    if not said or not target or _NO_ADDRESS.match(target) or target in {said, f"mailto:{said}"} or "](" in said:
        return text
    return text.replace(said, f"[{said}]({target})")


def headed_table(rows: HeadedRows) -> Iterator[str]:
    """Yield the lines above a table, and the table; without a header its columns have no names."""
    yield from map(prose, map(line, rows.before))
    header = rows.header or [""] * max(map(len, rows.rows), default=0)
    if header:
        yield table([header, *rows.rows])


def cell(text: str) -> str:
    """Return a text as a cell of a table."""
    return line(text).replace("|", "\\|")


def items(texts: Iterable[str], *, start: int | None = None) -> str:
    """Return a list, numbered where it has a start; what is below an item's first line belongs to it."""
    found = []
    for number, text in enumerate(texts, start or 0):
        mark = "- " if start is None else f"{number}. "
        found.append(mark + text.replace("\n", "\n" + " " * len(mark)))
    return "\n".join(re.sub(r"[ \t]+$", "", each, flags=re.MULTILINE) for each in found)


def joined(blocks: Iterable[str]) -> str:
    """Return blocks as a text, without the empty ones."""
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip())


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
