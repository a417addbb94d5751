"""Writing recordings to files that their owner alone may read."""

import re
import sys
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Final

import groundwire
from groundwire.v1.recording_service_pb2 import Recording
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.outputs import refuse_existing, write_output
from groundwire_server.cli.words import counted
from groundwire_server.evaluation.inputs.files import RECORDING_ENDING

PREFIX: Final = "recordings/"
"""What the names of recordings begin with."""

_ID: Final = re.compile("[0-9a-f]{32}")

_ERASED: Final = "ERASED"
_DELETED: Final = "RECORDING_NOT_FOUND"
"""Reasons with which the server returns no recording."""


class SealedRecordingError(CommandError):
    """A recording does not open: the server lacks the key that it was sealed with.

    Args:
        recording: its id.
    """

    def __init__(self, recording: str) -> None:
        super().__init__(
            ExitCode.FAILED,
            f"{recording} does not open: the server lacks the key that it was sealed with; add the key to "
            f"`records.keys`, or remove the recording: groundwire recordings delete {recording}",
        )


def name_of(recording: str) -> str:
    """Return the name of a recording that is given by its id, by its name, or by the name of its file.

    Raises:
        CommandError: when it is none of these.
    """
    found = recording.removeprefix(PREFIX).removesuffix(RECORDING_ENDING)
    if _ID.fullmatch(found) is None:
        message = f"{recording} is not the id of a recording: `groundwire recordings list` shows them"
        raise CommandError(ExitCode.USAGE, message)
    return f"{PREFIX}{found}"


def print_content(content: bytes) -> None:
    """Print a recording as it is."""
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def write_recording(file: Path, content: bytes, *, overwrite: bool) -> None:
    """Write a recording to a file, which appears whole.

    Raises:
        CommandError: when the file exists, unless it is to be overwritten, or cannot be written.
    """
    refuse_existing(file, overwrite=overwrite)
    write_output(file, content)


def read_recording(client: groundwire.SyncClient, name: str) -> bytes:
    """Return the contents of a recording of the server.

    Raises:
        SealedRecordingError: when the server lacks the key that it was sealed with.
    """
    try:
        return client.get_recording(name).content
    except groundwire.Error as failed:
        if failed.reason == _ERASED:
            raise SealedRecordingError(name.removeprefix(PREFIX)) from None
        raise


def export_recordings(recordings: Iterable[Recording], read: Callable[[str], bytes], folder: Path, limit: int) -> None:
    """Write recordings to a folder, a file each, and say how many.

    Those that are deleted meanwhile are left out.

    Args:
        recordings: the newest first.
        read: returns the contents of one, by its name.
        folder: made where there is none.
        limit: how many at most.

    Raises:
        CommandError: when the folder or a file cannot be written; and once all others are written, where some do not
            open.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as failed:
        raise CommandError(ExitCode.FAILED, f"{folder} cannot be made: {failed.strerror}") from None
    written = there = 0
    sealed: list[str] = []
    for each in islice(recordings, limit):
        file = folder / f"{each.name.removeprefix(PREFIX)}{RECORDING_ENDING}"
        if file.exists():
            there += 1
            continue
        try:
            content = read(each.name)
        except SealedRecordingError as wrong:
            sealed.append(wrong.message)
            continue
        except groundwire.Error as failed:
            if failed.reason == _DELETED:
                continue
            raise
        write_recording(file, content, overwrite=False)
        written += 1
    said = f"{counted(written, 'recording')} written to {folder}"
    print(f"{said}, {there} there already" if there else said, file=sys.stderr)
    if written:
        print("They hold texts of callers and documents, and you alone may read them: keep it so.", file=sys.stderr)
    if sealed:
        raise CommandError(ExitCode.INCOMPLETE, f"{counted(len(sealed), 'recording')} not written", sealed)
