"""CSV and XLSX: each row with its header."""

import csv
import io
import re
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from groundwire_server.cli.files.readers.encoding import decoded
from groundwire_server.cli.files.readers.port import FileContents, UnreadableContentError
from groundwire_server.markup import writing
from groundwire_server.markup.headers import headed

_SNIFFED: Final = 64 * 1024
_LONGEST_FIELD: Final = 1024 * 1024
_MOST_COLUMNS: Final = 1000
_MOST_ROWS: Final = 100_000
_NO_RESULT: Final = re.compile(
    rb'<c\b(?![^>]*\bt="str")[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>'
)
"""A cell with a formula that has no result; an empty text is one."""

_MERGED: Final = re.compile(rb'<mergeCell\b[^>]*\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_MOST_MERGED: Final = 10_000
_UNIT: Final = re.compile(r'\[\$(?P<symbol>[^\]-]+)[^\]]*\]|(?<!\[)"?(?P<sign>[$€£¥])"?|"(?P<text>[^"]*[^\W\d_][^"]*)"')
_DIGIT: Final = re.compile("[0#?]")
_INEXACT: Final = 1e15
_SEPARATOR: Final = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""A line by which programs of Microsoft say what separates the values."""

_DELIMITERS: Final = ",;\t|"


def read_csv(content: bytes, name: str) -> FileContents:
    """Read comma-separated values, whatever separates them, as a table of Markdown."""
    text, warnings = decoded(content)
    csv.field_size_limit(_LONGEST_FIELD)
    said = _SEPARATOR.match(text)
    try:
        values = io.StringIO(text[said.end() :] if said else text, newline="")
        rows = _trimmed(csv.reader(values, delimiter=said[1]) if said else csv.reader(values, _dialect(text, name)))
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
        cells = ([_shown(cell) for cell in row] for row in sheet.iter_rows())
        merged = _merged(content, sheet._worksheet_path)  # noqa: SLF001  # a read-only sheet does not show them
        rows = _trimmed(_with_merged(cells, merged))
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
    """Return the rows without empty ones, and without empty cells at their ends.

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


def _merged(content: bytes, part: str) -> list[tuple[int, int, int, int]]:
    """Return the first row, first column, last row and last column of each merged cell of a sheet."""
    from openpyxl.utils import range_boundaries  # noqa: PLC0415

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [found.decode() for found in _MERGED.findall(archive.read(part.lstrip("/")))]
    found = (range_boundaries(name) for name in names[:_MOST_MERGED])
    return sorted((top, left, bottom, min(right, _MOST_COLUMNS)) for left, top, right, bottom in found)


def _with_merged(rows: Iterable[list[str]], merged: Sequence[tuple[int, int, int, int]]) -> Iterator[list[str]]:
    """Yield rows in which a merged cell stands at each of its places; a row that has nothing else stays empty."""
    waiting = deque(merged)
    values = dict[tuple[int, int, int, int], str]()
    for number, row in enumerate(rows, 1):
        while waiting and waiting[0][0] <= number:
            top, left, *_ = each = waiting.popleft()
            values[each] = row[left - 1] if top == number and left <= len(row) else ""
        values = {each: value for each, value in values.items() if each[2] >= number}
        if any(row):
            for (_, left, _, right), value in values.items():
                row.extend([""] * (right - len(row)))
                row[left - 1 : right] = [value] * (right - left + 1)
        yield row


def _table(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as a table; data without a header gets one that numbers its columns.

    Lines before the header, such as a title, stand before the table as they are.
    """
    found = headed(rows)
    lines = [writing.prose(writing.line(each)) for each in found.before]
    width = max(map(len, found.rows), default=0)
    header = found.header or [f"Column {number}" for number in range(1, width + 1)]
    return writing.joined([*lines, writing.table([header, *found.rows]) if header else ""]) + "\n"


def _shown(cell: Any) -> str:
    match cell.value:
        case None:
            return ""
        case bool(value):
            return str(value)
        case int() | float() as number:
            return _with_unit(number, str(cell.number_format).partition(";")[0])
        case datetime() as time:
            return time.isoformat(" ").removesuffix(" 00:00:00")
        case value:
            return str(value)


def _with_unit(number: float, shape: str) -> str:
    """Return a number with the share, currency or other unit that a sheet shows with it."""
    if "%" in shape:
        return f"{round(number * 100, 6):.15g}%"
    # Binary fractions have more digits than a sheet shows.
    whole = isinstance(number, int) or (number.is_integer() and abs(number) < _INEXACT)
    said = str(int(number)) if whole else f"{number:.15g}"
    unit = _UNIT.search(shape)
    if unit is None:
        return said
    currency = unit["symbol"] or unit["sign"]
    if not _DIGIT.search(shape, 0, unit.start()):
        return f"{currency or unit['text']}{said}"
    return f"{said} {currency}" if currency else f"{said}{unit['text']}"


def _without_result(content: bytes) -> int:
    """Return how many formulas of a workbook have never been calculated."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = (name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml"))
        return sum(len(_NO_RESULT.findall(archive.read(name))) for name in sheets)
