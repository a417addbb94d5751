"""The rows of a Markdown table, and how one is said in words."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.markup.admonitions import opened
from groundwire_server.markup.blocks import Block, BlockKind, Stretch, blocks

_BETWEEN_CELLS: Final = re.compile(r"(?<!\\)\|")
_BETWEEN_PAIRS: Final = "; "


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table below its header.

    Attributes:
        stretch: its line.
        columns: the names of the columns, as Markdown; a column may have none.
        cells: one for each column, as Markdown; a cell may be empty.
    """

    stretch: Stretch
    columns: Sequence[str]
    cells: Sequence[str]

    def said(self, columns: Collection[int] | None = None) -> str:
        """Return the row as pairs: `Country: France; Return fee: 4 EUR`.

        Args:
            columns: those that are said, beside the first, which says what the row is about; None for all.
        """
        return _BETWEEN_PAIRS.join(
            pair for index, pair in self._pairs() if columns is None or index in columns or index == self._first
        )

    def says(self, text: str) -> bool:
        """Return whether a text is this row in words: some of its cells after their columns, the first among them."""
        pairs = dict(self._pairs())
        rest = pairs.pop(self._first, "")
        if not rest or not text.startswith(rest):
            return False
        text = text[len(rest) :]
        for pair in pairs.values():
            text = text.removeprefix(_BETWEEN_PAIRS + pair)
        return not text

    @property
    def _first(self) -> int:
        return next((index for index, cell in enumerate(self.cells) if cell), 0)

    def _pairs(self) -> Iterator[tuple[int, str]]:
        for index, (name, cell) in enumerate(zip(self.columns, self.cells, strict=True)):
            if cell:
                yield index, f"{name}: {cell}" if name else cell


def rows(text: str, table: Block) -> list[Row]:
    """Return the rows of a table.

    Args:
        text: has the table.
        table: the block.
    """
    if table.header is None:
        return []
    header = text[table.header.start : table.header.end]
    columns = _cells(header.partition("\n")[0])
    return [Row(part, columns, _filled(_cells(text[part.start : part.end]), len(columns))) for part in table.parts]


def all_rows(text: str) -> list[Row]:
    """Return the rows of all tables in a text."""
    if "|" not in text:
        return []
    inner = (each for block in blocks(text) for each in opened(text, block))
    return [row for block in inner if block.kind is BlockKind.TABLE for row in rows(text, block)]


def _cells(line: str) -> list[str]:
    line = line.strip()
    inner = line.removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [" ".join(cell.split()) for cell in _BETWEEN_CELLS.split(inner)]


def _filled(cells: list[str], count: int) -> list[str]:
    """What a row has too much is not shown, and what it has too little is empty, as in every Markdown."""
    return [*cells[:count], *[""] * (count - len(cells))]
