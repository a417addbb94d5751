"""A file of whichever format: what it holds is told by its content, not by its name."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.parsing import json_of, text_from
from groundwire_server.evaluation.inputs.questions import questions_of_lines, questions_of_squad
from groundwire_server.evaluation.inputs.recordings import MARK, recording_of
from groundwire_server.evaluation.inputs.statements import statements_of
from groundwire_server.evaluation.inputs.texts import check_ordinary, texts_of, texts_of_lines
from groundwire_server.evaluation.items import QuestionItem, StatementItem, TextItem
from groundwire_server.evaluation.recording import RecordedInput, RecordedQuestion, RecordedRun

RECORDING_ENDING = ".jsonl"
"""What the names of recordings in a folder end with."""

_LINES = frozenset({".jsonl", ".ndjson"})
_FORMATS = "give questions as JSON lines, SQuAD 2.0, labelled statements, labelled texts, or a recording"


@dataclass(frozen=True, slots=True)
class InputFile:
    """The questions, the statements or the texts of a file."""

    described: RecordedInput
    questions: tuple[QuestionItem, ...] = ()
    statements: tuple[StatementItem, ...] = ()
    texts: tuple[TextItem, ...] = ()


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files: those that are named, and the recordings of folders that are, in their order.

    Raises:
        SetupError: for a folder that has none.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        named = path.glob(f"*{RECORDING_ENDING}")
        found = sorted(each for each in named if not each.name.startswith(".") and not each.is_dir())
        if not found:
            raise SetupError(
                f"{path} has no recording, whose name ends with {RECORDING_ENDING}: export recorded calls with "
                "`groundwire recordings export`"
            )
        yield from found


def questions_of_recordings(recordings: Sequence[RecordedRun]) -> InputFile:
    """Return the questions of recordings, to be asked again, under their keys: so two results can be compared.

    One without a label is labelled by its recorded outcome, an answer or an abstention; where it was neither, it stays
    without.
    """
    questions = tuple(_labelled(line) for recording in recordings for line in recording.questions)
    digest = hashlib.sha256("\n".join(each.key for each in questions).encode()).hexdigest()
    return InputFile(
        RecordedInput(name="recordings", kind="questions", sha256=digest, items=len(questions)), questions=questions
    )


def _labelled(line: RecordedQuestion) -> QuestionItem:
    answered = None if line.outcome is None else line.outcome.answered
    if line.item.is_labelled or answered is None:
        return line.item
    return line.item.model_copy(update={"answerable": answered, "labelled_by_outcome": True})


def read_inputs(files: Iterable[Path]) -> tuple[Sequence[InputFile], Sequence[RecordedRun]]:
    """Read the files of questions, statements and texts, and the recordings; a folder stands for those in it.

    Raises:
        SetupError: for a file that is of no known format, is empty, or repeats what another holds; for texts of which
            none is ordinary; and for recordings of two versions of a guard.
    """
    inputs: list[InputFile] = []
    recordings: list[RecordedRun] = []
    seen: dict[tuple[str, str], Path] = {}
    for file in files_of(files):
        read = read_input(file)
        if isinstance(read, RecordedRun):
            recordings.append(read)
            keys = [(line.kind, line.item.key) for line in read.lines]
        else:
            inputs.append(read)
            keys = [("question", each.key) for each in read.questions]
            keys += [("statement", each.key) for each in read.statements]
            keys += [("text", each.key) for each in read.texts]
        if not keys:
            raise SetupError(f"{file} is empty: {_FORMATS}")
        for key in keys:
            if seen.setdefault(key, file) is not file:
                raise SetupError(f"{file} has a {key[0]} that {seen[key]} has too: leave one file out ({key[1]})")
    check_ordinary([text for each in inputs for text in each.texts])
    _check_guards(recordings)
    return inputs, recordings


def read_questions(file: Path) -> tuple[QuestionItem, ...]:
    """Read a file of questions.

    Raises:
        SetupError: when it holds something else.
    """
    read = read_input(file)
    if not isinstance(read, InputFile) or not read.questions:
        raise SetupError(f"{file} holds no questions: give them as JSON lines, or in the format of SQuAD 2.0")
    return read.questions


def read_input(file: Path) -> InputFile | RecordedRun:
    """Read one file.

    Raises:
        SetupError: when it is of no known format, or something in it is not as it must be.
    """
    text = text_from(file)
    if not text.strip():
        raise SetupError(f"{file} is empty: {_FORMATS}")
    first = text.lstrip().partition("\n")[0]
    if f'"{MARK}"' in first:
        return recording_of(file, text)
    keys = _keys_of(first)
    if keys & {"screen", "categories"}:
        texts = texts_of_lines(file, text)
        return InputFile(_described(file, "texts", text, texts), texts=texts)
    if file.suffix.lower() in _LINES or "question" in keys:
        questions = questions_of_lines(file, text)
        return InputFile(_described(file, "questions", text, questions), questions=questions)
    match json_of(text, str(file), _FORMATS):
        case {"data": _} as read:
            questions = questions_of_squad(file, read)
            return InputFile(_described(file, "squad", text, questions), questions=questions)
        case {"statements": _} as read:
            statements = statements_of(file, read)
            return InputFile(_described(file, "statements", text, statements), statements=statements)
        case {"texts": _} as read:
            texts = texts_of(file, read)
            return InputFile(_described(file, "texts", text, texts), texts=texts)
        case _:
            raise SetupError(f"{file} is of no known format: {_FORMATS}")


def _check_guards(recordings: Iterable[RecordedRun]) -> None:
    versions: dict[tuple[str, str], str] = {}
    for guard in (guard for recording in recordings for guard in recording.header.guards):
        if versions.setdefault((guard.screen, guard.name), guard.version) != guard.version:
            raise SetupError(
                f"the recordings have two versions of the guard {guard.name}: evaluate each alone, and compare them"
            )


def _keys_of(line: str) -> Set[str]:
    """Return the keys of the object that a file's first line is; none where it is something else."""
    try:
        read = json_of(line, "", "")
    except SetupError:
        return frozenset()
    return read.keys() if isinstance(read, dict) else frozenset()


def _described(file: Path, kind: Any, text: str, items: Sequence[object]) -> RecordedInput:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return RecordedInput(name=file.name, kind=kind, sha256=digest, items=len(items))
