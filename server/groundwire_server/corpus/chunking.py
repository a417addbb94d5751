"""Chunks of Markdown: whole units where they fit, and else cut where their structure allows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from groundwire_server.corpus.measure import CHUNK_CHARACTERS, TextMeasure
from groundwire_server.corpus.sections import DocumentPart, Section, atoms, sections
from groundwire_server.domain.document import PassageKind, Place
from groundwire_server.domain.text.sentences import whole_sentences

_TINY: Final = CHUNK_CHARACTERS // 4
"""Sections up to this size stand together under one parent."""

_BETWEEN: Final = "\n\n"


@dataclass(slots=True)
class ChunkDraft:
    """A chunk in the making.

    Attributes:
        section: the headings above it, from the outermost.
        page: of its first part.
        texts: of its parts, each with its kind.
        size: of them.
        of_children: whether it is of sections that stand together under their parent, without that one's own text.
    """

    section: tuple[str, ...]
    page: int
    texts: list[tuple[str, PassageKind]] = field(default_factory=list)
    size: int = 0
    of_children: bool = False

    def add(self, text: str, kind: PassageKind, size: int) -> None:
        """Add a part's text."""
        self.texts.append((text, kind))
        self.size += size + len(_BETWEEN)

    @property
    def text(self) -> str:
        """The chunk's text."""
        return _BETWEEN.join(text for text, _ in self.texts)

    def place(self, parent: int | None = None) -> Place:
        """Return where it stands. Its kind is the one that most of its text has.

        Args:
            parent: the ordinal of the first passage under the heading above its own.
        """
        kind = self.texts[0][1]
        if any(each is not kind for _, each in self.texts):
            kind = max(PassageKind, key=self._length)
        return Place(self.section, self.page, kind, parent)

    def _length(self, kind: PassageKind) -> int:
        return sum(len(text) for text, each in self.texts if each is kind)


def chunks(text: str, measure: TextMeasure) -> Iterator[ChunkDraft]:
    """Yield the chunks of a Markdown text, in order.

    A chunk is of one section, except that tiny ones under one parent stand together.
    """
    tiny: ChunkDraft | None = None
    for section in sections(text):
        found = list(_Section(section, measure).drafts())
        if tiny is not None and _stand_together(tiny, found):
            parent = section.path[:-1]
            tiny.of_children = tiny.of_children or tiny.section != parent
            tiny.section = parent
            tiny.texts += found[0].texts
            tiny.size += found[0].size
            continue
        if tiny is not None:
            yield tiny
        tiny = None
        if len(found) == 1 and found[0].size <= _TINY and found[0].section:
            (tiny,) = found
        else:
            yield from found
    if tiny is not None:
        yield tiny


class ParentPassages:
    """Where the text begins that stands under the heading above a chunk's own, told while the chunks come in order."""

    def __init__(self) -> None:
        self._count = 0
        self._above: list[tuple[tuple[str, ...], int]] = []

    def of_next(self, draft: ChunkDraft) -> int | None:
        """Return the ordinal of that text's first chunk; None where there is none."""
        path = draft.section
        self._above = [each for each in self._above if each[0] == path[: len(each[0])]]
        # Sections that stand together have the path of their parent.
        deepest = len(path) if draft.of_children else len(path) - 1
        parent = next((ordinal for above, ordinal in reversed(self._above) if len(above) <= deepest), None)
        if path and not draft.of_children and (not self._above or self._above[-1][0] != path):
            self._above.append((path, self._count))
        self._count += 1
        return parent


def _stand_together(before: ChunkDraft, found: Sequence[ChunkDraft]) -> bool:
    if len(found) != 1 or found[0].size > _TINY or before.size + found[0].size > CHUNK_CHARACTERS:
        return False
    parent = found[0].section[:-1]
    return bool(found[0].section) and parent in (before.section[:-1], before.section)


class _Section:
    """The chunks of one section."""

    def __init__(self, section: Section, measure: TextMeasure) -> None:
        self._section = section
        self._measure = measure

    def drafts(self) -> Iterator[ChunkDraft]:
        """Yield the chunks: as many units in each as fit."""
        draft = self._new(0)
        for unit in self._section.units:
            sizes = [self._measure.size(part.text) for part in unit]
            size = sum(sizes) + len(_BETWEEN) * len(sizes)
            if draft.texts and draft.size + size > CHUNK_CHARACTERS:
                yield draft
                draft = self._new(unit[0].page)
            if size > CHUNK_CHARACTERS:
                # What is left of a long unit may stand with the units after it.
                *whole, draft = self._cut(unit, sizes)
                yield from whole
                continue
            draft.page = draft.page if draft.texts else unit[0].page
            for part, each in zip(unit, sizes, strict=True):
                draft.add(part.text, part.kind, each)
        if draft.texts:
            yield draft

    def _new(self, page: int) -> ChunkDraft:
        return ChunkDraft(self._section.path, page)

    def _cut(self, unit: Sequence[DocumentPart], sizes: Sequence[int]) -> list[ChunkDraft]:
        """Cut a unit that is too long for one chunk at its last part; what comes before stays with that."""
        *before, body = unit
        first = self._new(unit[0].page)
        found: list[ChunkDraft] = []
        if sum(sizes[:-1]) <= CHUNK_CHARACTERS // 2:
            for part, size in zip(before, sizes, strict=False):
                first.add(part.text, part.kind, size)
        else:
            found, first = self._cut_before(before)
        if body.kind is PassageKind.TEXT or (body.kind is PassageKind.LIST and not body.block.parts):
            room = CHUNK_CHARACTERS - first.size
            stretches = self._measure.cut_first(body.text, room) if room else self._measure.cut(body.text)
            return found + self._each(first, stretches, body)
        return found + self._cut_block(first, body, before[-1].text if before else "")

    def _cut_before(self, before: Sequence[DocumentPart]) -> tuple[list[ChunkDraft], ChunkDraft]:
        """Return the chunks of a long introduction, and one that begins with its last sentence."""
        *others, paragraph = before
        start = max((start for start, _ in whole_sentences(paragraph.text)), default=0)
        last = paragraph.text[start:]
        size = self._measure.size(last)
        draft = self._new(paragraph.page)
        if size > CHUNK_CHARACTERS // 2 or not start:
            return self._all(before), draft
        draft.add(last, PassageKind.TEXT, size)
        return self._all([*others, paragraph._replace(text=paragraph.text[:start].rstrip())]), draft

    def _all(self, unit: Sequence[DocumentPart]) -> list[ChunkDraft]:
        sizes = [self._measure.size(part.text) for part in unit]
        if sum(sizes) > CHUNK_CHARACTERS:
            return self._cut(unit, sizes)
        draft = self._new(unit[0].page)
        for part, size in zip(unit, sizes, strict=True):
            draft.add(part.text, part.kind, size)
        return [draft]

    def _each(self, first: ChunkDraft, stretches: Sequence[str], part: DocumentPart) -> list[ChunkDraft]:
        """Return a chunk for each stretch; the first of them has a beginning already."""
        drafts = [first, *(self._new(part.page) for _ in stretches[1:])]
        for draft, stretch in zip(drafts, stretches, strict=True):
            draft.add(stretch, PassageKind.TEXT, self._measure.size(stretch))
        return drafts

    def _cut_block(self, first: ChunkDraft, body: DocumentPart, lead_in: str) -> list[ChunkDraft]:
        """Cut a list at its items, a table at its rows, code at its lines; repeat what they say nothing without."""
        head, parts, tail = atoms(body)
        around = self._measure.size(head) + self._measure.size(tail) + 2 if head or tail else 0
        if around > CHUNK_CHARACTERS // 2:
            head, parts, tail, around = "", body.text.splitlines(), "", 0
        again = self._measure.size(lead_in) + len(_BETWEEN) if lead_in and body.kind is PassageKind.LIST else 0
        again = again if again <= _TINY else 0
        drafts, draft = [first], first
        room = CHUNK_CHARACTERS - around - max(first.size, again)
        if room < _TINY:
            room, draft = CHUNK_CHARACTERS - around - again, self._new(body.page)
            drafts.append(draft)
        lines, size = list[str](), around
        for text, weight in self._fitting(parts, room):
            if lines and draft.size + size + weight > CHUNK_CHARACTERS:
                draft.add(_block(head, lines, tail), body.kind, size)
                draft, lines, size = self._new(body.page), [], around
                drafts.append(draft)
                if again:
                    draft.add(lead_in, PassageKind.TEXT, again - len(_BETWEEN))
            lines.append(text)
            size += weight
        draft.add(_block(head, lines, tail), body.kind, size)
        return drafts

    def _fitting(self, parts: Sequence[str], most: int) -> Iterator[tuple[str, int]]:
        """Yield the parts with their sizes, those that are too long in stretches."""
        for part in parts:
            size = self._measure.size(part) + 1
            if size <= most:
                yield part, size
            else:
                for stretch in self._measure.cut(part, most - 1):
                    yield stretch, self._measure.size(stretch) + 1


def _block(head: str, lines: Sequence[str], tail: str) -> str:
    return "\n".join((*((head,) if head else ()), *lines, *((tail,) if tail else ())))
