"""The recording of a run, written line by line: a run that was stopped goes on where it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.parsing import SIZE_LIMIT
from groundwire_server.evaluation.inputs.recordings import MARK, lines_of_recording
from groundwire_server.evaluation.recording import (
    RecordedItem,
    RecordedQuestion,
    RecordedRun,
    RecordedText,
    RecordingHeader,
    written,
)
from groundwire_server.files.small import UnreadableFileError, bytes_of

_BEGINNING = f'{{"{MARK}":'.encode()
"""Of every recording."""


class Checkpoint:
    """What a run has so far, in memory and, where it is recorded, in a file.

    Attributes:
        header: the first line.
        lines: all lines so far.
    """

    def __init__(self, header: RecordingHeader, lines: list[RecordedItem], file: BufferedWriter | None) -> None:
        self.header = header
        self.lines = lines
        self._file = file

    def keep(self, line: RecordedItem) -> None:
        """Add a line; it is in the file when this returns."""
        self.lines.append(line)
        if self._file is not None:
            self._file.write(written(line).encode())
            self._file.flush()

    def known(self) -> frozenset[tuple[str, str]]:
        """Return the kind and key of what needs not be asked again: a call that failed does."""
        return frozenset((line.kind, line.item.key) for line in self.lines if not failed(line))

    def recording(self) -> RecordedRun:
        """Return all of it as a recording."""
        return RecordedRun.of(self.header, self.lines)


def failed(line: RecordedItem) -> bool:
    """Return whether a call failed, or a guard could not be asked."""
    match line:
        case RecordedQuestion():
            return line.error is not None
        case RecordedText():
            return bool(line.unavailable)
        case _:
            return False


@contextmanager
def checkpoint(file: Path | None, header: RecordingHeader) -> Iterator[Checkpoint]:
    """Begin a recording, or go on with one of the same questions and the same route.

    Args:
        file: where it is kept; None keeps it in memory alone.
        header: of this run.

    Raises:
        SetupError: when the file holds something else.
        OSError: when it cannot be written.
    """
    if file is None:
        yield Checkpoint(header, [], None)
        return
    try:
        whole, rest = _whole_lines(file)
    except UnreadableFileError as why:
        raise SetupError(f"{file} {why}") from None
    lines: list[RecordedItem] = []
    if whole:
        # What was evaluated first stays what the recording says: its server may have another address by now.
        earlier, lines = lines_of_recording(file, whole)
        _check_same(file, earlier, header)
        header = earlier
    with file.open("ab") as opened:
        opened.truncate(opened.tell() - rest)
        if not whole:
            opened.write(written(header).encode())
            opened.flush()
        yield Checkpoint(header, lines, opened)


def _whole_lines(file: Path) -> tuple[str, int]:
    """Return the lines of a file that have an end, and the bytes of what follows: a line that was cut off."""
    if not file.exists():
        return "", 0
    data = bytes_of(file, SIZE_LIMIT)
    end = data.rfind(b"\n") + 1
    if not end and not data.startswith(_BEGINNING[: len(data)]):
        # Another file, whose only line would be taken for one that was cut off.
        raise UnreadableFileError("is not a recording: name another file with --record")
    try:
        return data[:end].decode(), len(data) - end
    except UnicodeDecodeError:
        raise UnreadableFileError("is not a recording: name another file with --record") from None


def _check_same(file: Path, earlier: RecordingHeader, header: RecordingHeader) -> None:
    if earlier.inputs != header.inputs:
        raise SetupError(f"{file} records other questions, statements or texts: name another file with --record")
    if earlier.subject.route != header.subject.route or earlier.subject.where != header.subject.where:
        was = f"route {earlier.subject.route} ({earlier.subject.where})"
        raise SetupError(f"{file} records {was}: name another file with --record")
    if earlier.guards != header.guards:
        raise SetupError(f"{file} records other guards, or another version of one: name another file with --record")
