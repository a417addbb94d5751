"""Tables of HTML that Markdown cannot write: made into those that it can."""

from collections.abc import Iterator
from copy import copy
from typing import Final

from bs4 import Tag

_MOST_COLUMNS: Final = 1000


def simplify(tag: Tag) -> None:
    """Change the tables below a tag such that each row has all of its cells, and no cell has a table.

    A table that holds others, and has no header, is there for the layout: what is in its cells stays. A table in a cell
    of any other becomes a line of text for each row. A cell that spans several rows stands in each of them.
    """
    for table in tag.find_all("table"):
        if table.find("table") and not any(True for _ in _own(table, ["th"])):
            for each in [table, *_own(table, ["thead", "tbody", "tfoot", "tr", "td"])]:
                each.attrs.clear()
                each.name = "div"
    for table in reversed(tag.find_all("table")):
        if table.find_parent(["td", "th"]):
            _flatten(table)
        else:
            _repeat(table)


def _own(table: Tag, names: list[str]) -> Iterator[Tag]:
    """Yield the parts of a table that are not those of a table within it."""
    return (each for each in table.find_all(names) if each.find_parent("table") is table)


def _flatten(table: Tag) -> None:
    for row in list(_own(table, ["tr"])):
        cells = row.find_all(["td", "th"], recursive=False)
        texts = [" ".join(cell.get_text(" ").split()) for cell in cells]
        row.name = "div"
        row.string = ", ".join(filter(None, texts))
    table.name = "div"


def _repeat(table: Tag) -> None:
    """Put a cell that spans several rows into each of them."""
    going_on = dict[int, tuple[Tag, int]]()
    for row in list(_own(table, ["tr"])):
        cells = row.find_all(["td", "th"], recursive=False)
        column = 0
        for each in [*cells, None]:
            while column in going_on:
                above, rows = going_on.pop(column)
                copied = copy(above)
                if each is None:
                    row.append(copied)
                else:
                    each.insert_before(copied)
                if rows > 1:
                    going_on[column] = above, rows - 1
                column += _number(above, "colspan")
            if each is not None:
                rows = _number(each, "rowspan")
                each.attrs.pop("rowspan", None)
                if rows > 1:
                    going_on[column] = each, rows - 1
                column += _number(each, "colspan")


def _number(cell: Tag, name: str) -> int:
    said = str(cell.get(name, ""))
    return min(max(int(said), 1), _MOST_COLUMNS) if said.isascii() and said.isdigit() else 1
