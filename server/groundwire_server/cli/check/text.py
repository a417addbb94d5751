"""Reading the text that is checked, and texts of facts."""

import sys
from pathlib import Path
from typing import Final

from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.files.small import UnreadableFileError, text_of

TEXT_LIMIT: Final = 64 * 1024
"""The longest text that is checked, in bytes of UTF-8."""

_STANDARD_INPUT: Final = "standard input"


def read_text(file: Path) -> str:
    """Return the text to check; `-` is standard input.

    Raises:
        CommandError: USAGE when it cannot be read, is empty, too long, or not UTF-8.
    """
    name = _STANDARD_INPUT if str(file) == "-" else str(file)
    text = _standard_input() if str(file) == "-" else read_file(file, TEXT_LIMIT)
    if not text:
        raise CommandError(ExitCode.USAGE, f"{name} is empty: there is nothing to check")
    return text


def read_file(file: Path, limit: int) -> str:
    """Return the text of a file.

    Args:
        file: its path.
        limit: the most bytes.

    Raises:
        CommandError: USAGE when it cannot be read.
    """
    try:
        return text_of(file, limit)
    except UnreadableFileError as why:
        raise CommandError(ExitCode.USAGE, f"{file} {why}") from None


def _standard_input() -> str:
    data = sys.stdin.buffer.read(TEXT_LIMIT + 1)
    if len(data) > TEXT_LIMIT:
        raise CommandError(ExitCode.USAGE, f"{_STANDARD_INPUT} is longer than 64 KiB: check it in parts")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as failed:
        raise CommandError(ExitCode.USAGE, f"{_STANDARD_INPUT} is not UTF-8 (byte {failed.start})") from None
