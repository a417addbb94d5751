"""HTML as Markdown: what a reader of the page sees of it."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from groundwire_server.markup import writing
from groundwire_server.markup.headers import HeadedRows, headed
from groundwire_server.markup.html_tree import HEADINGS, Element, Node, parse
from groundwire_server.markup.parsing import as_html

_UNSEEN: Final = frozenset(
    "audio base button canvas dialog head iframe img input link meta noscript object script select style svg template"
    " textarea title video".split()
)
_HIDDEN_STYLE: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_MARKS: Final = {"b": "**", "strong": "**", "em": "*", "i": "*", "s": "~~", "del": "~~", "strike": "~~"}
_CODE: Final = frozenset({"code", "samp", "tt"})
_LISTS: Final = frozenset({"ul", "ol", "menu", "dir"})
_LANGUAGE: Final = re.compile(r"(?:^|\s)lang(?:uage)?-(\S+)")

_MARK: Final = re.compile(r"<(?=[A-Za-z/!?])|`{3,}|~{3,}")
"""What Markdown takes for a tag or a fence."""

_TIGHT: Final = re.compile(r"\A([^\n]+)\n\n(- |1\. )")
"""An item with a list of its own."""

_SPACE: Final = re.compile(r"[ \t\r\n\f]+")
_TICKS: Final = re.compile(r"`+")

_LAST_NUMBER: Final = 99_999_999
"""Of an item: Markdown has no more digits."""

_MOST_CELLS: Final = 200_000
"""Cells of a table, empty ones included; one with more is read as lines."""


def markdown_of(html: str) -> str:
    """Return HTML as Markdown: tables, lists, code and headings as such, everything else as paragraphs."""
    return writing.joined(_blocks(parse(html)))


def without_html(text: str) -> str:
    """Return a block of HTML in a Markdown text, with the Markdown that is between its tags, as Markdown alone."""
    return markdown_of(as_html(text))


def _blocks(element: Element) -> Iterator[str]:
    """Yield the blocks within an element."""
    line: list[Node] = []
    for child in element.children:
        if isinstance(child, str) or not _is_block(child):
            line.append(child)
            continue
        yield writing.plain(_inline(line))
        line = []
        if not _is_hidden(child):
            yield from _block(child)
    yield writing.plain(_inline(line))


def _block(element: Element) -> Iterator[str]:
    match element.name:
        case name if name in HEADINGS:
            # A heading that is a picture alone, such as a logo, says what the picture stands for.
            alternatives = (image.attributes.get("alt", "").strip() for image in element.all({"img"}))
            text = _inline(element.children) or next(filter(None, alternatives), "")
            yield writing.heading(HEADINGS[name], text) if text else ""
        case "ol":
            yield writing.items(_items(element), start=element.number("start", _LAST_NUMBER))
        case name if name in _LISTS:
            yield writing.items(_items(element))
        case "dl":
            yield writing.items(_definitions(element))
        case "pre":
            yield _code_block(element)
        case "blockquote":
            yield "\n".join(f"> {line}".rstrip() for line in writing.joined(_blocks(element)).splitlines())
        case "summary" if not element.holds_blocks:
            text = writing.line(_inline(element.children)).replace("**", "")
            yield f"**{text}**" if text else ""
        case "table":
            yield from _table(element)
        case _:
            yield from _blocks(element)


def _is_block(element: Element) -> bool:
    return element.is_block or element.holds_blocks


def _is_hidden(element: Element) -> bool:
    if element.name in _UNSEEN:
        return element.name != "dialog" or "open" not in element.attributes
    if not element.source:
        return False
    said = element.attributes
    hidden = "hidden" in said or said.get("aria-hidden") == "true"
    return hidden or _HIDDEN_STYLE.search(said.get("style", "")) is not None


def _inline(nodes: Iterable[Node]) -> str:
    """Return what stands within a line, with marks; a line feed is a line break of the page."""
    lines = "".join(map(_marked, nodes)).split("\n")
    return "\n".join(filter(None, (_SPACE.sub(" ", each).strip(" ") for each in lines)))


def _marked(node: Node) -> str:
    if isinstance(node, str):
        return _MARK.sub(r"\\\g<0>", _SPACE.sub(" ", node))
    if _is_hidden(node):
        return ""
    if node.name == "br":
        return "\n"
    if node.name in _CODE:
        return _code_span(_plain(node))
    inner = "".join(map(_marked, node.children))
    said = inner.strip()
    mark = _MARKS.get(node.name, "")
    if mark and said and mark not in said and "\n" not in said:
        return inner.replace(said, f"{mark}{said}{mark}")
    return writing.link(inner, node.attributes.get("href", "")) if node.name == "a" else inner


def _plain(element: Element) -> str:
    """Return the text of an element as it is written."""
    return "".join(
        child if isinstance(child, str) else "" if _is_hidden(child) else "\n" if child.name == "br" else _plain(child)
        for child in element.children
    )


def _code_block(element: Element) -> str:
    classes = (each.attributes.get("class", "") for each in (element, *element.all({"code"})) if each.source)
    language = next((found[1] for said in classes if (found := _LANGUAGE.search(said))), "")
    text = _plain(element)
    return writing.code(text, language) if text.strip() else ""


def _code_span(text: str) -> str:
    said = writing.line(text)
    if not said:
        return ""
    ticks = "`" * (max(map(len, _TICKS.findall(said)), default=0) + 1)
    space = " " if said.startswith("`") or said.endswith("`") else ""
    return f"{ticks}{space}{said}{space}{ticks}"


def _items(element: Element) -> Iterator[str]:
    for item in element.children:
        if isinstance(item, Element) and not _is_hidden(item):
            yield _TIGHT.sub(r"\1\n\2", writing.joined(_blocks(item)))


def _definitions(element: Element) -> Iterator[str]:
    """Yield the items of a definition list, each with its terms."""
    terms: list[str] = []
    for each in element.all({"dt", "dd"}, within={"dl"}):
        if each.name == "dt":
            terms.append(writing.line(_inline(each.children)))
            continue
        said = ", ".join(filter(None, terms))
        body = writing.joined(_blocks(each))
        yield (f"**{said}**: {body}" if "*" not in said else f"{said}: {body}") if said else body
        terms = []
    yield from (f"**{term}**" for term in terms if term)


def _table(element: Element) -> Iterator[str]:
    for caption in element.all({"caption"}, within={"table"}):
        text = _inline(caption.children)
        yield f"{text}:" if text and text[-1].isalnum() else text
    rows = [each for each in element.all({"tr"}, within={"table"}) if not _is_hidden(each)]
    cells = [[each for each in row.all({"td", "th"}, within={"tr"}) if not _is_hidden(each)] for row in rows]
    width = max(map(len, cells), default=0)
    if _is_layout(cells):
        for row in cells:
            for each in row:
                yield from _blocks(each)
    elif len(cells) * width > _MOST_CELLS:
        yield from (writing.prose(", ".join(filter(None, map(_flat, row)))) for row in cells)
    else:
        yield from writing.headed_table(_headed(cells, width))


def _is_layout(cells: list[list[Element]]) -> bool:
    """Return whether a table has no columns, or no header and in its cells what no table of data has."""
    every = [cell for row in cells for cell in row]
    if max(map(len, cells), default=0) < 2:
        return True
    return not any(cell.name == "th" for cell in every) and any(
        next(cell.all({"table", "pre", *HEADINGS}), None) is not None for cell in every if cell.holds_blocks
    )


def _headed(cells: list[list[Element]], width: int) -> HeadedRows:
    """Return the rows of a table with the header that it says, or else looks to have."""
    heads = next((place for place, row in enumerate(cells) if any(cell.name != "th" for cell in row)), 1)
    grid = _grid(cells, width, heads)
    if heads:
        titles = [each for each in grid[:heads] if len(set(filter(None, each))) == 1 < len(each)]
        names = [each for each in grid[:heads] if each not in titles]
        before = [next(filter(None, each)) for each in titles]
        header = [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*names, strict=True)]
        return HeadedRows(before, header, grid[heads:])
    if all(row[0].name == "th" for row in cells if row):
        return HeadedRows((), None, grid)
    return headed(grid)


def _grid(cells: list[list[Element]], width: int, heads: int) -> list[list[str]]:
    """Return the texts of cells.

    One that spans several rows stands in each of them. One that spans columns stands in each of them where it is in
    one of the first `heads` rows, and else in the first.
    """
    found: list[list[str]] = []
    going_on: dict[int, tuple[str, int]] = {}
    for place, row in enumerate(cells):
        texts: list[str] = []
        for cell in [*row, None]:
            while len(texts) in going_on:
                text, more = going_on.pop(len(texts))
                if more > 1:
                    going_on[len(texts)] = text, more - 1
                texts.append(text)
            if cell is None or len(texts) >= width:
                break
            text, rows = _flat(cell), cell.number("rowspan", len(cells))
            for column in range(min(cell.number("colspan", width), width - len(texts))):
                said = text if place < heads or not column else ""
                if rows > 1:
                    going_on[len(texts)] = said, rows - 1
                texts.append(said)
        found.append(texts + [""] * (width - len(texts)))
    return found


def _flat(element: Element) -> str:
    """Return what is in a cell on one line: items parted by semicolons, each line of code by itself."""
    found: list[str] = []
    line: list[Node] = []
    for child in element.children:
        if isinstance(child, str) or not _is_block(child):
            line.append(child)
            continue
        found.append(_inline(line))
        line = []
        if not _is_hidden(child):
            found.append(_flat_block(child))
    return " ".join(filter(None, (writing.line(each) for each in (*found, _inline(line)))))


def _flat_block(element: Element) -> str:
    match element.name:
        case name if name in _LISTS:
            items = (each for each in element.children if isinstance(each, Element) and not _is_hidden(each))
            return "; ".join(filter(None, map(_flat, items)))
        case "dl":
            return "; ".join(writing.line(each) for each in _definitions(element))
        case "table":
            rows = element.all({"tr"}, within={"table"})
            texts = (", ".join(filter(None, map(_flat, row.all({"td", "th"}, within={"tr"})))) for row in rows)
            return "; ".join(filter(None, texts))
        case "pre":
            return " ".join(map(_code_span, _plain(element).splitlines()))
        case _:
            return _flat(element)
