"""The lists of a DOCX: which paragraph is an item, and what number it has."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from docx.document import Document
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from groundwire_server.cli.files.readers import word_content
from groundwire_server.markup import writing

_STYLE: Final = re.compile(r"List (Bullet|Number)(?: (\d))?")
_DEEPEST: Final = 9


class ListItem(NamedTuple):
    """An item of a list.

    Attributes:
        level: how deep it is, from 0.
        number: that it has; None for a bullet.
        text: of its paragraph.
    """

    level: int
    number: int | None
    text: str


class _Level(NamedTuple):
    """How a level of a list is numbered: whether it is, and from where."""

    numbered: bool
    start: int


class Lists:
    """The lists of a document. It counts their items, so that it is asked for each of them once and in order."""

    def __init__(self, document: Document) -> None:
        root = _numbering(document)
        self._abstract: Mapping[int, int] = {
            word_content.number(each, "w:numId"): word_content.value(each, "w:abstractNumId")
            for each in _all(root, "w:num")
        }
        self._levels: Mapping[tuple[int, int], _Level] = {
            (word_content.number(each, "w:abstractNumId"), word_content.number(level, "w:ilvl")): _level(level)
            for each in _all(root, "w:abstractNum")
            for level in _all(each, "w:lvl")
        }
        self._restarts: dict[tuple[int, int], int] = {
            (word_content.number(each, "w:numId"), word_content.number(level, "w:ilvl")): word_content.value(
                level, "w:startOverride"
            )
            for each in _all(root, "w:num")
            for level in _all(each, "w:lvlOverride")
            if level.find(qn("w:startOverride")) is not None
        }
        self._counts = dict[tuple[int, int], int]()

    def item(self, paragraph: Paragraph, text: str) -> ListItem | None:
        """Return the item that a paragraph is; None where it is none."""
        style = paragraph.style
        styled = _STYLE.fullmatch((style.name or "") if style is not None else "")
        own = _properties(paragraph._p)  # noqa: SLF001  # python-docx has no other way
        numbering = own if own is not None else _properties(style.element) if style is not None and styled else None
        if numbering is None and styled is None:
            return None
        id_ = word_content.value(numbering, "w:numId")
        if numbering is not None and id_ == 0:
            return None
        level = min(
            word_content.value(numbering, "w:ilvl") if own is not None or not styled else int(styled[2] or 1) - 1,
            _DEEPEST,
        )
        list_ = self._abstract.get(id_, -1)
        known = self._levels.get((list_, level), _Level(styled is not None and styled[1] == "Number", 1))
        return ListItem(level, self._count(id_, list_, level, known) if known.numbered else None, text)

    def end(self) -> None:
        """End a list: one that the document does not define has no other part."""
        self._counts = {key: count for key, count in self._counts.items() if key[0] >= 0}

    def _count(self, id_: int, list_: int, level: int, known: _Level) -> int:
        """Return the next number of a list; a list with a start of its own begins there the first time."""
        for deeper in [key for key in self._counts if key[0] == list_ and key[1] > level]:
            del self._counts[deeper]
        next_ = self._counts.get((list_, level), known.start - 1) + 1
        self._counts[list_, level] = self._restarts.pop((id_, level), next_)
        return self._counts[list_, level]


def written(items: Sequence[ListItem]) -> str:
    """Return items as a list; those of a deeper level are below the one before them.

    Where a number does not follow the one before, a list begins that has another mark: Markdown would go on counting.
    """
    lines = list[str]()
    indents, numbers, marks = dict[int, int](), dict[int, int](), dict[int, str]()
    for level, number, text in items:
        for known in (indents, numbers, marks):
            for deeper in [each for each in known if each > level]:
                del known[deeper]
        mark = "- "
        if number is not None:
            other = level in numbers and number != numbers[level] + 1
            marks[level] = ")" if other and marks[level] == "." else "." if other else marks.get(level, ".")
            numbers[level] = number
            mark = f"{number}{marks[level]} "
        above = [each for each in indents if each < level]
        indent = indents[max(above)] if above else 0
        indents[level] = indent + len(mark)
        lines.append(" " * indent + mark + writing.line(text))
    return "\n".join(lines)


def _numbering(document: Document) -> Any:
    try:
        return document.part.numbering_part.element
    except (KeyError, NotImplementedError):
        return None


def _all(element: Any, name: str) -> Iterator[Any]:
    return element.iterfind(qn(name)) if element is not None else iter(())


def _properties(element: Any) -> Any:
    return element.find(f"{qn('w:pPr')}/{qn('w:numPr')}")


def _level(element: Any) -> _Level:
    shape = element.find(qn("w:numFmt"))
    said = shape.get(qn("w:val")) if shape is not None else "decimal"
    start = word_content.value(element, "w:start") if element.find(qn("w:start")) is not None else 1
    return _Level(said not in {"bullet", "none"}, max(start, 0))
