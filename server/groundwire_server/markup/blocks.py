"""The blocks of a Markdown text: CommonMark with tables, front matter, admonitions and definition lists."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, NamedTuple

from groundwire_server.markup.parsing import TERM, ParsedBlock, ParsedPart, outermost

_FRONT_MATTER: Final = re.compile(
    r"---[ \t]*(?:\r\n?|\n)(?![ \t]*[\r\n])(?:.*?[\r\n])??(?:---|\.\.\.)[ \t]*(?=[\r\n]|\Z)", re.DOTALL
)
"""A rule at the beginning of a text with something right below it, up to the next rule."""

_ADMONITION: Final = re.compile(
    r" {0,3}(?:!!!|\?\?\?\+?)[ \t]*\w[^\r\n]*(?:(?:\r\n?|\n)(?:(?: {4}| {0,3}\t)[^\r\n]*|[ \t]*(?=[\r\n])))*"
)
"""A marker with a name, and the indented lines below it."""

_LINE_END: Final = re.compile(r"[\r\n]")
_UNSEEN: Final = re.compile(
    r"(?:\s|<!--(?>.*?(?:-->|\Z))|<(script|style|template)\b(?>.*?(?:</\1\s*>|\Z)))+\Z", re.DOTALL | re.IGNORECASE
)

_CONTAINER: Final = re.compile(r"<(/?)(?:table|ul|ol|dl)\b", re.IGNORECASE)


class BlockKind(Enum):
    """What a block is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CODE = "code"
    QUOTE = "quote"
    """A quotation or an admonition: blocks within a block."""
    HTML = "html"
    """Tags with what is between them."""
    HIDDEN = "hidden"
    """What no reader sees: front matter, comments, rules between paragraphs."""


class Stretch(NamedTuple):
    """Code points `start` to `end` (exclusive) of the text."""

    start: int
    end: int


class Block(NamedTuple):
    """A block at the outermost level of a text: whole lines, without the blank ones around them.

    Attributes:
        start: its first code point.
        end: the code point after its last.
        kind: what it is.
        level: of a heading, 1 to 6; 0 otherwise.
        title: of a heading, without its marks.
        parts: of a list its items, each with all that is nested in it, or its terms, each with what defines it; of a
            table its rows below the header.
        header: of a table, its header with the delimiter row.
    """

    start: int
    end: int
    kind: BlockKind
    level: int = 0
    title: str = ""
    parts: tuple[Stretch, ...] = ()
    header: Stretch | None = None


_KINDS: Final = {
    "Heading": BlockKind.HEADING,
    "List": BlockKind.LIST,
    "DefinitionList": BlockKind.LIST,
    "Table": BlockKind.TABLE,
    "CodeBlock": BlockKind.CODE,
    "BlockQuote": BlockKind.QUOTE,
    "HtmlBlock": BlockKind.HTML,
    "Rule": BlockKind.HIDDEN,
}
"""By the parser's names; what else it finds is a paragraph."""


def blocks(text: str) -> list[Block]:
    """Return the blocks of a Markdown text, in order.

    Definitions of links are in none of them. A form feed is read as white space.
    """
    front = _FRONT_MATTER.match(text)
    begin = front.end() if front else 0
    found = [_block(parsed, text) for parsed in outermost(text, begin)]
    if "!!!" in text or "???" in text:
        found = list(_with_admonitions(found, text))
    if any(block.kind is BlockKind.HTML for block in found):
        found = list(_closed(found, text))
    return [Block(0, begin, BlockKind.HIDDEN), *found] if front else found


def _block(parsed: ParsedBlock, text: str) -> Block:
    whole = _lines(text, parsed.start, parsed.end)
    kind = _KINDS.get(parsed.name, BlockKind.PARAGRAPH)
    match kind:
        case BlockKind.HEADING:
            return Block(whole.start, whole.end, kind, parsed.level, " ".join("".join(parsed.title).split()))
        case BlockKind.LIST:
            parts = _terms(parsed.parts) if parsed.name == "DefinitionList" else _places(parsed.parts)
            items = tuple(_lines(text, start, end) for start, end in parts)
            return Block(whole.start, whole.end, kind, parts=items)
        case BlockKind.TABLE:
            head, *rows = parsed.parts
            # The row of delimiters comes after it, and is neither part of it nor a row.
            header = _lines(text, parsed.start, _line_end(text, head.end))
            below = tuple(_lines(text, start, end) for start, end in _places(rows))
            return Block(whole.start, whole.end, kind, parts=below, header=header)
        case BlockKind.HTML if _UNSEEN.match(text, whole.start, whole.end):
            return Block(whole.start, whole.end, BlockKind.HIDDEN)
        case _:
            return Block(whole.start, whole.end, kind)


def _places(parts: Iterable[ParsedPart]) -> Iterator[tuple[int, int]]:
    return ((part.start, part.end) for part in parts)


def _terms(parts: Sequence[ParsedPart]) -> Iterator[tuple[int, int]]:
    """Yield where each term, or terms, of a definition list begins, and where what defines it ends."""
    start = end = parts[0].start
    for part in parts:
        if part.name == TERM and end > start:
            yield start, end
            start = part.start
        elif part.name != TERM:
            end = part.end
    yield start, end


def _lines(text: str, start: int, end: int) -> Stretch:
    """Return lines without the white space after them; the first keeps its indentation, which may say what it is."""
    while start and text[start - 1] in " \t":
        start -= 1
    return Stretch(start, start + len(text[start:end].rstrip()))


def _line_end(text: str, position: int) -> int:
    found = _LINE_END.search(text, position)
    return found.start() if found else len(text)


def _with_admonitions(found: Iterable[Block], text: str) -> Iterator[Block]:
    """Yield the blocks, those of an admonition as one: the parser takes it for a paragraph with code below it."""
    whole: Block | None = None
    end = 0
    for block in found:
        if whole is not None and block.start < end:
            whole = whole._replace(end=block.end)
            continue
        if whole is not None:
            yield whole
        admonition = _ADMONITION.match(text, block.start) if block.kind is BlockKind.PARAGRAPH else None
        if admonition is None:
            whole = None
            yield block
        else:
            whole, end = Block(block.start, block.end, BlockKind.QUOTE), admonition.end()
    if whole is not None:
        yield whole


def _closed(found: Sequence[Block], text: str) -> Iterator[Block]:
    """Yield blocks, those from an opening tag of a table or list to the closing one as a single block.

    CommonMark ends a block of HTML at a blank line, whatever is open.
    """
    ends = _ends_of_containers([_count_open(text, block) if block.kind is BlockKind.HTML else 0 for block in found])
    place = 0
    while place < len(found):
        end = ends.get(place, place)
        yield found[place] if end == place else Block(found[place].start, found[end].end, BlockKind.HTML)
        place = end + 1


def _ends_of_containers(opened: Sequence[int]) -> Mapping[int, int]:
    """Return where what each block opens is closed, by the blocks' numbers.

    Args:
        opened: how many tables and lists each block opens and does not close; negative where it closes more.
    """
    ends = dict[int, int]()
    waiting: list[tuple[int, int]] = []
    depth = 0
    for place, count in enumerate(opened):
        if count > 0:
            waiting.append((depth, place))
        depth += count
        while waiting and depth <= waiting[-1][0]:
            ends[waiting.pop()[1]] = place
    return ends


def _count_open(text: str, block: Block) -> int:
    """Return how many tables and lists a block of HTML opens and does not close."""
    tags = _CONTAINER.findall(text, block.start, block.end)
    return sum(-1 if tag == "/" else 1 for tag in tags)
