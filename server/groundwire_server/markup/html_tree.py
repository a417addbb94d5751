"""HTML as a tree of elements: a tolerant parser that takes time in proportion to the text, whatever is in it."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from typing import Final, TypeAlias

_TOKEN: Final = re.compile(
    r"<!--(?>.*?(?:-->|\Z))"
    r"|<(?P<raw>script|style|template|textarea)\b(?>.*?(?:</(?P=raw)\s*>|\Z))"
    r"|<[!?][^<>]*+>"
    r"|<(?P<closing>/?)(?P<name>[a-z][a-z0-9:-]{0,63})"
    r"(?P<attributes>(?:[^<>\"']++|\"[^\"]{0,4096}+\"|'[^']{0,4096}+'){0,128}+)>",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE: Final = re.compile(r"([a-z][a-z0-9:-]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?", re.IGNORECASE)

_VOID: Final = frozenset("area base br col embed hr img input link meta param source track wbr".split())
HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_BLOCKS: Final = HEADINGS.keys() | frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure"
    " footer form head header hgroup hr html legend li main menu nav ol p pre search section summary table tbody td"
    " tfoot th thead tr ul".split()
)
_INLINE: Final = frozenset(
    "a abbr acronym audio b bdi bdo big br button canvas cite code data del dfn em embed font i iframe img input"
    " ins kbd label map mark meter nobr noscript object output picture progress q rp rt ruby s samp script select"
    " small source span strike strong style sub sup svg template textarea time tt u var video wbr".split()
)
ELEMENTS: Final = _BLOCKS | _INLINE
"""The names of elements that stand in the body of a page."""

_CELLS: Final = frozenset({"td", "th"})
_ROWS: Final = _CELLS | {"tr"}
_ENDED_BY: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol", "menu", "dir"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "td": (_CELLS, frozenset({"table"})),
    "th": (_CELLS, frozenset({"table"})),
    "tr": (_ROWS, frozenset({"table"})),
    **dict.fromkeys(("thead", "tbody", "tfoot"), (_ROWS | {"thead", "tbody", "tfoot"}, frozenset({"table"}))),
}
"""What an opening tag ends, and the element within which it does; a writer may leave these ends out."""

_DEEPEST: Final = 64
"""Elements deeper than this are read as part of the one around them."""


@dataclass(eq=False)
class Element:
    """An element.

    Attributes:
        name: in lower case.
        source: its attributes, as they are written.
        children: elements, and texts with their entities decoded.
        holds_blocks: whether an element that is a block stands below it.
    """

    name: str
    source: str = ""
    children: list["Node"] = field(default_factory=list)
    holds_blocks: bool = False

    @cached_property
    def attributes(self) -> dict[str, str]:
        """The values by name, in lower case; that of an attribute without a value is empty."""
        found = _ATTRIBUTE.findall(self.source)
        return {name.lower(): unescape(double or single or bare) for name, double, single, bare in reversed(found)}

    @property
    def is_block(self) -> bool:
        """Whether it stands between paragraphs."""
        return self.name in _BLOCKS

    def all(self, names: Collection[str], within: Collection[str] = ()) -> Iterator["Element"]:
        """Yield the outermost elements of these names below it, in order.

        Args:
            names: of the elements.
            within: elements of these names are not looked into.
        """
        for child in self.children:
            if isinstance(child, str):
                continue
            if child.name in names:
                yield child
            elif child.name not in within:
                yield from child.all(names, within)

    def number(self, name: str, most: int) -> int:
        """Return an attribute that is a number from 1; 1 where it is none, and `most` where it is more."""
        said = self.attributes.get(name, "")
        return min(max(int(said), 1), most) if re.fullmatch(r"\d{1,9}", said, re.ASCII) else 1


Node: TypeAlias = Element | str


def parse(html: str) -> Element:
    """Return an element that holds what a text has."""
    root = Element("")
    open_: list[Element] = [root]
    known = 0
    for found in _TOKEN.finditer(html):
        _add_text(open_[-1], html[known : found.start()])
        known = found.end()
        name = (found["name"] or "").lower()
        if not name:
            continue
        if found["closing"]:
            _close(open_, name)
        else:
            _open(open_, Element(name, found["attributes"]))
    _add_text(open_[-1], html[known:])
    return root


def _add_text(parent: Element, text: str) -> None:
    if text:
        parent.children.append(unescape(text))


def _open(open_: list[Element], element: Element) -> None:
    ended, within = _ENDED_BY.get(element.name, (frozenset(), frozenset()))
    start = next((place for place in range(len(open_) - 1, 0, -1) if open_[place].name in within), 0)
    first = next((place for place in range(start + 1, len(open_)) if open_[place].name in ended), None)
    if first is not None:
        del open_[first:]
    if element.is_block and open_[-1].name == "p":
        open_.pop()
    for above in reversed(open_) if element.is_block else ():
        if above.holds_blocks:
            break
        above.holds_blocks = True
    open_[-1].children.append(element)
    if element.name not in _VOID and not element.source.endswith("/") and len(open_) < _DEEPEST:
        open_.append(element)


def _close(open_: list[Element], name: str) -> None:
    for place in range(len(open_) - 1, 0, -1):
        if open_[place].name == name:
            del open_[place:]
            return
        if open_[place].name == "table":
            # What a cell leaves open does not reach beyond its table.
            return
