"""How well tables and headings are read: `python -m bench.documents.structure`.

The files are made by code, so that what should be read is known. Tables are scored by TEDS, the similarity of their
trees (1 is the same rows, columns and cells); headings by how alike the lists of their levels and texts are.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, TypeVar

import docx
import openpyxl
from reportlab.lib import colors
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table

from groundwire_server.cli.files.readers.registry import reader_of
from groundwire_server.markup.blocks import BlockKind, blocks

Rows = Sequence[Sequence[str]]
Item = TypeVar("Item")

PROSE = "Parcels wait in the mail room for a week before they are sent back to whoever has sent them. "
HEADINGS = ((1, "Handbook"), (2, "Fees"), (2, "Opening hours"), (3, "Holidays"))
TABLES: Sequence[Rows] = (
    (("Land", "Fee", "Days"), ("Peru", "12", "3"), ("Chile", "9", "4"), ("Cuba", "7", "5")),
    (("Day", "Opens"), ("Monday", "9 am"), ("Friday", "10 am, and by appointment"), ("Sunday", "")),
    tuple(tuple(f"{column}.{row}" if row else f"Column {column}" for column in range(8)) for row in range(12)),
)


@dataclass(frozen=True, slots=True)
class Score:
    """What was read of one file, against what is in it.

    Attributes:
        tables: the mean similarity of its tables, 0 to 1; one that is missing counts 0.
        headings: the similarity of its headings, 0 to 1.
    """

    tables: float
    headings: float


def main() -> None:
    print(f"{'format':8} {'tables (TEDS)':>14} {'headings':>9}")
    for suffix, make in MAKERS.items():
        score = measure(suffix, make())
        headings = f"{score.headings:9.2f}" if suffix not in WITHOUT_HEADINGS else f"{'-':>9}"
        print(f"{suffix:8} {score.tables:14.2f} {headings}")


def measure(suffix: str, content: bytes) -> Score:
    """Read a file and compare."""
    text = reader_of(suffix)(content, f"a{suffix}").text
    found = list(blocks(text))
    tables = [read_table(text, block) for block in found if block.kind is BlockKind.TABLE]
    expected = TABLES[:1] if suffix in WITHOUT_HEADINGS else TABLES
    headings = [(block.level, block.title) for block in found if block.kind is BlockKind.HEADING]
    return Score(
        sum(max((teds(rows, each) for each in tables), default=0.0) for rows in expected) / len(expected),
        SequenceMatcher(None, list(HEADINGS), headings, autojunk=False).ratio(),
    )


def read_table(text: str, block: Any) -> Rows:
    """Return the cells of a table of Markdown."""
    lines = [text[block.start : block.end].splitlines()[0], *(text[row.start : row.end] for row in block.parts)]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]


def teds(expected: Rows, found: Rows) -> float:
    """Return the similarity of two tables as trees of rows and cells.

    Trees of two levels need no general algorithm: the cheapest alignment of the rows is that of two sequences, in which
    replacing a row costs the cheapest alignment of its cells.
    """
    most = max(_nodes(expected), _nodes(found))
    return 1.0 - _distance(expected, found, _row_cost, lambda row: 1.0 + len(row)) / most


def _nodes(rows: Rows) -> int:
    return 1 + len(rows) + sum(map(len, rows))


def _row_cost(one: Sequence[str], other: Sequence[str]) -> float:
    return _distance(one, other, _cell_cost, lambda _: 1.0)


def _cell_cost(one: str, other: str) -> float:
    return 0.0 if one == other else 1.0 - SequenceMatcher(None, one, other, autojunk=False).ratio()


def _distance(
    one: Sequence[Item], other: Sequence[Item], replaced: Callable[[Item, Item], float], alone: Callable[[Item], float]
) -> float:
    """Return what the cheapest change of one sequence into the other costs."""
    before = [0.0]
    for item in other:
        before.append(before[-1] + alone(item))
    for item in one:
        now = [before[0] + alone(item)]
        for place, each in enumerate(other):
            cheapest = min(before[place] + replaced(item, each), before[place + 1] + alone(item), now[-1] + alone(each))
            now.append(cheapest)
        before = now
    return before[-1]


def pdf() -> bytes:
    styles = getSampleStyleSheet()
    ruled = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)]
    flow = [
        Paragraph("Handbook", styles["Title"]),
        Paragraph(PROSE * 3, styles["BodyText"]),
        Paragraph("Fees", styles["Heading2"]),
        Table(TABLES[0], style=ruled),
        Paragraph("Opening hours", styles["Heading2"]),
        Table(TABLES[1], style=ruled),
        PageBreak(),
        Paragraph("Holidays", styles["Heading3"]),
        Paragraph(PROSE * 3, styles["BodyText"]),
        Table(TABLES[2], style=ruled),
    ]
    written = io.BytesIO()
    SimpleDocTemplate(written).build(flow)
    return written.getvalue()


def word() -> bytes:
    made = docx.Document()
    made.add_heading("Handbook", 1)
    made.add_paragraph(PROSE)
    for level, title, rows in ((2, "Fees", TABLES[0]), (2, "Opening hours", TABLES[1]), (3, "Holidays", TABLES[2])):
        made.add_heading(title, level)
        table = made.add_table(len(rows), len(rows[0]))
        for cells, texts in zip(table.rows, rows, strict=True):
            for cell, text in zip(cells.cells, texts, strict=True):
                cell.text = text
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def html() -> bytes:
    tables = ["".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows) for rows in TABLES]
    sections = zip(HEADINGS[1:], tables, strict=True)
    body = "".join(f"<h{level}>{title}</h{level}><table>{rows}</table>" for (level, title), rows in sections)
    return f"<body><nav><h2>Menu</h2></nav><main><h1>Handbook</h1><p>{PROSE}</p>{body}</main></body>".encode()


def restructured_text() -> bytes:
    marks = {1: "=", 2: "-", 3: "~"}
    parts = [f"Handbook\n========\n\n{PROSE}"]
    for (level, title), rows in zip(HEADINGS[1:], TABLES, strict=True):
        parts.append(f"{title}\n{marks[level] * len(title)}\n\n.. list-table::\n   :header-rows: 1\n\n")
        parts[-1] += "\n".join("   * - " + "\n     - ".join(row) for row in rows)
    return "\n\n".join(parts).encode()


def sheets() -> bytes:
    book = openpyxl.Workbook()
    for row in TABLES[0]:
        book.active.append([int(cell) if cell.isdigit() else cell for cell in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def csv() -> bytes:
    return "\r\n".join(";".join(row) for row in TABLES[0]).encode()


MAKERS: Mapping[str, Callable[[], bytes]] = {
    ".pdf": pdf,
    ".docx": word,
    ".html": html,
    ".rst": restructured_text,
    ".xlsx": sheets,
    ".csv": csv,
}
WITHOUT_HEADINGS = frozenset({".xlsx", ".csv"})

if __name__ == "__main__":
    main()
