"""The layout of a page of a PDF: ruled tables, columns, and lines in the order in which they are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from groundwire_server.cli.files.readers.pdf_letters import drawn_again, logical

_GUTTER: Final = 9.0
"""The least distance between two columns, in points."""

_MIDDLE: Final = (0.3, 0.7)
"""Where on a page's width two columns may meet."""

_LEAST_LINES: Final = 6
_LEAST_WORDS: Final = 2.5
"""Words a line on average: below that the columns are those of a table."""

Word = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Attributes:
        text: its words.
        size: of its letters, in points, rounded to a half.
        bold: whether all of it is bold.
        gap: to the line before it in its column, in heights of a line.
        height: of its middle on the page, as a share from the top.
    """

    text: str
    size: float
    bold: bool
    gap: float
    height: float


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table with its rows."""

    rows: Sequence[Sequence[str]]


def page_blocks(page: Any) -> list[Line | TableBlock]:
    """Return the lines and tables of a page of pdfplumber, in the order in which they are read."""
    if again := drawn_again(page.chars):
        page = page.filter(lambda each: id(each) not in again)
    tables = list(_tables(page))
    boxes = [box for box, _ in tables]
    words = [
        word
        for word in page.extract_words(extra_attrs=["size", "fontname"], x_tolerance_ratio=0.15)
        if word["upright"] and not any(_inside(word, box) for box in boxes)
    ]
    found: list[Line | TableBlock] = []
    top = 0.0
    # Tables part a page: what is above one is read before it.
    for (_, table_top, _, bottom), table in sorted(tables, key=lambda each: each[0][1]):
        found += _lines([word for word in words if top <= word["top"] < table_top], page)
        found.append(table)
        top = max(top, bottom - 1)
    return found + _lines([word for word in words if word["top"] >= top], page)


def has_turned_text(page: Any) -> bool:
    """Return whether a page of pdfplumber has letters that do not stand upright."""
    return any(not letter["upright"] and letter["text"].isalnum() for letter in page.chars)


def _tables(page: Any) -> Iterator[tuple[tuple[float, float, float, float], TableBlock]]:
    if len(page.lines) + len(page.rects) + len(page.curves) < 4:
        return
    for table in page.find_tables():
        rows = [["\n".join(map(logical, (cell or "").split("\n"))) for cell in row] for row in table.extract()]
        rows = [row for row in rows if any(cell.strip() for cell in row)]
        if len(rows) > 1 and max(map(len, rows)) > 1:
            yield table.bbox, TableBlock(rows)


def _inside(word: Word, box: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = box
    return bool(left <= (word["x0"] + word["x1"]) / 2 <= right and top <= (word["top"] + word["bottom"]) / 2 <= bottom)


def _lines(words: Sequence[Word], page: Any) -> list[Line | TableBlock]:
    rows = _rows(words)
    gutter = _gutter(rows, page.width)
    if gutter is None:
        return _of_column(rows, page)
    found: list[Line | TableBlock] = []
    band: list[list[Word]] = []
    for row in [*rows, []]:
        if row and not _crosses(row, gutter):
            band.append(row)
            continue
        left = [[word for word in each if word["x1"] <= gutter] for each in band]
        right = [[word for word in each if word["x0"] >= gutter] for each in band]
        found += _of_column([each for each in left if each], page)
        found += _of_column([each for each in right if each], page)
        band = []
        found += _of_column([row] if row else [], page)
    return found


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    """Return the words by the height at which they stand, from the left."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda each: (each["bottom"], each["x0"])):
        if rows and abs(rows[-1][0]["bottom"] - word["bottom"]) <= max(2.0, word["size"] * 0.3):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda each: each["x0"]) for row in rows]


def _gutter(rows: Sequence[Sequence[Word]], width: float) -> float | None:
    """Return where two columns meet; None where there is one."""
    gaps = [
        (one["x1"], other["x0"])
        for row in rows
        for one, other in pairwise(row)
        if other["x0"] - one["x1"] >= _GUTTER
        and _MIDDLE[0] * width < (one["x1"] + other["x0"]) / 2 < _MIDDLE[1] * width
    ]
    if len(gaps) < _LEAST_LINES:
        return None
    # The right column's left edge is the same in every line; the left column's right edge is ragged.
    edges = sorted(right for _, right in gaps)
    edge = edges[len(edges) // 2] - 1.0
    both = [row for row in rows if not _crosses(row, edge)]
    words = [len([word for word in row if (word["x0"] < edge) is side]) for row in both for side in (True, False)]
    sides = [count for count in words if count]
    if len(both) < 0.6 * len(rows) or len(sides) < 2 * _LEAST_LINES or sum(sides) / len(sides) < _LEAST_WORDS:
        return None
    return float(edge)


def _crosses(row: Sequence[Word], gutter: float) -> bool:
    """Return whether a row goes on over the gutter: a word does, or there is no space between the columns."""
    if any(word["x0"] < gutter < word["x1"] for word in row):
        return True
    left = [word["x1"] for word in row if word["x1"] <= gutter]
    right = [word["x0"] for word in row if word["x0"] >= gutter]
    return bool(left and right) and min(right) - max(left) < _GUTTER / 2


def _of_column(rows: Sequence[Sequence[Word]], page: Any) -> list[Line | TableBlock]:
    found: list[Line | TableBlock] = []
    below = 0.0
    for row in rows:
        height = max(word["bottom"] - word["top"] for word in row) or 1.0
        top, bottom = min(word["top"] for word in row), max(word["bottom"] for word in row)
        letters = sum(len(word["text"]) for word in row)
        size = sum(word["size"] * len(word["text"]) for word in row) / letters
        bold = all("bold" in word["fontname"].lower() or "black" in word["fontname"].lower() for word in row)
        text = logical(" ".join(word["text"] for word in row))
        gap = (top - below) / height if found else 0.0
        found.append(Line(text, round(size * 2) / 2, bold, gap, (top + bottom) / 2 / float(page.height)))
        below = bottom
    return found
