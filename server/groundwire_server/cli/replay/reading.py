"""Recorded calls from files and folders."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from groundwire_server.cli.recordings.export import ENDING
from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.parsing import text_from
from groundwire_server.evaluation.inputs.recordings import recording_of
from groundwire_server.evaluation.recording import RecordedOutcome, RecordedQuestion
from groundwire_server.ports.exchange import RecordedExchange

_ADVICE: Final = "export recorded calls with `groundwire recordings export`"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded call that can be replayed.

    Attributes:
        name: of its file, without the ending.
        question: as it was asked.
        outcome: how it ended.
        exchange: all that came back for it.
    """

    name: str
    question: str
    outcome: RecordedOutcome
    exchange: RecordedExchange


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files: those that are named, and the recordings of folders that are, in their order.

    Raises:
        SetupError: for a folder that has none.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(path.glob(f"*{ENDING}"))
        if not found:
            raise SetupError(f"{path} has no recording, whose name ends with {ENDING}: {_ADVICE}")
        yield from found


def recorded_calls(paths: Iterable[Path]) -> Iterator[Recorded]:
    """Yield the recorded calls of files and folders.

    Raises:
        SetupError: for a file that is no recording, or of whose calls not all that came back was recorded.
    """
    for file in files_of(paths):
        yield from recorded_in(file, text_from(file))


def recorded_in(file: Path, text: str) -> Iterator[Recorded]:
    """Yield the recorded calls of a text.

    Args:
        file: names the text in errors.
        text: a recording.

    Raises:
        SetupError: as `recorded_calls`.
    """
    questions = recording_of(file, text).questions
    if not questions:
        raise SetupError(f"{file} has no recorded call: {_ADVICE}")
    for question in questions:
        yield _recorded(file, question, alone=len(questions) == 1)


def _recorded(file: Path, question: RecordedQuestion, *, alone: bool) -> Recorded:
    if question.exchange is None or question.outcome is None:
        raise SetupError(
            f"{file} has the outcome of a question alone, and not what models and stores returned: {_ADVICE}"
        )
    name = file.stem if alone else f"{file.stem}/{question.item.key}"
    return Recorded(name, question.item.question, question.outcome, question.exchange)
