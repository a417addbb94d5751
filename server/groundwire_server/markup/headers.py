"""Which rows of a table name its columns, where the table does not say so itself."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low
from typing import Final

_LOOKED_AT: Final = 200
"""Rows that are compared with the first: more of them tell no more."""

_MOST_TITLES: Final = 10
_LEAST_SERIES: Final = 4
_LONGEST_UNIT: Final = 12
_YEAR: Final = re.compile(r"(?:1[89]|2[01])\d\d(?:\s?[/-]\s?(?:\d{2}){1,2})?")
_DATE: Final = re.compile(r"\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{2}){1,2}")
_TIME: Final = re.compile(r"\d{1,2}[:.]\d\d(?:\s?[-–]\s?\d{1,2}[:.]\d\d)?")
_ADDRESS: Final = re.compile(r"\w@\w|://")


@dataclass(frozen=True, slots=True)
class HeadedRows:
    """The rows of a table by what they are.

    Attributes:
        before: lines that stand above the table, such as its title.
        header: the names of the columns; None where no row has them.
        rows: the others.
    """

    before: Sequence[str]
    header: Sequence[str] | None
    rows: Sequence[Sequence[str]]


def headed(rows: Iterable[Sequence[str]]) -> HeadedRows:
    """Return the rows of a table with its header.

    Columns without any text are left out. A cell that spans several columns stands in each of them, or else is followed
    by empty ones. A row of groups above the names goes into them (`2024 Plan`), and so does a row of units below them
    (`Weight (kg)`).
    """
    filled = _without_empty_columns(rows)
    titles = _count_titles(filled)
    before = [" ".join(dict.fromkeys(filter(None, row))) for row in filled[:titles]]
    rest = filled[titles:]
    grouped = len(rest) > 1 and _is_of_groups(rest[0], rest[1])
    first = _grouped(rest[0], rest[1]) if grouped else rest[0] if rest else []
    below = rest[2 if grouped else 1 :]
    if not _names_columns(first, below[:_LOOKED_AT]):
        return HeadedRows(before, None, rest)
    if below and _is_of_units(below[0], below[1:_LOOKED_AT]):
        units, *below = below
        first = [
            f"{name} ({unit.strip('()[]')})".strip() if unit else name for name, unit in zip(first, units, strict=True)
        ]
    return HeadedRows(before, first, below)


def _without_empty_columns(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    found = [[cell.strip() for cell in row] for row in rows]
    width = max(map(len, found), default=0)
    for row in found:
        row.extend([""] * (width - len(row)))
    kept = [column for column in range(width) if any(row[column] for row in found)]
    return [[row[column] for column in kept] for row in found if any(row)]


def _count_titles(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows at the beginning have much less than the others."""
    counts = [len(set(filter(None, row))) for row in rows]
    typical = median_low(counts) if counts else 0
    if typical < 2:
        return 0
    single = next((place for place, count in enumerate(counts) if count > 1), 0)
    sparse = next((place for place, count in enumerate(counts) if count > typical // 2), 0)
    sparse = next((place for place in range(sparse) if _is_of_groups(rows[place], rows[place + 1])), sparse)
    return sparse if single < sparse <= _MOST_TITLES else single


def _is_of_groups(row: Sequence[str], below: Sequence[str]) -> bool:
    """Return whether a row names groups of the columns that the row below it names."""
    names = [cell for cell in below if cell]
    if len(set(filter(None, row))) < 2 or any(_kind(cell) not in {"", "year"} for cell in (*row, *names)):
        return False
    if any(one and one == other for one, other in pairwise(row)):
        return True
    # Without merged cells, groups are told by names that only they tell apart.
    return any(one and not other for one, other in pairwise(row)) and len(set(names)) < len(names)


def _grouped(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    found, group = list[str](), ""
    for said, name in zip(groups, names, strict=True):
        group = said or group
        found.append(" ".join(dict.fromkeys(filter(None, (group, name)))))
    return found


def _names_columns(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    cells = [cell for cell in first if cell]
    if not cells or len(set(cells)) < len(cells) or any(map(_ADDRESS.search, cells)):
        return False
    if any(map(_kind, cells)):
        return _is_series(first, below)
    return not any(
        _is_like_those_below(cell, column) for cell, column in zip(first, _columns(first, below), strict=True)
    )


def _is_series(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether numbers are names: years, dates, times or steps that the columns do not go on with."""
    kinds = [_kind(cell) for cell in first]
    numbers = [cell for cell, kind in zip(first, kinds, strict=True) if kind]
    under = [cell for kind, column in zip(kinds, _columns(first, below), strict=True) if kind for cell in column]
    if not under:
        return False
    (kind, *others) = set(filter(None, kinds))
    alike = sum(_kind(cell) == kind for cell in under) / len(under)
    if not others and kind != "number":
        return alike < 0.5
    if sum(map(bool, map(_kind, under))) < len(under) / 2:
        return True
    return len(numbers) >= _LEAST_SERIES and _is_even(numbers) and not all(map(_is_even, below))


def _is_even(cells: Sequence[str]) -> bool:
    """Return whether the whole numbers among cells go up by the same step."""
    numbers = [int(cell) for cell in cells if re.fullmatch(r"\d{1,9}", cell, re.ASCII)]
    steps = {other - one for one, other in pairwise(numbers)}
    return len(steps) == 1 and min(steps) > 0


def _is_like_those_below(cell: str, column: Sequence[str]) -> bool:
    """Return whether a cell is a value as those of its column: it comes again, or has digits where they have."""
    if not cell or not column:
        return False
    shape = _shape(cell)
    return cell in column or ("9" in shape and sum(_shape(each) == shape for each in column) > len(column) / 2)


def _is_of_units(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a row below the header has no values, but the units of those below it."""
    said = [(cell, column) for cell, column in zip(row, _columns(row, below), strict=True) if cell]
    return bool(said) and all(
        len(cell) <= _LONGEST_UNIT and not any(map(str.isdigit, cell)) and column and all(map(_kind, column))
        for cell, column in said
    )


def _columns(row: Sequence[str], below: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """Yield what the columns have below a row, without empty cells."""
    for place in range(len(row)):
        yield [each[place] for each in below if each[place]]


def _kind(cell: str) -> str:
    """Return what kind of number a cell is; empty for none."""
    if not any(map(str.isdigit, cell)) or any(map(str.isalpha, cell)):
        return ""
    patterns = (("year", _YEAR), ("date", _DATE), ("time", _TIME))
    return next((kind for kind, pattern in patterns if pattern.fullmatch(cell)), "number")


def _shape(cell: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+(?:[.,]\d+)*", "9", cell))
