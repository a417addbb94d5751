"""Recordings from files."""

from pathlib import Path

from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation.inputs.parsing import checked, checked_line, json_of
from groundwire_server.evaluation.recording import LINES, READABLE, RecordedItem, RecordedRun
from groundwire_server.evaluation.recording import RecordingHeader as Header

MARK = "groundwire_recording"
"""The key that tells a recording's first line."""

_ADVICE = "export it again with `groundwire recordings export`, or record it again with `groundwire eval --record`"

_NAMED = 1_000_000
"""Versions from here on are not written out."""


def recording_of(file: Path, text: str) -> RecordedRun:
    """Read a recording.

    Raises:
        SetupError: for a line that is not of a recording, or a last line that was cut off.
    """
    if not text.endswith("\n"):
        raise SetupError(
            f"{file}:{text.count(chr(10)) + 1}: is cut off: go on with the run that wrote it, by the same command with "
            f"`--record {file.name}`, delete the line, or export the recording again"
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
    number = version[MARK]
    if type(number) is not int:
        raise SetupError(f"{where}: has a version of the format that is no whole number: {_ADVICE}")
    if number not in READABLE:
        readable = " and ".join(map(str, READABLE))
        named = f"version {number}" if abs(number) < _NAMED else "another version"
        raise SetupError(f"{where}: has {named} of the format, and this groundwire reads {readable}: {_ADVICE}")
    header = checked(Header, version, where, _ADVICE)
    lines = [
        checked_line(LINES, line, f"{file}:{number}", _ADVICE)
        for number, line in enumerate(following.split("\n"), 2)
        if line.strip()
    ]
    return header, lines
