"""DOCX: headings, lists, tables, and what stands at the head and foot of its pages. Macros are not looked at."""

import io
import re
import zipfile
from collections.abc import Iterator
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
from groundwire_server.cli.files.readers.word_lists import ListItem, Lists, written
from groundwire_server.markup import writing

_HEADING: Final = re.compile(r"(?:heading|überschrift|titre|título) ?(\d)\Z", re.IGNORECASE)
_CODE: Final = re.compile(r"code|preformatted|macro text|source", re.IGNORECASE)
_WITH_MACROS: Final = "application/vnd.ms-word.document.macroEnabled.main+xml"
_STRICT: Final = "is Strict Open XML: save it as an ordinary DOCX"
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
        raise UnreadableContentError(_STRICT if _is_strict(content) else _DAMAGED) from wrong
    if part.content_type not in {CONTENT_TYPE.WML_DOCUMENT_MAIN, _WITH_MACROS}:
        raise UnreadableContentError(_DAMAGED)
    document: Document = part.document
    for link in document.element.iter(qn("w:hyperlink")):
        relation = document.part.rels.get(link.get(qn("r:id")))
        if relation is not None and relation.is_external:
            link.set(word_content.TARGET, relation.target_ref)
    return document


def _is_strict(content: bytes) -> bool:
    """Return whether the relations of a package are named as in Strict Open XML, which python-docx does not read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return b"purl.oclc.org/ooxml" in archive.read("_rels/.rels")
    except (KeyError, zipfile.BadZipFile, OSError):
        return False


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
        heads = section.first_page_header, section.header, section.even_page_header
        feet = section.first_page_footer, section.footer, section.even_page_footer
        for part in (*heads, *feet):
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
        self._lists = Lists(document)
        self._all_notes = dict(_notes(document))

    def blocks(self) -> Iterator[str]:
        """Yield headings, paragraphs, lists and tables, and after each block the notes that it refers to."""
        yield from self._blocks(self._document.element.body)

    def _blocks(self, element: Any) -> Iterator[str]:
        items: list[ListItem] = []
        code: list[str] = []
        after: list[str] = []
        for each in word_content.blocks(element):
            paragraph = Paragraph(each, self._document) if each.tag == qn("w:p") else None
            text = word_content.text(each) if paragraph is not None else ""
            item = self._item(paragraph, text) if paragraph is not None and text else None
            if items and item is None and (paragraph is None or text):
                yield written(items)
                self._lists.end()
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
                yield from self._table(each)
            elif is_code:
                code.append(text)
            else:
                yield _paragraph(paragraph, text)
            after += self._notes(each)
            if paragraph is not None:
                after += [block for box in word_content.boxes(each) for block in self._blocks(box)]
        yield written(items)
        yield writing.code("\n".join(code)) if code else ""
        yield from after

    def _item(self, paragraph: Paragraph, text: str) -> ListItem | None:
        return None if _HEADING.match(_style(paragraph)) else self._lists.item(paragraph, text)

    def _table(self, element: Any) -> Iterator[str]:
        cells = word_content.cells(element)
        for cell in cells:
            yield from self._blocks(cell)
        if not cells:
            yield from writing.headed_table(word_content.rows(element))

    def _notes(self, element: Any) -> Iterator[str]:
        for kind, number in word_content.notes(element):
            texts = [word_content.text(each) for each in word_content.blocks(self._all_notes.get((kind, number), ()))]
            if any(texts):
                yield writing.prose(f"[{number}] {writing.line(' '.join(texts))}")


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
