"""What of the XML of a DOCX is shown: as if all tracked changes were accepted."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from docx.oxml.ns import qn

from groundwire_server.markup import writing
from groundwire_server.markup.headers import HeadedRows, headed

_ALTERNATIVE: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_REMOVED: Final = frozenset({qn("w:del"), qn("w:moveFrom"), _ALTERNATIVE})
_BLOCKS: Final = frozenset({qn("w:p"), qn("w:tbl")})
_BOX: Final = qn("w:txbxContent")
_TEXTS: Final = frozenset({qn("w:t"), "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"})
_LIST_STYLES: Final = ("ListBullet", "ListNumber")
_LINK: Final = qn("w:hyperlink")
TARGET: Final = "target"
"""The attribute of a link that has its address; in the file, it is among the relations of the part."""

_CELLS: Final = frozenset({qn("w:tc")})
_ROWS: Final = frozenset({qn("w:tr")})
_CHARACTERS: Final = {
    qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-", qn("w:ptab"): "\t",
}  # fmt: skip
_PROPERTIES: Final = frozenset({qn("w:pPr"), qn("w:rPr")})
_MOST_COLUMNS: Final = 1000


def blocks(element: Any) -> Iterator[Any]:
    """Yield the paragraphs and tables of an element, those within content controls and tracked insertions included."""
    return _shown(element, _BLOCKS)


def boxes(paragraph: Any) -> Iterator[Any]:
    """Yield the text boxes of a paragraph."""
    return _shown(paragraph, frozenset({_BOX}))


def text(paragraph: Any) -> str:
    """Return the text of a paragraph, without that of its boxes; a note is referred to as [1]."""
    return "".join(_pieces(paragraph)).strip()


def notes(element: Any) -> Iterator[tuple[str, int]]:
    """Yield kind, `footnote` or `endnote`, and id of the notes that an element refers to."""
    for each in element.iter(qn("w:footnoteReference"), qn("w:endnoteReference")):
        yield re.sub(r".*}|Reference", "", each.tag), number(each, "w:id")


def rows(table: Any) -> HeadedRows:
    """Return the texts of cells with the header that the table says, or else looks to have.

    One that spans columns stands in the first of them, one that spans rows in each.
    """
    elements = [row for row in _shown(table, _ROWS) if _property(row, "w:del") is None]
    found = _texts(elements)
    if elements and _property(elements[0], "w:tblHeader") is not None and len(set(filter(None, found[0]))) > 1:
        return HeadedRows((), found[0], found[1:])
    return headed(found)


def cells(table: Any) -> list[Any]:
    """Return the cells of a table that has one column: a box around paragraphs; none for any other."""
    found = [list(_shown(row, _CELLS)) for row in _shown(table, _ROWS) if _property(row, "w:del") is None]
    return [row[0] for row in found if row] if max(map(len, found), default=0) == 1 else []


def _property(row: Any, name: str) -> Any:
    properties = row.find(qn("w:trPr"))
    return properties.find(qn(name)) if properties is not None else None


def _texts(elements: Sequence[Any]) -> list[list[str]]:
    found = list[list[str]]()
    for row in elements:
        properties = row.find(qn("w:trPr"))
        texts = [""] * min(value(properties, "w:gridBefore"), _MOST_COLUMNS)
        for cell in _shown(row, _CELLS):
            properties = cell.find(qn("w:tcPr"))
            merged = properties.find(qn("w:vMerge")) if properties is not None else None
            goes_on = merged is not None and merged.get(qn("w:val")) != "restart"
            above = found[-1] if found and goes_on else []
            texts.append(above[len(texts)] if len(texts) < len(above) else _cell(cell))
            texts += [""] * min(value(properties, "w:gridSpan") - 1, _MOST_COLUMNS)
        found.append(texts)
    return found


def value(element: Any, name: str) -> int:
    """Return the number that a child of an element has as its value; 0 where there is none."""
    found = element.find(qn(name)) if element is not None else None
    return number(found, "w:val") if found is not None else 0


def number(element: Any, name: str) -> int:
    """Return an attribute that is a number; 0 where it is none."""
    said = element.get(qn(name)) or ""
    return int(said) if re.fullmatch(r"-?\d{1,9}", said, re.ASCII) else 0


def _cell(cell: Any) -> str:
    """Return the text of a cell, with a line for each row of a table within it."""
    pieces = list[tuple[str, bool]]()
    for each in blocks(cell):
        if each.tag == qn("w:p"):
            pieces += [(text(each), is_item(each)), *((_cell(box), False) for box in boxes(each))]
        else:
            pieces += [(", ".join(filter(None, row)), True) for row in _texts(list(_shown(each, _ROWS)))]
    said = ""
    listed = False
    for piece, is_part in pieces:
        if piece:
            said += f"{'; ' if listed and is_part else ' ' if said else ''}{piece}"
            listed = is_part
    return said


def is_item(paragraph: Any) -> bool:
    """Return whether a paragraph is numbered or has a bullet of its own."""
    numbering = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
    if numbering is not None:
        return value(numbering, "w:numId") != 0
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    return style is not None and str(style.get(qn("w:val"))).startswith(_LIST_STYLES)


def _run(run: Any) -> str:
    """Return the text of a run: nothing where it is hidden, and with marks where it is struck through."""
    properties = run.find(qn("w:rPr"))
    if _is_on(properties, "w:vanish"):
        return ""
    said = "".join(_pieces(run))
    inner = said.strip()
    struck = inner and (_is_on(properties, "w:strike") or _is_on(properties, "w:dstrike"))
    return said.replace(inner, f"~~{inner}~~") if struck else said


def _is_on(properties: Any, name: str) -> bool:
    found = properties.find(qn(name))
    return found is not None and found.get(qn("w:val")) not in {"0", "false", "off"}


def _shown(element: Any, wanted: frozenset[str]) -> Iterator[Any]:
    """Yield the outermost elements of the wanted kinds that a reader sees."""
    for child in element:
        if child.tag in wanted:
            yield child
        elif child.tag not in _REMOVED:
            yield from _shown(child, wanted)


def _pieces(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag == qn("w:r") and child.find(qn("w:rPr")) is not None:
            yield _run(child)
        elif child.tag == _LINK and child.get(TARGET):
            yield writing.link("".join(_pieces(child)), child.get(TARGET))
        elif child.tag in _TEXTS:
            yield child.text or ""
        elif child.tag in _CHARACTERS:
            yield _CHARACTERS[child.tag]
        elif child.tag in {qn("w:footnoteReference"), qn("w:endnoteReference")}:
            yield f"[{number(child, 'w:id')}]"
        elif child.tag != _BOX and child.tag not in _REMOVED and child.tag not in _PROPERTIES:
            yield from _pieces(child)
