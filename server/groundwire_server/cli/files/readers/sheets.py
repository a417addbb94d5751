"""CSV and XLSX: each row with its header."""

import csv
import io
import itertools
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from groundwire_server.cli.files.readers import writing
from groundwire_server.cli.files.readers.encoding import decoded
from groundwire_server.cli.files.readers.port import FileContents, UnreadableContentError

_SNIFFED: Final = 64 * 1024
_LONGEST_FIELD: Final = 1024 * 1024
_MOST_COLUMNS: Final = 1000
_MOST_ROWS: Final = 100_000
_NO_RESULT: Final = re.compile(
    rb'<c\b(?![^>]*\bt="str")[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>'
)
"""A cell with a formula that has no result; an empty text is one."""

_DELIMITERS: Final = ",;\t|"


def read_csv(content: bytes, name: str) -> FileContents:
    """Read comma-separated values, whatever separates them, as a table of Markdown."""
    text, warnings = decoded(content)
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        rows = _trimmed(csv.reader(io.StringIO(text, newline=""), _dialect(text, name)))
    except csv.Error as wrong:
        raise UnreadableContentError(f"cannot be read as CSV: {wrong}") from wrong
    return FileContents(_table(rows), warnings=warnings)


def read_xlsx(content: bytes, name: str) -> FileContents:
    """Read the sheets of a workbook, each as a section with a table. Formulas are read as their last results."""
    del name
    import openpyxl  # noqa: PLC0415  # takes longer than most CSV files
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, OSError) as wrong:
        raise UnreadableContentError("cannot be converted: it is damaged, protected or not an XLSX") from wrong
    blocks, warnings = list[str](), list[str]()
    for sheet in workbook.worksheets:
        if sheet.sheet_state != "visible":
            warnings.append(f"the hidden sheet {sheet.title} is left out")
            continue
        sheet.reset_dimensions()  # a file may name fewer cells than it has
        rows = _trimmed([_shown(cell) for cell in row] for row in sheet.iter_rows())
        if rows:
            blocks += [writing.heading(1, sheet.title), _table(rows)]
    if count := _without_result(content):
        warnings.append(f"{count} formulas without a result are left out: save it in a program that calculates them")
    title = workbook.properties.title or ""
    return FileContents(writing.joined(blocks), title=writing.line(str(title)), warnings=warnings)


def _dialect(text: str, name: str) -> type[csv.Dialect] | csv.Dialect:
    if name.lower().endswith(".tsv"):
        return csv.excel_tab
    sample = text[:_SNIFFED].rpartition("\n")[0] or text[:_SNIFFED]
    try:
        found = csv.Sniffer().sniff(sample, _DELIMITERS)
    except csv.Error:
        return csv.excel  # one column
    found.doublequote = True
    return found


def _trimmed(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """Return the rows without empty ones, and without empty columns at their ends.

    Raises:
        UnreadableContentError: when they are too many.
    """
    found = list[list[str]]()
    for row in rows:
        filled = [*row[:_MOST_COLUMNS]]
        while filled and not filled[-1].strip():
            filled.pop()
        if filled:
            found.append(filled)
        if len(found) > _MOST_ROWS:
            raise UnreadableContentError(f"has more than {_MOST_ROWS} rows: split it")
    return found


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a table; data without a header gets one that numbers its columns.

    Lines before the header, such as a title, stand before the table as they are.
    """
    width = max(map(len, rows), default=0)
    before = list(itertools.takewhile(lambda row: len(row) == 1, rows)) if width > 1 else []
    rows = rows[len(before) :]
    lines = [writing.prose(writing.line(row[0])) for row in before]
    if not rows:
        return writing.joined(lines)
    header = [] if _is_header(rows) else [[f"Column {number}" for number in range(1, width + 1)]]
    return writing.joined([*lines, writing.table([*header, *rows])]) + "\n"


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row names the columns: it has no number, and no name twice."""
    first = [each.strip() for each in rows[0] if each.strip()]
    return not any(map(_is_number, first)) and len(set(first)) == len(first)


def _is_number(text: str) -> bool:
    return any(map(str.isdigit, text)) and not any(map(str.isalpha, text))


def _shown(cell: Any) -> str:
    match cell.value:
        case None:
            return ""
        case bool(value):
            return str(value)
        case int() | float() as number if "%" in str(cell.number_format):
            return f"{round(number * 100, 6):.15g}%"
        case float() as number if number.is_integer():
            return str(int(number))
        case datetime() as time:
            return time.isoformat(" ").removesuffix(" 00:00:00")
        case value:
            return str(value)


def _without_result(content: bytes) -> int:
    """Return how many formulas of a workbook have never been calculated."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = (name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml"))
        return sum(len(_NO_RESULT.findall(archive.read(name))) for name in sheets)
