"""Recordings from files."""

from pathlib import Path

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.parsing import checked, checked_line, json_of
from groundwire_server.evaluation.recording import LINES, READABLE, RecordedItem, RecordedRun
from groundwire_server.evaluation.recording import RecordingHeader as Header

MARK = "groundwire_recording"
"""The key that tells a recording's first line."""

_ADVICE = "record it again with `groundwire eval --record`"


def recording_of(file: Path, text: str) -> RecordedRun:
    """Read a recording.

    Raises:
        SetupError: for a line that is not of a recording, or a last line that was cut off.
    """
    if not text.endswith("\n"):
        raise SetupError(
            f"{file}:{text.count(chr(10)) + 1}: is cut off: go on with the run that wrote it, by the same command with "
            f"`--record {file.name}`, or delete the line"
        )
    return RecordedRun.of(*lines_of_recording(file, text))


def lines_of_recording(file: Path, text: str) -> tuple[Header, list[RecordedItem]]:
    """Return the header and all other lines of a recording.

    Raises:
        SetupError: for a line that is not of a recording.
    """
    first, _, following = text.partition("\n")
    where = f"{file}:1"
    version = json_of(first, where, _ADVICE) if first.strip() else None
    if not isinstance(version, dict) or MARK not in version:
        raise SetupError(f"{where}: is not the header of a recording: {_ADVICE}")
    if version[MARK] not in READABLE:
        readable = " and ".join(map(str, READABLE))
        raise SetupError(
            f"{where}: has version {version[MARK]} of the format, and this groundwire reads {readable}: {_ADVICE}"
        )
    header = checked(Header, version, where, _ADVICE)
    lines = [
        checked_line(LINES, line, f"{file}:{number}", _ADVICE)
        for number, line in enumerate(following.split("\n"), 2)
        if line.strip()
    ]
    return header, lines
