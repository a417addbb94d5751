"""Writing labelled cases to a file that its owner alone may read."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Any, Final, TypeVar

from google.protobuf import json_format

from groundwire.v1.feedback_service_pb2 import LabelledCase
from groundwire.v1.review_pb2 import Review
from groundwire_server.cli.feedback.questions import question_of
from groundwire_server.cli.feedback.statements import Statements
from groundwire_server.cli.outputs import refuse_existing, unwritable_stops
from groundwire_server.cli.words import counted
from groundwire_server.files.atomic import replacement

T = TypeVar("T")

_ABOUT: Final = "Sentences of answers that people have judged, exported by `groundwire feedback export`."

_WORDS: Final[Mapping[str, str]] = {"cases": "case", "questions": "question", "statements": "statement"}


@dataclass
class CaseExport:
    """What an export has written.

    Attributes:
        cases: how many labels were read.
        answers: how many answers they are about.
        unused: how many of these nothing was written of: what was said of them labels nothing of this kind.
        items: how many objects were written.
    """

    cases: int = 0
    answers: int = 0
    unused: int = 0
    items: int = 0


def write_cases(cases: Iterable[LabelledCase], path: Path, format_: str, *, overwrite: bool) -> CaseExport:
    """Write cases in a format to a file, which appears whole at the end.

    Args:
        cases: the oldest label first.
        path: of the file.
        format_: `cases`, `questions` or `statements`.
        overwrite: whether a file that exists is replaced.

    Raises:
        CommandError: when the file exists, unless it is to be overwritten, or cannot be written.
    """
    refuse_existing(path, overwrite=overwrite)
    exported = CaseExport()
    with unwritable_stops(path), replacement(path) as new, new.open("w", encoding="utf-8") as file:
        for part in _parts(cases, format_, exported):
            file.write(part)
    return exported


def print_summary(exported: CaseExport, path: Path, format_: str) -> None:
    """Print what was exported, and what the file holds."""
    said = f"{counted(exported.items, _WORDS[format_])} in {path}, from {counted(exported.cases, 'label')}"
    print(said, file=sys.stderr)
    if exported.unused:
        unused = counted(exported.unused, "answer")
        print(f"{unused} left out: what was said labels no {_WORDS[format_]}", file=sys.stderr)
    if exported.items:
        print("The file holds texts of callers and documents, and you alone may read it: keep it so.", file=sys.stderr)


def _parts(cases: Iterable[LabelledCase], format_: str, exported: CaseExport) -> Iterable[str]:
    match format_:
        case "questions":
            return _lines(_of_answers(cases, question_of, exported), exported)
        case "statements":
            statements = Statements()
            made = [each for one in _of_answers(cases, statements.of, exported) for each in one]
            exported.items = len(made)
            whole = {"about": _ABOUT, "passages": statements.passages_of(made), "statements": made}
            return [dumps(whole, ensure_ascii=False, indent=1), "\n"]
        case _:
            return _lines(_whole(cases, exported), exported)


def _whole(cases: Iterable[LabelledCase], exported: CaseExport) -> Iterable[Mapping[str, Any]]:
    for case in cases:
        exported.cases += 1
        yield json_format.MessageToDict(case)


def _lines(items: Iterable[Mapping[str, Any]], exported: CaseExport) -> Iterable[str]:
    for item in items:
        exported.items += 1
        yield dumps(item, ensure_ascii=False) + "\n"


def _of_answers(
    cases: Iterable[LabelledCase], convert: Callable[[LabelledCase], T | None], exported: CaseExport
) -> Iterable[T]:
    """Return what cases become, one for each answer: the last word counts, and a reviewer's more than a caller's."""
    found: dict[tuple[str, str], tuple[bool, T | None]] = {}
    for case in cases:
        exported.cases += 1
        if case.kind == Review.KIND_BLOCK:
            # It says something of a guard.
            continue
        key, reviewed = (case.request_id, case.trace_id), case.source == LabelledCase.SOURCE_REVIEW
        if reviewed or not found.get(key, (False, None))[0]:
            found[key] = (reviewed, convert(case))
    exported.answers = len(found)
    made = [item for _, item in found.values() if item]
    exported.unused = len(found) - len(made)
    return made
