"""Recorded calls from files and folders."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.files import files_of
from groundwire_server.evaluation.inputs.parsing import text_from
from groundwire_server.evaluation.inputs.recordings import recording_of
from groundwire_server.evaluation.recording import RecordedOutcome, RecordedQuestion
from groundwire_server.ports.exchange import RecordedExchange

_ADVICE: Final = "export recorded calls with `groundwire recordings export`"


@dataclass(frozen=True, slots=True)
class ReplayableCall:
    """A recorded call that can be replayed.

    Attributes:
        name: of its file, without the ending.
        question: as it was asked.
        outcome: how it ended.
        exchange: all that came back for it; None where that is not in the recording.
    """

    name: str
    question: str
    outcome: RecordedOutcome
    exchange: RecordedExchange | None


def recorded_calls(paths: Iterable[Path]) -> Iterator[ReplayableCall]:
    """Yield the recorded calls of files and folders; those of a file that is named twice, or also by its folder, once.

    Raises:
        SetupError: for a file that is no recording, or has a call that failed.
    """
    for file in {os.path.realpath(file): file for file in files_of(paths)}.values():
        yield from recorded_in(file, text_from(file))


def recorded_in(file: Path, text: str) -> Iterator[ReplayableCall]:
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


def _recorded(file: Path, question: RecordedQuestion, *, alone: bool) -> ReplayableCall:
    if question.outcome is None:
        raise SetupError(f"{file} has a call that failed, which there is nothing to replay of: {_ADVICE}")
    name = file.stem if alone else f"{file.stem}/{question.item.key}"
    return ReplayableCall(name, question.item.question, question.outcome, question.exchange)
