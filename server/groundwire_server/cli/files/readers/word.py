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
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.package import Package
from docx.parts.document import DocumentPart
from docx.text.paragraph import Paragraph
from lxml.etree import XMLSyntaxError

from groundwire_server.cli.files.readers import word_content
from groundwire_server.cli.files.readers.markdown import first_heading
from groundwire_server.cli.files.readers.port import FileContents, UnreadableContentError
from groundwire_server.markup import writing

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
    return FileContents(text + "\n", title=title, warnings=tuple(_warnings(document)))


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
                found = part._element.iter(qn("w:p"))  # noqa: SLF001  # python-docx shows a part of the paragraphs
                texts = [writing.line(word_content.text(each)) for each in found]
                yield from (text for text in texts if re.search(r"[^\W\d_]{2}", text))


def _warnings(document: Document) -> Iterator[str]:
    found = [name for name in ("ins", "del", "moveTo", "moveFrom") if _has(document, f"w:{name}")]
    if found:
        yield "has tracked changes: read as if all were accepted"
    if _has(document, "w:commentReference"):
        yield "the comments are left out"
    if _has(document, "w:altChunk"):
        yield "a file within it is left out"


def _has(document: Document, name: str) -> bool:
    return next(document.element.iter(qn(name)), None) is not None


class _Writer:
    """Writes the blocks of a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._formats = dict(_formats(document))
        self._all_notes = dict(_notes(document))

    def blocks(self) -> Iterator[str]:
        """Yield headings, paragraphs, lists and tables, and after each block the notes that it refers to."""
        yield from self._blocks(self._document.element.body)

    def _blocks(self, element: Any) -> Iterator[str]:
        items: list[tuple[int, bool, str]] = []
        code: list[str] = []
        after: list[str] = []
        for each in word_content.blocks(element):
            paragraph = Paragraph(each, self._document) if each.tag == qn("w:p") else None
            text = word_content.text(each) if paragraph is not None else ""
            item = self._item(paragraph, text) if paragraph is not None else None
            if items and item is None and (paragraph is None or text):
                yield _list(items)
                items = []
            is_code = paragraph is not None and item is None and _CODE.search(_style(paragraph)) is not None
            if code and not is_code:
                yield writing.code("\n".join(code))
                code = []
            if not items and not code:
                yield from after
                after = []
            if item is not None:
                items.append(item)
            elif paragraph is None:
                yield writing.table(word_content.rows(each))
            elif is_code:
                code.append(text)
            else:
                yield _paragraph(paragraph, text)
            after += self._notes(each)
            if paragraph is not None:
                after += [block for box in word_content.boxes(each) for block in self._blocks(box)]
        yield _list(items) if items else ""
        yield writing.code("\n".join(code)) if code else ""
        yield from after

    def _notes(self, element: Any) -> Iterator[str]:
        for kind, number in word_content.notes(element):
            texts = [word_content.text(each) for each in word_content.blocks(self._all_notes.get((kind, number), ()))]
            if any(texts):
                yield writing.prose(f"[{number}] {writing.line(' '.join(texts))}")

    def _item(self, paragraph: Paragraph, text: str) -> tuple[int, bool, str] | None:
        """Return level, whether it is numbered, and text of an item of a list."""
        style = _style(paragraph)
        if _HEADING.match(style) or not text:
            return None
        numbering = paragraph._p.find(f"{qn('w:pPr')}/{qn('w:numPr')}")  # noqa: SLF001  # python-docx has no other way
        if numbering is None and not style.startswith("List "):
            return None
        level, number = word_content.value(numbering, "w:ilvl"), word_content.value(numbering, "w:numId")
        if numbering is not None and number == 0:
            return None
        at = re.search(r"\d\Z", style)
        level = level if numbering is not None else int(at[0]) - 1 if at else 0
        format_ = self._formats.get((number, level), "bullet" if "Number" not in style else "decimal")
        return level, format_ != "bullet", text


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


def _notes(document: Document) -> Iterator[tuple[tuple[str, int], Any]]:
    """Yield the footnotes and endnotes, by kind and id."""
    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype in {RELATIONSHIP_TYPE.FOOTNOTES, RELATIONSHIP_TYPE.ENDNOTES}:
            for kind in ("footnote", "endnote"):
                for each in parse_xml(relation.target_part.blob).iter(qn(f"w:{kind}")):
                    yield (kind, word_content.number(each, "w:id")), each


def _paragraph(paragraph: Paragraph, text: str) -> str:
    if not text:
        return ""
    style = _style(paragraph)
    found = _HEADING.match(style)
    if style == "Title":
        return writing.heading(1, text)
    return writing.heading(int(found[1]), text) if found else writing.prose(text)


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
