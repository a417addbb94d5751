"""What a passage can be quoted by: its sentences, items, rows and code, and what leads to them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from groundwire_server.domain.document import PassageKind, Sentence
from groundwire_server.domain.evidence import Passage
from groundwire_server.markup.admonitions import opened
from groundwire_server.markup.blocks import Block, BlockKind, Stretch, blocks
from groundwire_server.markup.tables import Row, rows

_MAY_HAVE_BLOCKS: Final = re.compile(
    r"^(?: {0,3}(?:#{1,6}\s|[-*+>]|\d{1,9}[.)]\s|\||`{3}|~{3}|=+\s*$|!{3}|<!--|:\s|([\^\"+])\1\1)"
    r"|\s*\|| {2,}\S|\t|---)",
    re.MULTILINE,
)
"""A text without such a line is nothing but paragraphs, and need not be parsed."""

_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})")
_BRACKETS: Final = "\"'”’»)(][」』）*_`"
_QUESTION_MARKS: Final = ("?", "؟", "？")
_COLONS: Final = (":", "：")
_FULL_STOPS: Final = (*".!…;。！।॥", *_COLONS)
"""What a heading does not end with."""

_OPEN_ENDED: Final = (BlockKind.CODE, BlockKind.LIST, BlockKind.TABLE)
"""What a line without a full stop leads to, where it comes next."""

_UNDERLINE: Final = re.compile(r"\n([*^\"+~])\1{2,}[ \t]*(?=\n|\Z)")
"""A rule right below a line, by which plain text marks headings; Markdown has others."""

_INDENTED: Final = re.compile(r" {2,3}\S[^\n]*(?:\n {2,}[^\n]*)*\Z")
_CODE_SIGNS: Final = re.compile(r"[=(){}\[\]<>$/\\_;|#\"`]|--|::|\w\.\w")
_PROSE_WORDS: Final = 6
"""Words of a line without any sign of code that make it prose, which somebody has indented."""


class PartKind(Enum):
    """What a part of a passage is."""

    SENTENCE = "sentence"
    HEADING = "heading"
    """Also a paragraph that is nothing but a question: what follows answers it."""
    LEAD = "lead"
    """A sentence that says only that something follows."""
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of the passage that has the handle."""

    handle: str
    text: str
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a passage that is weighed as one.

    Attributes:
        handle: of the passage.
        stretch: in the passage's text.
        text: the same, on one line; of a row, with the names of its columns.
        kind: what it is.
        block: the number of its block in the passage.
        candidates: the indexes of the sentences that it shares text with.
        context: what stands above it and says what it is about: headings, the lead-in, the header of a table.
        row: the row, where it is one.
    """

    handle: str
    stretch: Stretch
    text: str
    kind: PartKind
    block: int
    candidates: Sequence[int]
    context: str = ""
    row: Row | None = None

    @property
    def alone(self) -> bool:
        """Whether it answers nothing by itself."""
        return self.kind in (PartKind.HEADING, PartKind.LEAD)


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of all passages, in order, and their blocks.

    Attributes:
        parts: passage after passage, in the order of its text.
        blocks: of each passage, by its handle.
        of_block: the indexes of the parts of a block, by the passage's handle and the block's number.
    """

    parts: list[Part] = field(default_factory=list)
    blocks: dict[str, Sequence[Block]] = field(default_factory=dict)
    of_block: dict[tuple[str, int], list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, passages: Mapping[str, Passage], candidates: Sequence[Candidate]) -> "Layout":
        """Return the layout of passages.

        Args:
            passages: by handle.
            candidates: their sentences, in order.
        """
        layout = cls()
        of_passage: dict[str, list[int]] = {}
        for index, candidate in enumerate(candidates):
            of_passage.setdefault(candidate.handle, []).append(index)
        for handle, indexes in of_passage.items():
            passage = passages[handle]
            layout.blocks[handle] = _blocks(passage)
            for part in _parts(handle, passage, layout.blocks[handle], candidates, indexes):
                layout.of_block.setdefault((handle, part.block), []).append(len(layout.parts))
                layout.parts.append(part)
        return layout

    def block(self, part: Part) -> Block:
        """Return the block that a part is of."""
        return self.blocks[part.handle][part.block]

    def siblings(self, part: Part) -> Sequence[int]:
        """Return the parts of the same block."""
        return self.of_block[part.handle, part.block]

    def following(self, part: Part) -> Iterator[tuple[Block, Sequence[int]]]:
        """Yield the blocks after a part's, each with its parts; what no reader sees has none and is left out."""
        for number in range(part.block + 1, len(self.blocks[part.handle])):
            if indexes := self.of_block.get((part.handle, number)):
                yield self.blocks[part.handle][number], indexes

    def last_before(self, part: Part) -> int | None:
        """Return the part that ends the block before a part's."""
        before = self.siblings(part)[0] - 1
        return before if before >= 0 and self.parts[before].handle == part.handle else None


def on_one_line(text: str) -> str:
    """Return a text with one space for all white space in a row."""
    return " ".join(text.split())


def asks(text: str) -> bool:
    """Return whether a sentence is a question."""
    return text.rstrip(_BRACKETS).endswith(_QUESTION_MARKS)


def leads_in(text: str) -> bool:
    """Return whether a sentence announces what follows it."""
    return text.rstrip(_BRACKETS).endswith(_COLONS)


def ends_as_sentence(text: str) -> bool:
    """Return whether a text ends as a sentence does, and not as a heading."""
    return text.rstrip(_BRACKETS).endswith(_FULL_STOPS)


def _blocks(passage: Passage) -> Sequence[Block]:
    text = passage.text
    kind = BlockKind.CODE if passage.place.kind is PassageKind.CODE else BlockKind.PARAGRAPH
    if not _MAY_HAVE_BLOCKS.search(text):
        return [Block(0, len(text), kind)]
    found = blocks(text)
    if kind is BlockKind.CODE and all(each.kind is BlockKind.PARAGRAPH for each in found):
        # Part of a long block of code: its fences are elsewhere.
        return [Block(0, len(text), kind)]
    inner = (each for block in found for each in opened(text, block))
    return [_of_plain_text(text, block) for block in inner]


def _of_plain_text(text: str, block: Block) -> Block:
    """Return a block as what it is in plain text, which marks headings and code in other ways than Markdown."""
    if _is_prose(text, block):
        return Block(block.start, block.end, BlockKind.PARAGRAPH)
    if block.kind is not BlockKind.PARAGRAPH:
        return block
    line_end = text.find("\n", block.start, block.end)
    title_end = block.end if line_end < 0 else line_end
    underline = _UNDERLINE.match(text, title_end)
    if underline and underline.end() >= block.end:
        return Block(block.start, block.end, BlockKind.HEADING, 1, text[block.start : title_end].strip())
    said = text[block.start : block.end]
    if _INDENTED.match(said) and _CODE_SIGNS.search(said) and not any(map(_reads_as_prose, said.splitlines())):
        return Block(block.start, block.end, BlockKind.CODE)
    return block


def _reads_as_prose(line: str) -> bool:
    """Return whether a line has enough words, most of them without signs."""
    words = line.split()
    return len(words) >= _PROSE_WORDS and 2 * sum(word.isalpha() for word in words) >= len(words)


def _is_prose(text: str, block: Block) -> bool:
    """Return whether a block is code by nothing but its indentation, which a plain text may have for another reason."""
    if block.kind is not BlockKind.CODE or _FENCE.match(text, block.start, block.end):
        return False
    lines = [line for line in text[block.start : block.end].splitlines() if line.strip()]
    prose = [line for line in lines if len(line.split()) >= _PROSE_WORDS and not _CODE_SIGNS.search(line)]
    return len(prose) * 2 > len(lines)


def _parts(
    handle: str, passage: Passage, found: Sequence[Block], candidates: Sequence[Candidate], indexes: Sequence[int]
) -> Iterator[Part]:
    """Yield the parts of a passage.

    Args:
        handle: of the passage.
        passage: the passage.
        found: its blocks.
        candidates: the sentences of all passages.
        indexes: those of this one.
    """
    text = passage.text
    section = [passage.title, *passage.place.section]
    levels: list[tuple[int, str]] = []
    lead = ""

    def part(stretch: Stretch, kind: PartKind, number: int, above: str = "", row: Row | None = None) -> Part:
        shared = [
            index
            for index in indexes
            if candidates[index].sentence.start < stretch.end and stretch.start < candidates[index].sentence.end
        ]
        said = row.said() if row else on_one_line(text[stretch.start : stretch.end])
        context = "\n".join(dict.fromkeys(filter(None, [*section, *(title for _, title in levels), above])))
        return Part(handle, stretch, said, kind, number, shared, context, row)

    for number, block in enumerate(found):
        match block.kind:
            case BlockKind.HIDDEN:
                continue
            case BlockKind.HEADING:
                levels = [each for each in levels if each[0] < block.level]
                yield part(Stretch(block.start, block.end), PartKind.HEADING, number)
                levels.append((block.level, block.title))
                lead = ""
            case BlockKind.LIST if block.parts:
                for item in block.parts:
                    yield part(item, PartKind.ITEM, number, lead)
            case BlockKind.TABLE if block.parts:
                for row in rows(text, block):
                    yield part(row.stretch, PartKind.ROW, number, lead, row)
            case BlockKind.TABLE:
                # A header without rows says nothing.
                yield part(Stretch(block.start, block.end), PartKind.LEAD, number)
            case BlockKind.CODE:
                yield part(Stretch(block.start, block.end), PartKind.CODE, number, lead)
            case _:
                next_kind = found[number + 1].kind if number + 1 < len(found) else None
                yield from (
                    part(stretch, kind, number)
                    for stretch, kind in _sentences(text, block, next_kind, candidates, indexes)
                )
        if block.kind is not BlockKind.HEADING:
            last = text[block.start : block.end].rstrip().rpartition("\n")[2]
            lead = last if leads_in(last) else ""


def _sentences(
    text: str, block: Block, next_kind: BlockKind | None, candidates: Sequence[Candidate], indexes: Sequence[int]
) -> Iterator[tuple[Stretch, PartKind]]:
    """Yield the sentences of a paragraph with what they are."""
    stretches = [
        Stretch(max(sentence.start, block.start), min(sentence.end, block.end))
        for sentence in (candidates[index].sentence for index in indexes)
        if sentence.start < block.end and block.start < sentence.end
    ]
    for stretch in stretches:
        said = on_one_line(text[stretch.start : stretch.end])
        last = stretch is stretches[-1]
        if asks(said) and len(stretches) == 1:
            yield stretch, PartKind.HEADING
        elif leads_in(said) or _is_bare_row(said) or (last and next_kind in _OPEN_ENDED and not ends_as_sentence(said)):
            yield stretch, PartKind.LEAD
        else:
            yield stretch, PartKind.SENTENCE


def _is_bare_row(said: str) -> bool:
    """Return whether a line is the row of a table whose header is not known, or whose cells run over several lines."""
    return said.startswith("|") and said.endswith("|")
