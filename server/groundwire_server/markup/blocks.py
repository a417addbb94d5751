"""The blocks of a Markdown text: CommonMark with tables, front matter, admonitions and definition lists."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

_LINE_END: Final = re.compile(r"\r\n?|\n")
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


@dataclass(frozen=True, slots=True)
class Stretch:
    """Code points `start` to `end` (exclusive) of the text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
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
    "heading_open": BlockKind.HEADING,
    "paragraph_open": BlockKind.PARAGRAPH,
    "bullet_list_open": BlockKind.LIST,
    "ordered_list_open": BlockKind.LIST,
    "dl_open": BlockKind.LIST,
    "table_open": BlockKind.TABLE,
    "fence": BlockKind.CODE,
    "code_block": BlockKind.CODE,
    "blockquote_open": BlockKind.QUOTE,
    "admonition_open": BlockKind.QUOTE,
    "html_block": BlockKind.HTML,
    "front_matter": BlockKind.HIDDEN,
    "hr": BlockKind.HIDDEN,
}


def blocks(text: str) -> list[Block]:
    """Return the blocks of a Markdown text, in order.

    Definitions of links are in none of them. A form feed is read as white space.
    """
    lines = _Lines(text)
    found = [_block(tokens, lines) for tokens in _outermost(_parser().parse(text.replace("\f", " ")))]
    return list(_closed(found, text)) if any(block.kind is BlockKind.HTML for block in found) else found


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


class _Lines:
    """Where the lines of a text are."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text)), len(text)]

    def stretch(self, token: Token) -> Stretch:
        """Return the lines of a block, without the white space around them."""
        first, last = token.map or (0, 0)
        start, end = self._starts[first], self._starts[min(last, len(self._starts) - 1)]
        found = self._text[start:end]
        end = start + len(found.rstrip())
        # The first line keeps its indentation: it may be what makes the block.
        beginning = len(found) - len(found.lstrip("\r\n\f"))
        return Stretch(min(start + beginning, end), end)

    def hides(self, stretch: Stretch) -> bool:
        """Return whether nothing in a block of HTML is shown."""
        return _UNSEEN.match(self._text, stretch.start, stretch.end) is not None


def _block(tokens: Sequence[Token], lines: _Lines) -> Block:
    opening = tokens[0]
    whole = lines.stretch(opening)
    kind = _KINDS.get(opening.type, BlockKind.PARAGRAPH)
    match kind:
        case BlockKind.HEADING:
            return Block(whole.start, whole.end, kind, int(opening.tag[1:]), _title(tokens[1].content))
        case BlockKind.LIST:
            opened = _definitions(tokens) if opening.type == "dl_open" else _within(tokens, "list_item_open")
            items = tuple(map(lines.stretch, opened))
            return Block(whole.start, whole.end, kind, parts=items)
        case BlockKind.TABLE:
            rows = [lines.stretch(each) for each in _within(tokens, "tr_open", level=2)]
            below = tuple(rows[1:])
            header = Stretch(whole.start, _end_of_header(whole, below, lines, tokens))
            return Block(whole.start, whole.end, kind, parts=below, header=header)
        case BlockKind.HTML if lines.hides(whole):
            return Block(whole.start, whole.end, BlockKind.HIDDEN)
        case _:
            return Block(whole.start, whole.end, kind)


def _end_of_header(whole: Stretch, rows: Sequence[Stretch], lines: _Lines, tokens: Sequence[Token]) -> int:
    if not rows:
        return whole.end
    head = next(_within(tokens, "thead_open"))
    first, last = head.map or (0, 0)
    # The delimiter row belongs to neither the head nor the body.
    delimited = Token("thead_open", "", 1, map=[first, last + 1])
    return lines.stretch(delimited).end


def _definitions(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield a token for each term, or terms, of a definition list with what defines it."""
    # The terms' own tokens do not have their lines.
    start = end = (tokens[0].map or [0])[0]
    for token in tokens:
        if token.type == "dt_open" and token.level == 1 and end > start:
            yield Token("list_item_open", "", 1, map=[start, end])
            start = end
        elif token.type == "dd_open" and token.level == 1 and token.map:
            end = token.map[1]
    yield Token("list_item_open", "", 1, map=[start, end])


def _within(tokens: Sequence[Token], type_: str, level: int = 1) -> Iterator[Token]:
    return (token for token in tokens if token.type == type_ and token.level == level)


def _outermost(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield the tokens of each block of the outermost level."""
    start = 0
    for index, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            yield tokens[start : index + 1]
            start = index + 1


def _title(content: str) -> str:
    inline = _inline().parseInline(content)[0].children or []
    return " ".join("".join(token.content for token in inline if token.type != "html_inline").split())


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table").use(front_matter_plugin).use(admon_plugin).use(deflist_plugin)
    # What is within paragraphs is not looked at: it would take most of the time.
    return parser.disable(["inline", "text_join"])


@cache
def _inline() -> MarkdownIt:
    return MarkdownIt("commonmark")
