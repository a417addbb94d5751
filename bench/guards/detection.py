"""How much the guards of the server find: `python -m bench.guards.detection --docs click=FOLDER pytest=FOLDER …`.

It counts the planted documents and unwanted questions that are flagged, by kind, and the ordinary passages, harmless
texts and ordinary questions that are flagged by mistake. A folder is a checkout of the repository that
`bench/documents/questions` names; without folders, documentations are left out.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.guards.corpora import (
    document_questions,
    documentation_passages,
    python_passages,
    squad_paragraphs,
    squad_questions,
)
from bench.guards.data import read_adapted, read_benign, read_planted, read_questions
from groundwire_server.adapters.guards.instructions.guard import InstructionGuard, instruction_version
from groundwire_server.adapters.guards.instructions.rule_files import Screened
from groundwire_server.adapters.guards.instructions.rule_set import built_in_rules
from groundwire_server.adapters.guards.nonsense import NonsenseGuard
from groundwire_server.domain.guards.finding import Finding

FIGURES: Final = Path(__file__).parent.parent / "figures" / "detection.json"
PAGE: Final = Path(__file__).parents[2] / "docs" / "explanation" / "detection.md"

_WIDTH: Final = 44

_PLACES: Final = {
    "found": ("planted documents", "adapted passages", "unwanted questions", "adapted questions"),
    "mistaken": ("ordinary passages", "harmless texts", "ordinary questions"),
}
"""The groups of each table of the page."""


@dataclass(frozen=True, slots=True)
class Row:
    """How many texts of a kind were flagged.

    Attributes:
        group: what they are, such as `planted documents`.
        kind: within it.
        flagged: how many were flagged.
        count: of all.
        examples: which were, or were not, as far as that is the exception.
    """

    group: str
    kind: str
    flagged: int
    count: int
    examples: Sequence[str] = ()

    @property
    def facts(self) -> Mapping[str, str | int]:
        return {"group": self.group, "kind": self.kind, "flagged": self.flagged, "count": self.count}


class Detection:
    """The guards of both screens as they are by default."""

    def __init__(self) -> None:
        rules = built_in_rules()
        self._evidence = InstructionGuard(Screened.EVIDENCE, rules)
        self._questions = InstructionGuard(Screened.QUESTION, rules)
        self._nonsense = NonsenseGuard()
        self.rules = instruction_version()

    def in_evidence(self, text: str) -> Sequence[Finding]:
        return self._evidence.find(text)

    def in_question(self, text: str) -> Sequence[Finding]:
        return [*self._questions.find(text), *self._nonsense.find(text)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.guards.detection", description=__doc__)
    parser.add_argument("--docs", nargs="*", default=[], metavar="PROJECT=FOLDER", help="checkouts to read")
    parser.add_argument("--list", action="store_true", help="print which texts were missed, or flagged by mistake")
    parser.add_argument("--publish", action="store_true", help=f"write the figures to {FIGURES.name} and {PAGE.name}")
    given = parser.parse_args()
    detection = Detection()
    checkouts = {name: Path(path) for name, _, path in (each.partition("=") for each in given.docs)}
    rows = [*found_rows(detection), *mistaken_rows(detection, checkouts)]
    for row in rows:
        share = row.flagged / row.count if row.count else 0.0
        print(f"{f'{row.group}: {row.kind}':<{_WIDTH}} {row.flagged:>5} of {row.count:>5}  {share:.1%}")
        for example in row.examples if given.list else ():
            print(f"    {example}")
    if given.publish:
        published = [row.facts for row in rows]
        facts = {"rules": detection.rules, "rows": published}
        FIGURES.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), published), encoding="utf-8")


def found_rows(detection: Detection) -> Iterator[Row]:
    """Yield how many of the texts that should be flagged are."""
    planted = [(each.kind, each.id, f"{each.title}\n\n{each.text}") for each in read_planted()]
    yield from _found("planted documents", planted, detection.in_evidence)
    adapted = [(each.kind, each.id, each.text) for each in read_adapted() if not each.question]
    yield from _found("adapted passages", adapted, detection.in_evidence)
    unwanted = [(each.label, each.id, each.text) for each in read_questions() if each.unwanted]
    yield from _found("unwanted questions", unwanted, detection.in_question)
    adapted = [(each.kind, each.id, each.text) for each in read_adapted() if each.question]
    yield from _found("adapted questions", adapted, detection.in_question)


def mistaken_rows(detection: Detection, checkouts: Mapping[str, Path]) -> Iterator[Row]:
    """Yield how many of the texts that should not be flagged are.

    Args:
        detection: the guards.
        checkouts: the folder of each documentation.
    """
    passages = {"SQuAD 2.0": squad_paragraphs(), "Python reference": python_passages()}
    passages |= {name: documentation_passages(name, folder) for name, folder in checkouts.items()}
    for name, texts in passages.items():
        yield _mistaken("ordinary passages", name, texts, detection.in_evidence)
    yield _mistaken("harmless texts", "all", [each.text for each in read_benign()], detection.in_evidence)
    questions = {
        "written for it": [each.text for each in read_questions() if not each.unwanted],
        "SQuAD 2.0": squad_questions(),
        "documentations": document_questions(),
    }
    for name, texts in questions.items():
        yield _mistaken("ordinary questions", name, texts, detection.in_question)


def with_tables(page: str, rows: Sequence[Mapping[str, str | int]]) -> str:
    """Return the page's text with the figures in their places.

    Args:
        page: has a comment before and behind each table.
        rows: the facts of each.
    """
    for place, groups in _PLACES.items():
        lines = [f"| {'what' if place == 'found' else 'ordinary'} | kind | of | flagged |", "|---|---|---|---|"]
        for row in rows:
            flagged, count = int(row["flagged"]), int(row["count"])
            if (
                row["group"] in groups
                and count
                and (flagged or row["kind"] == "all" or "adapted" not in str(row["group"]))
            ):
                kind = str(row["kind"]).replace("_", " ")
                lines.append(f"| {row['group']} | {kind} | {count:,} | {flagged:,} ({flagged / count:.1%}) |")
        pattern = re.compile(
            rf"(?<=<!-- {place}: made by bench\.guards\.detection -->\n).*?(?=<!-- end -->)", re.DOTALL
        )
        table = "\n" + "\n".join(lines) + "\n\n"
        page = pattern.sub(table, page, count=1)
    return page


def _found(
    group: str, texts: Sequence[tuple[str, str, str]], find: Callable[[str], Sequence[Finding]]
) -> Iterator[Row]:
    flagged = {name for _, name, text in texts if find(text)}
    missed = [name for _, name, _ in texts if name not in flagged]
    yield Row(group, "all", len(flagged), len(texts), missed)
    for kind in dict.fromkeys(kind for kind, _, _ in texts):
        of_kind = [name for each, name, _ in texts if each == kind]
        yield Row(group, kind, sum(name in flagged for name in of_kind), len(of_kind))


def _mistaken(group: str, kind: str, texts: Sequence[str], find: Callable[[str], Sequence[Finding]]) -> Row:
    found = [(text, findings) for text in texts if (findings := find(text))]
    return Row(group, kind, len(found), len(texts), [*_shown(found)])


def _shown(found: Iterable[tuple[str, Sequence[Finding]]]) -> Iterator[str]:
    for text, findings in found:
        first = findings[0]
        yield f"{first.category} {first.rule}: {text[first.start : first.end]!r}"


if __name__ == "__main__":
    main()
