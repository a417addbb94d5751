"""The parser of Markdown: what it finds at the outermost level of a text, and where."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pyromark import Markdown, Options
from pyromark.event import Event, Range

_MARKDOWN: Final = Markdown(options=Options.ENABLE_TABLES)
_WITH_DEFINITIONS: Final = Markdown(options=Options.ENABLE_TABLES | Options.ENABLE_DEFINITION_LIST)
_DEFINITION: Final = re.compile(r"\n {0,3}:[ \t]")
_NO_DEFINITION: Final = re.compile(r"\n {0,3}:(?![\s-])")
"""Emoji, fields and directives, which the parser takes for definitions; not the line below the header of a table."""

TERM: Final = "DefinitionListTitle"
_PARTS: Final = ("Item", TERM, "DefinitionListDefinition", "TableHead", "TableRow")
_LISTS: Final = ("List", "DefinitionList")


class ParsedPart(NamedTuple):
    """A block within one of the outermost level; see `ParsedBlock`."""

    name: str
    start: int
    end: int


@dataclass(slots=True)
class ParsedBlock:
    """A block of the outermost level: CommonMark's, a table or a list of definitions.

    Attributes:
        name: of its kind, by the parser's words.
        start: its first code point behind the indentation of its line.
        end: the code point after its last, which may be the end of a line after it.
        level: of a heading, 1 to 6; 0 otherwise.
        title: of a heading, without its marks, in pieces.
        parts: the items of a list, its terms and their definitions, or the rows of a table, the header first.
    """

    name: str
    start: int
    end: int = 0
    level: int = 0
    title: list[str] = field(default_factory=list)
    parts: list[ParsedPart] = field(default_factory=list)


def outermost(text: str, begin: int = 0) -> Iterator[ParsedBlock]:
    """Yield the blocks of the outermost level, in order. A form feed is read as white space.

    Args:
        text: Markdown.
        begin: the code point from which it is read.
    """
    # After indented code, the parser loses lines that a carriage return alone ends.
    lines = text[begin:].replace("\f", " ").replace("\r\n", " \n").replace("\r", "\n")
    # Half of a surrogate pair has no form in UTF-8.
    source = lines.encode("utf-8", "replace")
    defines = _DEFINITION.search(lines) is not None and _NO_DEFINITION.search(lines) is None
    parser = _WITH_DEFINITIONS if defines else _MARKDOWN
    return _parsed(parser.events_with_range(source.decode()), _code_points(source, begin))


def as_html(text: str) -> str:
    """Return a Markdown text as HTML, with the HTML that is in it."""
    return _MARKDOWN.html(text)


def _parsed(events: Iterator[tuple[Event, Range]], code_point: Callable[[int], int]) -> Iterator[ParsedBlock]:
    block = ParsedBlock("", 0)
    depth = part = 0
    for event, place in events:
        if isinstance(event, str):
            if not depth:
                yield ParsedBlock(event, code_point(place["start"]), code_point(place["end"]))
            elif block.level:
                block.title.append(" ")
        elif "Start" in event:
            if not depth:
                block = _opened(event["Start"], code_point(place["start"]))
            elif depth == 1 and event["Start"] in _PARTS:
                part = code_point(place["start"])
            depth += 1
        elif "End" in event:
            depth -= 1
            if not depth:
                # By the parser's count, definitions of links below a list are in it.
                block.end = block.parts[-1].end if block.name in _LISTS else code_point(place["end"])
                yield block
            elif depth == 1 and isinstance(name := event["End"], str) and name in _PARTS:
                block.parts.append(ParsedPart(name, part, code_point(place["end"])))
        elif block.level:
            block.title.append(_said(event))


def _said(event: Mapping[str, object]) -> str:
    match event:
        case {"Text": str(text)} | {"Code": str(text)}:
            return text
        case _:
            return ""


def _opened(tag: str | Mapping[str, object], start: int) -> ParsedBlock:
    if isinstance(tag, str):
        return ParsedBlock(tag, start)
    (name, described), *_ = tag.items()
    match described:
        case {"level": str(level)}:
            return ParsedBlock(name, start, level=int(level[1:]))
        case _:
            return ParsedBlock(name, start)


def _code_points(source: bytes, first: int) -> Callable[[int], int]:
    """Return what returns the code point at a byte of UTF-8, the faster the nearer it is to the last one.

    Args:
        source: a text.
        first: the number of its first code point.
    """
    if source.isascii():
        return first.__add__
    known, found = 0, first

    def code_point(byte: int) -> int:
        nonlocal known, found
        between = len(source[min(known, byte) : max(known, byte)].decode())
        found += between if byte >= known else -between
        known = byte
        return found

    return code_point
