"""Printing accounts of usage: as a table with totals, and as CSV."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TextIO, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from groundwire.v1.report_pb2 import Usage
from groundwire.v1.usage_service_pb2 import OpenBook, UsageRow
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.times import printed
from groundwire_server.cli.words import word

_FIGURES: Final = ("calls", "input_tokens", "cached_input_tokens", "output_tokens")
_COLUMNS: Final = ("calls", "input", "cached", "output", "cost")
"""What the figures and the cost are called on a terminal."""

_GAP: Final = 2
_Line: TypeAlias = tuple[Sequence[str], Sequence[str]]
"""Names and figures of a row, as they are printed."""

_MICROS: Final = 1_000_000
_NOT_KEPT: Final = "(not told apart)"

_FORMULA: Final = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet would compute."""

_BOOKS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A sum, with its tenant where tenants are told apart."""

    sums: UsageRow
    tenant: str = ""


def print_table(console: Terminal, dimensions: Sequence[str], rows: Sequence[TenantRow], counted: Timestamp) -> None:
    """Print sums with a total for each currency, and how far they go; in two lines each where a row is too long."""
    lines = [([one_line(_value(row, name)) for name in dimensions], _figures(row.sums)) for row in rows]
    if dimensions and len(lines) > 1:
        names = ["total", *[""] * (len(dimensions) - 1)]
        lines += [(names, _figures(total)) for total in _totals(row.sums for row in rows)]
    if not lines:
        console.hang(Text(), Text("nothing was consumed"))
    elif _width(dimensions, lines) <= console.width:
        console.print(_table(dimensions, lines, len(rows)))
    else:
        for names, figures in lines:
            console.hang(Text(), Text("  ".join(filter(None, names)), style="bold"))
            said = ", ".join(f"{figure} {column}" for figure, column in zip(figures[:-1], _COLUMNS[:-1], strict=True))
            console.hang(Text("  "), Text(f"{said}, {figures[-1]}"))
    if estimated := sum(row.sums.estimated_calls for row in rows):
        calls = f"{estimated:,} call" + ("" if estimated == 1 else "s")
        console.hang(Text(), Text(f"estimated in part: {calls} of models that gave no count", style="dim"))
    console.hang(Text(), Text(f"counted up to {printed(counted)}", style="dim"))


def _width(dimensions: Sequence[str], lines: Sequence[_Line]) -> int:
    """Return how wide a table of lines is."""
    columns = zip([*dimensions, *_COLUMNS], *([*names, *figures] for names, figures in lines), strict=True)
    return sum(max(map(cell_len, column)) + _GAP for column in columns) - _GAP


def _table(dimensions: Sequence[str], lines: Sequence[_Line], rows: int) -> Table:
    """Return a table of lines, of which those after so many rows are totals."""
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for name in dimensions:
        table.add_column(name, no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for number, (names, figures) in enumerate(lines):
        table.add_row(*(Text(each) for each in (*names, *figures)), style="" if number < rows else "bold")
    return table


def print_csv(output: TextIO, dimensions: Sequence[str], rows: Iterable[TenantRow]) -> None:
    """Write rows as CSV. Names that a spreadsheet would take for a formula begin with an apostrophe."""
    written = csv.writer(output, lineterminator="\n")
    written.writerow((*dimensions, *_FIGURES, "estimated_calls", "cost", "currency"))
    for row in rows:
        names = (_inert(one_line(_value(row, name))) for name in dimensions)
        sums = row.sums
        figures = (getattr(sums, name) for name in _FIGURES)
        written.writerow((*names, *figures, sums.estimated_calls, _exact(sums.cost_micros), sums.currency))


def print_open_books(console: Terminal, books: Sequence[OpenBook]) -> None:
    """Say what is missing in the sums, and what to do about it."""
    if not books:
        return
    count = "1 process has" if len(books) == 1 else f"{len(books)} processes have"
    said = f"incomplete: {count} not written what was consumed last, after a crash or while the database is away"
    console.hang(Text(), Text(said, style="yellow"))
    for book in books[:_BOOKS_SHOWN]:
        calls = f"{book.open_calls} call" + ("" if book.open_calls == 1 else "s")
        console.hang(
            Text("  "), Text(f"{one_line(book.process)}: written until {printed(book.written_time)}, {calls} in flight")
        )
    if len(books) > _BOOKS_SHOWN:
        console.hang(Text("  "), Text(f"and {len(books) - _BOOKS_SHOWN} more: --json shows them"))
    console.hang(
        Text("  "), Text("compare these moments with the provider's bill; the traces and decision logs name the calls")
    )


def _value(row: TenantRow, name: str) -> str:
    if name == "tenant":
        return row.tenant
    if name == "purpose":
        return word(Usage.Purpose, row.sums.purpose).lower()
    value = str(getattr(row.sums, name))
    return value if value or name != "subject" else _NOT_KEPT


def _figures(row: UsageRow) -> list[str]:
    cost = f"{row.cost_micros / _MICROS:,.4f} {row.currency}" if row.currency else "no price"
    return [*(f"{getattr(row, name):,}" for name in _FIGURES), cost]


def _totals(rows: Iterable[UsageRow]) -> list[UsageRow]:
    """Return the sum of each currency: currencies are never added."""
    totals: dict[str, UsageRow] = {}
    for row in rows:
        total = totals.setdefault(row.currency, UsageRow(currency=row.currency))
        for name in (*_FIGURES, "cost_micros"):
            setattr(total, name, getattr(total, name) + getattr(row, name))
    return [totals[currency] for currency in sorted(totals)]


def _exact(micros: int) -> str:
    return f"{micros // _MICROS}.{micros % _MICROS:06d}"


def _inert(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
