"""DOCX: headings, lists, tables, and what stands at the head and foot of its pages. Macros are not looked at."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, Final

from docx.document import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.exceptions import OpcError
from docx.opc.part import PartFactory
from docx.oxml.ns import qn
from docx.package import Package
from docx.parts.document import DocumentPart
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml.etree import XMLSyntaxError

from groundwire_server.cli.files.readers import writing
from groundwire_server.cli.files.readers.markdown import first_heading
from groundwire_server.cli.files.readers.port import FileContents, UnreadableContentError

_HEADING: Final = re.compile(r"(?:heading|überschrift|titre|título) ?(\d)\Z", re.IGNORECASE)
_CODE: Final = re.compile(r"code|preformatted|macro text|source", re.IGNORECASE)
_WITH_MACROS: Final = "application/vnd.ms-word.document.macroEnabled.main+xml"
_DAMAGED: Final = "cannot be converted: it is damaged, protected or not a DOCX"


def read(content: bytes, name: str) -> FileContents:
    """Read a document of Word."""
    del name
    document = _opened(content)
    text = writing.joined(_Writer(document).blocks())
    title = first_heading(text) or _title(document)
    around = list(dict.fromkeys(_around(document)))
    if around:
        text = writing.joined([text, writing.heading(1, "Page headers and footers"), *map(writing.prose, around)])
    return FileContents(text + "\n", title=title)


def _opened(content: bytes) -> Document:
    PartFactory.part_type_for[_WITH_MACROS] = DocumentPart
    try:
        part = Package.open(io.BytesIO(content)).main_document_part
    except (OpcError, XMLSyntaxError, KeyError, ValueError, zipfile.BadZipFile, OSError) as wrong:
        raise UnreadableContentError(_DAMAGED) from wrong
    if part.content_type not in {CONTENT_TYPE.WML_DOCUMENT_MAIN, _WITH_MACROS}:
        raise UnreadableContentError(_DAMAGED)
    document: Document = part.document
    return document


def _title(document: Document) -> str:
    try:
        # python-docx makes up properties where there are none.
        document.part.package.part_related_by(RELATIONSHIP_TYPE.CORE_PROPERTIES)
    except KeyError:
        return ""
    return writing.line(document.core_properties.title or "")


def _around(document: Document) -> Iterator[str]:
    """Yield what stands at the head and foot of pages."""
    for section in document.sections:
        for part in (section.header, section.first_page_header, section.footer, section.first_page_footer):
            if not part.is_linked_to_previous:
                texts = [each.text for each in part.paragraphs]
                texts += [cell.text for table in part.tables for row in table.rows for cell in row.cells]
                yield from (writing.line(text) for text in texts if re.search(r"[^\W\d_]{2}", text))


class _Writer:
    """Writes the blocks of a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._formats = dict(_formats(document))

    def blocks(self) -> Iterator[str]:
        """Yield headings, paragraphs, lists and tables."""
        items: list[tuple[int, bool, str]] = []
        code: list[str] = []
        for each in self._document.iter_inner_content():
            item = self._item(each) if isinstance(each, Paragraph) else None
            if items and item is None and not (isinstance(each, Paragraph) and not each.text.strip()):
                yield _list(items)
                items = []
            is_code = isinstance(each, Paragraph) and item is None and _CODE.search(_style(each)) is not None
            if code and not is_code:
                yield writing.code("\n".join(code))
                code = []
            if item is not None:
                items.append(item)
            elif isinstance(each, Table):
                yield writing.table(_rows(each))
            elif is_code:
                code.append(each.text)
            else:
                yield self._paragraph(each)
        yield _list(items) if items else ""
        yield writing.code("\n".join(code)) if code else ""

    def _paragraph(self, paragraph: Paragraph) -> str:
        text = paragraph.text.strip()
        if not text:
            return ""
        style = _style(paragraph)
        found = _HEADING.match(style)
        if style == "Title":
            return writing.heading(1, text)
        return writing.heading(int(found[1]), text) if found else writing.prose(text)

    def _item(self, paragraph: Paragraph) -> tuple[int, bool, str] | None:
        """Return level, whether it is numbered, and text of an item of a list."""
        style = _style(paragraph)
        if _HEADING.match(style) or not paragraph.text.strip():
            return None
        numbering = paragraph._p.find(f"{qn('w:pPr')}/{qn('w:numPr')}")  # noqa: SLF001  # python-docx has no other way
        if numbering is None and not style.startswith("List "):
            return None
        level, number = _value(numbering, "w:ilvl"), _value(numbering, "w:numId")
        if numbering is not None and number == 0:
            return None
        at = re.search(r"\d\Z", style)
        level = level if numbering is not None else int(at[0]) - 1 if at else 0
        format_ = self._formats.get((number, level), "bullet" if "Number" not in style else "decimal")
        return level, format_ != "bullet", paragraph.text.strip()


def _formats(document: Document) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield how each level of each list of the document is numbered."""
    try:
        root = document.part.numbering_part.element
    except (KeyError, NotImplementedError):
        return
    abstract = {each.get(qn("w:abstractNumId")): each for each in root.findall(qn("w:abstractNum"))}
    for number in root.findall(qn("w:num")):
        known = number.find(qn("w:abstractNumId"))
        levels = abstract.get(known.get(qn("w:val")) if known is not None else "")
        for level in levels.findall(qn("w:lvl")) if levels is not None else ():
            format_ = level.find(qn("w:numFmt"))
            if format_ is not None:
                key = int(number.get(qn("w:numId"))), int(level.get(qn("w:ilvl")))
                yield key, format_.get(qn("w:val"))


def _value(element: Any, name: str) -> int:
    found = element.find(qn(name)) if element is not None else None
    return int(found.get(qn("w:val"))) if found is not None else 0


def _style(paragraph: Paragraph) -> str:
    style = paragraph.style
    return (style.name or "") if style is not None else ""


def _list(items: Sequence[tuple[int, bool, str]]) -> str:
    """Return items as a list; those of a deeper level are below the one before them."""
    lines, counts, indents = list[str](), dict[int, int](), dict[int, int]()
    for level, numbered, text in items:
        for deeper in [each for each in counts if each > level]:
            del counts[deeper]
        counts[level] = counts.get(level, 0) + 1
        mark = f"{counts[level]}. " if numbered else "- "
        above = [each for each in indents if each < level and each in counts]
        indent = indents[max(above)] if above else 0
        indents[level] = indent + len(mark)
        lines.append(" " * indent + mark + writing.line(text))
    return "\n".join(lines)


def _rows(table: Table) -> list[list[str]]:
    """Return the texts of cells; one that spans several columns stands in the first of them."""
    rows = []
    for row in table.rows:
        seen, texts = set[int](), list[str]()
        for cell in row.cells:
            texts.append("" if id(cell._tc) in seen else cell.text)  # noqa: SLF001  # the only way to know a cell again
            seen.add(id(cell._tc))  # noqa: SLF001
        rows.append(texts)
    return rows
