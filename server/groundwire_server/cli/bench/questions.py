"""The questions that a load asks."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from groundwire_server.cli.exits import CommandError, ExitCode


def gather(given: Iterable[str], file: Path | None) -> Sequence[str]:
    """The questions given, then those of a file, one a line; empty lines and lines that begin with # are passed over.

    Raises:
        CommandError: when there is none, or the file cannot be read.
    """
    found = [question for question in given if question.strip()]
    if file is not None:
        lines = (line.strip() for line in _read(file).splitlines())
        found += [line for line in lines if line and not line.startswith("#")]
    if not found:
        where = "" if file is None else f"{file} holds no question; "
        raise CommandError(
            ExitCode.USAGE, f"{where}say what to ask with --question TEXT or --questions FILE, one a line"
        )
    return found


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as failed:
        raise CommandError(ExitCode.USAGE, f"cannot read {file}: {failed.strerror}; name a file of questions") from None
    except UnicodeDecodeError:
        raise CommandError(ExitCode.USAGE, f"cannot read {file}: it is not UTF-8; save it as UTF-8") from None
