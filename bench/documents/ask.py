"""How well documentations that others wrote are answered: `python -m bench.documents.ask --docs click=FOLDER …`.

A folder is a checkout of the repository that bench/documents/questions names, at the commit that it names. The files
are stored by `groundwire ingest` in a server of its own, with the embedded default, and all questions are asked.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import groundwire
from bench.documents.questions import Documentation, Question, documentation
from bench.documents.scoring import Fault, Signposts, fault, says
from groundwire_server.cli.calls import connect
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.demo.child import server

_WIDTH = 76


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what came back.

    Attributes:
        question: what was asked.
        outcome: the outcome's name in the contract.
        shown: the text that a person gets to see; empty where there is none.
        pieces: the parts of it that were cited, each by itself.
        good: whether it says what was expected.
        fault: why the text answers nothing.
        faulty_pieces: the same of its parts, where there is any.
    """

    question: Question
    outcome: str
    shown: str
    pieces: Sequence[str]
    good: bool
    fault: Fault | None
    faulty_pieces: Sequence[Fault]

    @classmethod
    def of(cls, question: Question, outcome: groundwire.Outcome, signposts: Signposts) -> "Asked":
        """Judge an outcome."""
        shown, pieces = _shown(outcome)
        faulty = [wrong for piece in pieces if (wrong := fault(piece, signposts))]
        why = fault(shown, signposts) if shown else None
        if faulty and len(faulty) == len(pieces):
            # Parts are joined by a space, so that several headings look like one sentence.
            why = why or faulty[0]
        return cls(
            question,
            outcome.kind,
            shown,
            pieces,
            good=says(shown, question.expects) and why is None,
            fault=why,
            faulty_pieces=faulty,
        )

    @property
    def mark(self) -> str:
        """What the table says of it in a word."""
        if not self.question.answerable:
            return "ANSWERED" if self.shown else "ok"
        if self.fault:
            return self.fault.value
        return "ok" if self.good else "WRONG" if self.shown else "nothing"

    @property
    def facts(self) -> Mapping[str, Any]:
        return {
            "question": self.question.text,
            "kind": self.question.kind,
            "answerable": self.question.answerable,
            "outcome": self.outcome,
            "shown": self.shown,
            "pieces": list(self.pieces),
            "good": self.good,
            "fault": self.fault.value if self.fault else None,
            "faulty_pieces": [each.value for each in self.faulty_pieces],
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over questions.

    Attributes:
        answerable: questions that the documentation answers.
        good: those whose answer says what was expected.
        faults: answers to any question that are nothing but a heading, a table header or a lead-in, by kind.
        with_faulty_piece: answers that have such a part.
        absent: questions that it does not answer.
        answered: those that were answered nevertheless.
    """

    answerable: int
    good: int
    faults: Mapping[str, int]
    with_faulty_piece: int
    absent: int
    answered: int

    @classmethod
    def of(cls, asked: Sequence[Asked]) -> "Summary":
        answerable = [each for each in asked if each.question.answerable]
        absent = [each for each in asked if not each.question.answerable]
        return cls(
            len(answerable),
            sum(each.good for each in answerable),
            Counter(each.fault.value for each in asked if each.fault),
            sum(bool(each.fault or each.faulty_pieces) for each in asked),
            len(absent),
            sum(bool(each.shown) for each in absent),
        )

    @property
    def facts(self) -> Mapping[str, Any]:
        return {
            "answerable": self.answerable,
            "good": self.good,
            "faults": dict(self.faults),
            "with_faulty_piece": self.with_faulty_piece,
            "absent": self.absent,
            "answered": self.answered,
        }

    def __str__(self) -> str:
        faults = ", ".join(f"{count} {kind}" for kind, count in sorted(self.faults.items())) or "none"
        return (
            f"good {self.good} of {self.answerable}; nothing but a heading, header or lead-in: {faults}; "
            f"with such a part: {self.with_faulty_piece}; answered without an answer: {self.answered} of {self.absent}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.documents.ask", description=__doc__)
    parser.add_argument("--docs", nargs="+", required=True, metavar="PROJECT=FOLDER", help="checkouts to read")
    parser.add_argument("--full", action="store_true", help="print what is shown in full")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here")
    given = parser.parse_args()
    results = dict[str, list[Asked]]()
    with tempfile.TemporaryDirectory(prefix="groundwire-documents-") as folder, server(Path(folder)) as address:
        for each in given.docs:
            project, _, path = each.partition("=")
            asked_of = documentation(project)
            began = time.perf_counter()
            stored = ingest(asked_of, Path(path), address, Path(folder))
            print(f"\n{project}: {stored} in {time.perf_counter() - began:.0f} s")
            results[project] = list(ask(asked_of, Path(path), address))
            print("\n".join(lines(results[project], full=given.full)))
    for project, asked in results.items():
        print(f"\n{project}: {Summary.of(asked)}")
    every = [each for asked in results.values() for each in asked]
    print(f"all: {Summary.of(every)}")
    if given.json:
        given.json.write_text(json.dumps(_facts(results, every), indent=1, ensure_ascii=False), encoding="utf-8")


def ingest(asked_of: Documentation, checkout: Path, address: str, state: Path) -> str:
    """Store the files of a documentation as its own tenant; return how many they are.

    Args:
        asked_of: says which files.
        checkout: the folder that has them.
        address: where the server listens.
        state: a folder for what the command remembers.
    """
    command = [sys.executable, "-m", "groundwire_server", "ingest", *asked_of.paths, "--json"]
    told = subprocess.run(
        [*command, "--server", address, "--tenant", asked_of.project],
        cwd=checkout,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
        stdout=subprocess.PIPE,
        check=False,
    )
    if told.returncode:
        sys.exit(f"{asked_of.project} was not stored as a whole: {told.stdout.decode()}")
    said = json.loads(told.stdout)
    return f"{said['created']} documents, {said['passages']} passages"


def ask(asked_of: Documentation, checkout: Path, address: str) -> Iterator[Asked]:
    """Ask every question about a documentation."""
    files = {path for pattern in asked_of.paths for path in checkout.glob(pattern)}
    signposts = Signposts.of(path.read_text(encoding="utf-8") for path in sorted(files))
    with connect(ConnectionOptions(address, asked_of.project), timeout=120.0) as client:
        for question in asked_of.questions:
            yield Asked.of(question, client.answer(question.text), signposts)


def lines(asked: Sequence[Asked], *, full: bool) -> Iterator[str]:
    """The table of a documentation's questions."""
    for each in asked:
        yield f"  {each.mark:12} {each.outcome:10} {each.question.kind:10} {each.question.text}"
        if each.faulty_pieces and not each.fault:
            yield f"  {'':12} with {', '.join(sorted({wrong.value for wrong in each.faulty_pieces}))}"
        if full:
            yield from (f"  {'':12} | {line}" for line in each.shown.splitlines())
        elif each.shown:
            short = " ".join(each.shown.split())
            yield f"  {'':12} | {short[:_WIDTH]}{'…' if len(short) > _WIDTH else ''}"


def _shown(outcome: groundwire.Outcome) -> tuple[str, Sequence[str]]:
    """Return the text that a person gets to see, and its parts."""
    if outcome.text:
        spans = {(each.span.start_code_point, each.span.end_code_point) for each in outcome.citations}
        return outcome.text, [outcome.text[start:end] for start, end in sorted(spans)]
    if isinstance(outcome, groundwire.Degraded):
        passages = [passage.text for passage in outcome.passages]
        return "\n\n".join(passages), passages
    return "", ()


def _facts(results: Mapping[str, Sequence[Asked]], every: Sequence[Asked]) -> Mapping[str, Any]:
    return {
        "summary": Summary.of(every).facts,
        "projects": {
            project: {"summary": Summary.of(asked).facts, "questions": [each.facts for each in asked]}
            for project, asked in results.items()
        },
    }


if __name__ == "__main__":
    main()
