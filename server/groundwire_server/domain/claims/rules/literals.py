"""Rules about what is written one way alone: addresses, paths, ratios, scores, numerals, references to sections."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from groundwire_server.domain.claims.alignment import Alignment
from groundwire_server.domain.claims.evidence import EvidenceText
from groundwire_server.domain.claims.rules.objection import Objection
from groundwire_server.domain.claims.terms import places
from groundwire_server.domain.vocabulary import ConflictKind

_MAY_HOLD = re.compile(r"[@:(]|/\w|\b0[xX]|\d[-–]\d|[IVXLC]{2}")
_LITERAL = re.compile(
    r"(?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<path>(?<![\w:/.])(?:/[\w.-]*\w){2,})"
    r"|(?P<hexadecimal>\b0[xX][0-9A-Fa-f]+\b)"
    r"|(?P<ratio>(?<![\w:.])(?!\d{1,2}:\d{2}(?!\d))\d{1,6}:\d{1,6}(?![\w:]))"
    r"|(?P<score>(?<![\w.–-])\d+[–-]\d+(?![\w–-]))"
    r"|(?P<section>\b\d+(?:\.\d+)*\([a-z0-9]{1,4}\))"
    r"|(?P<numeral>\b[A-Za-z]+ [IVXLC]{2,8}\b)"
)
_RATIO_IN_WORDS = re.compile(r"\b(\d{1,6}) to (\d{1,6})\b")


@dataclass(frozen=True, slots=True)
class Literal:
    """A string that stands for itself.

    Attributes:
        kind: which kind of literal.
        value: as it is compared.
        start: where it begins in its text, in code points.
        end: where it ends.
    """

    kind: str
    value: str
    start: int
    end: int


def object_to_literals(alignment: Alignment, evidence: Sequence[EvidenceText]) -> Iterator[Objection]:
    """Object to a literal that no passage has: of some kinds always, of others where a passage has another instead."""
    statement = alignment.statement
    if _MAY_HOLD.search(statement.text) is None:
        return
    said = _literals(statement.text)
    if not said:
        return
    given = [each for passage in evidence for each in _literals(f"{passage.title}\n{passage.text}")]
    there = {(each.kind, each.value) for each in given}
    spans = places(statement.text)
    for literal in said:
        if (literal.kind, literal.value) in there or not _contradicted(literal, given):
            continue
        covered = [at for at, (start, end) in enumerate(spans) if start < literal.end and end > literal.start]
        if covered:
            kind = ConflictKind.NAME if literal.kind in ("address", "path") else ConflictKind.NUMBER
            yield Objection(kind, covered[0], covered[-1] + 1)


def _literals(text: str) -> list[Literal]:
    found = [
        Literal(match.lastgroup, match.group().casefold().replace("–", "-"), *match.span())
        for match in _LITERAL.finditer(text)
        if match.lastgroup is not None
    ]
    return found + [
        Literal("ratio", f"{match[1]}:{match[2]}", *match.span()) for match in _RATIO_IN_WORDS.finditer(text)
    ]


def _contradicted(literal: Literal, given: Sequence[Literal]) -> bool:
    """Whether a literal that no passage has is wrong, by those of its kind that they do have."""
    others = [each.value for each in given if each.kind == literal.kind]
    match literal.kind:
        case "ratio":
            return ":" in literal.value and bool(others)
        case "score":
            # Two numbers with a hyphen between them may be a range, which other rules compare.
            return "-".join(reversed(literal.value.split("-"))) in others
        case "section":
            return any(other.partition("(")[0] == literal.value.partition("(")[0] for other in others)
        case "numeral":
            return any(other.split(" ")[0] == literal.value.split(" ")[0] for other in others)
        case _:
            return True
