"""Markdown as sections, and sections as units: blocks that are worth little without each other."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from groundwire_server.domain.document import PassageKind
from groundwire_server.markup.blocks import Block, BlockKind, Stretch, blocks
from groundwire_server.markup.html import without_html
from groundwire_server.markup.visible import visible

_LEAD_IN: Final = re.compile(r"[:：][*_`\s]*$")
_BOLD: Final = re.compile(r"(?P<mark>\*\*|__)(?:(?!(?P=mark))[^\n]){1,160}(?P=mark)[?？]?\s*$")
_FENCE: Final = re.compile(r" {0,3}(?:```|~~~)")

_QUOTATION_MARKS: Final = re.compile(r"^(?: {0,3}> ?)+", re.MULTILINE)
_CALLOUT: Final = re.compile(r"\A\[!\w+\][+-]?[ \t]*\n?")
"""The first line of a quotation that some renderers draw as a note: `[!WARNING]`."""

_PADDING: Final = re.compile(r"(?<=\|) {2,}| {2,}(?=\|)")
_DASHES: Final = re.compile(r"-{4,}")

_MOST_INTRODUCTIONS: Final = 8
"""Headings and lead-ins in a row that wait for what comes next; more of them introduce nothing."""

_KINDS: Final = {
    BlockKind.LIST: PassageKind.LIST,
    BlockKind.TABLE: PassageKind.TABLE,
    BlockKind.CODE: PassageKind.CODE,
}


class DocumentPart(NamedTuple):
    """A block as it goes into a chunk, without what is hidden.

    Attributes:
        text: of the block.
        block: the block.
        kind: of the text.
        page: on which it begins, from 1; 0 without pages.
        source: the text that the block is of: the document's, or what its HTML is in Markdown.
    """

    text: str
    block: Block
    kind: PassageKind
    page: int
    source: str

    @property
    def introduces(self) -> bool:
        """Whether it says little without the block after it: a heading, also one in bold, or a lead-in."""
        match self.block.kind:
            case BlockKind.HEADING:
                return True
            case BlockKind.PARAGRAPH:
                end = self.text[-8:]
                announces = (":" in end or "：" in end) and _LEAD_IN.search(end) is not None
                return announces or _BOLD.match(self.text) is not None
            case _:
                return False


@dataclass(slots=True)
class Section:
    """What stands under one heading, up to the next.

    Attributes:
        path: the headings, from the outermost.
        units: parts that belong together.
    """

    path: tuple[str, ...] = ()
    units: list[list[DocumentPart]] = field(default_factory=list)


def sections(text: str) -> Iterator[Section]:
    """Yield the sections of a Markdown text, in order.

    A heading without a text of its own stands before the first unit of the section after it.
    """
    path: list[tuple[int, str]] = []
    section = Section()
    pending: list[DocumentPart] = []
    for part in _parts(text):
        block = part.block
        if block.kind is BlockKind.HEADING:
            if pending and pending[-1].block.kind is not BlockKind.HEADING:
                section.units.append(pending)
                pending = []
            if section.units:
                yield section
            path = [each for each in path if each[0] < block.level] + [(block.level, block.title)]
            section = Section(tuple(title for _, title in path if title))
        if part.introduces and len(pending) < _MOST_INTRODUCTIONS:
            pending = [*pending, part]
        elif not pending and section.units and _follows(section.units[-1][-1], part):
            section.units[-1].append(part)
        else:
            section.units.append([*pending, part])
            pending = []
    if pending:
        section.units.append(pending)
    if section.units:
        yield section


def _follows(before: DocumentPart, part: DocumentPart) -> bool:
    """Return whether a part is code, a table or a list, which come with the paragraph before them."""
    return part.kind is not PassageKind.TEXT and before.block.kind is BlockKind.PARAGRAPH


def atoms(part: DocumentPart) -> tuple[str, Sequence[str], str]:
    """Return what a list, a table or code can be cut into.

    That is what is repeated before each of the smallest parts, these parts, and what follows each. Tables are without
    the spaces and dashes that align their columns: with them, a header is often too long to be repeated.
    """
    text, block = part.source, part.block
    match block.kind:
        case BlockKind.TABLE if block.header is not None:
            header, *delimiters = visible(_of(text, block.header), block.kind).splitlines()
            head = [_without_padding(header), *(_DASHES.sub("---", _without_padding(each)) for each in delimiters)]
            rows = [_without_padding(visible(_of(text, row), block.kind)) for row in block.parts]
            return "\n".join(head), rows, ""
        case BlockKind.CODE:
            return _lines_of_code(_of(text, Stretch(block.start, block.end)))
        case _:
            return "", [visible(_of(text, item), block.kind) for item in block.parts], ""


def _without_padding(row: str) -> str:
    return _PADDING.sub(" ", row)


def _parts(text: str) -> Iterator[DocumentPart]:
    page, known = int("\f" in text), 0
    for block in blocks(text):
        if page:
            page += text.count("\f", known, block.start)
            known = block.start
        if block.kind is BlockKind.HTML:
            yield from _parts_of_html(text[block.start : block.end], page)
        elif block.kind is BlockKind.QUOTE and _QUOTATION_MARKS.match(text, block.start):
            yield from _parts_of_quotation(text[block.start : block.end], page)
        elif (part := _shown(text, block, page)) is not None:
            yield part


def _parts_of_quotation(quotation: str, page: int) -> Iterator[DocumentPart]:
    source = _CALLOUT.sub("", _QUOTATION_MARKS.sub("", quotation))
    for block in blocks(source):
        if block.kind is BlockKind.HEADING:
            # What stands below the quotation does not stand under it.
            paragraph = block._replace(kind=BlockKind.PARAGRAPH)
            yield DocumentPart(f"**{block.title}**", paragraph, PassageKind.TEXT, page, source)
        elif (part := _shown(source, block, page)) is not None:
            yield part


def _parts_of_html(html: str, page: int) -> Iterator[DocumentPart]:
    source = without_html(html)
    yield from filter(None, (_shown(source, block, page) for block in blocks(source)))


def _shown(source: str, block: Block, page: int) -> DocumentPart | None:
    """Return a block as a part; None where nothing of it is shown."""
    if block.kind is BlockKind.HIDDEN:
        return None
    shown = visible(source[block.start : block.end], block.kind).rstrip()
    if block.kind is BlockKind.PARAGRAPH:
        shown = shown.lstrip()
    if not shown:
        return None
    return DocumentPart(shown, block, _KINDS.get(block.kind, PassageKind.TEXT), page, source)


def _of(text: str, stretch: Stretch) -> str:
    return text[stretch.start : stretch.end]


def _lines_of_code(text: str) -> tuple[str, Sequence[str], str]:
    first, *lines = text.splitlines() or [""]
    if not _FENCE.match(first):
        return "", [first, *lines], ""
    # A fence that is never closed ends with the document.
    closed = lines and _FENCE.match(lines[-1]) and lines[-1].strip().startswith(first.strip()[:3])
    return first, lines[:-1] if closed else lines, lines[-1] if closed else first.strip()[:3]
