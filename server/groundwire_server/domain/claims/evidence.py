"""Passages cut into what a statement can be compared with: sentences, table rows, list items, lines of code."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from groundwire_server.domain.claims.language import language
from groundwire_server.domain.claims.quantities import quantities
from groundwire_server.domain.claims.quantity import Quantity
from groundwire_server.domain.claims.terms import Term, significant_norms, terms
from groundwire_server.domain.text.sentences import sentences

_ACRONYM = re.compile(r"\b[A-Z][A-Z.]*[A-Z]\b")
_ROW = re.compile(r"^\s*\|.*\|\s*$")
_RULE = re.compile(r"^[\s|:\-]+$")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\(?\d{1,2}[.)])\s")
_CODE = re.compile(r"^\s*(?:(?:async )?def |class |function |\w+ = |[\w-]+: )")
_MOST_LEAD = 200
"""Code points of a lead-in that are repeated for each of its items."""


_MOST_HEADING = 100
"""Code points of a column's name that are repeated in each row."""
_MOST_UNIT = 1000
"""Code points of a row or a definition that is compared as a whole."""

_DENIAL = re.compile(r"\b(?:by no means|in no way|not in the least|anything but)\b", re.IGNORECASE)


class Unit:
    """A stretch of text that is compared as a whole.

    Attributes:
        text: its words, with what belongs to them from elsewhere in the passage before them: a table's header, the
            lead-in of a list. Phrases that deny are `not` and blanks; all other words stand where they stood.
        known: the norms of its significant terms.
        row: whether it is a row of a table.
    """

    def __init__(self, text: str, *, row: bool = False) -> None:
        self.text = text = _with_plain_denials(text)
        self.row = row
        # Most units of a passage are looked at no further than this.
        self.known = significant_norms(text)

    @cached_property
    def terms(self) -> list[Term]:
        """Its terms, in order."""
        return terms(self.text)

    @cached_property
    def sig(self) -> list[int]:
        """The indexes of the significant terms."""
        return [index for index, term in enumerate(self.terms) if term.significant]

    @cached_property
    def norms(self) -> list[str]:
        """The norms of the significant terms."""
        own = self.terms
        return [own[index].norm for index in self.sig]

    @cached_property
    def quantities(self) -> list[Quantity]:
        """The numbers, amounts, dates and times in it."""
        return quantities(self.terms)


class EvidenceText:
    """A passage that statements are compared with; it is analysed once, however many there are.

    Args:
        text: of the passage.
        title: of its document.
    """

    def __init__(self, text: str, title: str = "") -> None:
        self.text = text
        self.title = title

    @cached_property
    def units(self) -> list[Unit]:
        """What statements are compared with, in the order of the text."""
        rows, rest = _rows(self.text)
        return [
            *(Unit(row, row=True) for row in _bounded(rows)),
            *map(Unit, _stretches(rest)),
            *map(Unit, _bounded(_code(self.text))),
        ]

    @cached_property
    def known(self) -> frozenset[str]:
        """The norms of all significant terms, the title's among them."""
        return frozenset().union(*(unit.known for unit in self.units), significant_norms(self.title))

    @cached_property
    def language(self) -> str:
        """The language of the text, where it is sure."""
        return language(self.text)

    @cached_property
    def acronyms(self) -> frozenset[str]:
        """The words in capitals alone, case folded and without points."""
        return frozenset(word.replace(".", "").casefold() for word in _ACRONYM.findall(f"{self.title} {self.text}"))

    @cached_property
    def initials(self) -> str:
        """The first letters of all words, with and without function words: where acronyms are looked for."""
        all_terms = [term for unit in (*self.units, Unit(self.title)) for term in unit.terms if not term.number]
        whole = "".join(term.norm[:1] for term in all_terms)
        return whole + " " + "".join(term.norm[:1] for term in all_terms if term.content)


def _with_plain_denials(text: str) -> str:
    """Return a text with `not` for each phrase that says no more than that; the places of other words stay."""
    if " no " not in text and "anything but" not in text and "not in the" not in text:
        return text
    return _DENIAL.sub(lambda match: "not".ljust(len(match.group())), text)


def _rows(text: str) -> tuple[list[str], str]:
    """Return the rows of the tables in a text, each with its header, and the text without them."""
    if "|" not in text:
        return [], text
    found: list[str] = []
    rest: list[str] = []
    header: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not _ROW.match(line):
            header = []
            rest.append(line)
            continue
        rest.append("")
        if _RULE.match(line):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not header and number + 1 < len(lines) and _RULE.match(lines[number + 1]):
            header = [cell[:_MOST_HEADING] for cell in cells]
            found.append(" ".join(cells))
        else:
            found.append(_row(header, cells))
    return found, "\n".join(rest)


def _bounded(texts: Sequence[str]) -> Iterator[str]:
    """Yield texts, those that are too long cut as sentences are."""
    for text in texts:
        if len(text) <= _MOST_UNIT:
            yield text
        else:
            yield from (text[start:end] for start, end in sentences(text))


def _stretches(text: str) -> list[str]:
    """Return the sentences of a text; the items of a list come with its lead-in."""
    found: list[str] = []
    lead = ""
    for start, end in sentences(text):
        stretch = text[start:end]
        if _ITEM.match(stretch) and lead:
            found.append(f"{lead} {stretch}")
            continue
        found.append(stretch)
        if stretch.endswith(":"):
            lead = stretch[-_MOST_LEAD:]
        elif not _ITEM.match(stretch):
            lead = ""
    return found


def _row(header: Sequence[str], cells: Sequence[str]) -> str:
    """Return a row in words: each cell after the name of its column."""
    if len(header) != len(cells):
        return " ".join(cells)
    return ", ".join(f"{name} {cell}" for name, cell in zip(header, cells, strict=True))


def _code(text: str) -> list[str]:
    """Return each definition together with the lines under it, as one, after the caption that announces it."""
    if "\n" not in text:
        return []
    found: list[str] = []
    current: list[str] = []
    caption = ""
    for line in [*text.split("\n"), ""]:
        body = line.strip()
        if current and line.startswith((" ", "\t")):
            current.append(body)
            continue
        if len(current) > 1:
            found.append(" ".join([caption, *current] if caption else current))
            caption = ""
        current = [body] if _CODE.match(line) else []
        # A blank line and a fence may stand between the two.
        if body and not current and not body.startswith("```"):
            caption = body[-_MOST_LEAD:] if body.endswith(":") else ""
    return found
