"""Files that commands write: what ends a command that cannot, and what keeps a file that is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.files.atomic import replace_file


@contextmanager
def unwritable_stops(path: Path) -> Iterator[None]:
    """End the command when a file cannot be written.

    Args:
        path: the file that is meant; an error that names another names that.

    Raises:
        CommandError: in place of the error.
    """
    try:
        yield
    except OSError as failed:
        raise _unwritable(failed, path) from None


def write_output(path: Path, content: str | bytes) -> None:
    """Write a file, or replace it; it appears whole, and its owner alone may read it.

    Args:
        path: the file.
        content: a text is written as UTF-8.

    Raises:
        CommandError: when it cannot be written.
    """
    with unwritable_stops(path):
        replace_file(path, content.encode() if isinstance(content, str) else content)


def write_new(path: Path, text: str) -> None:
    """Write a text to a file that is not there yet.

    Raises:
        CommandError: when it is there, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise CommandError(ExitCode.USAGE, f"{path} exists: name another file") from None
    except OSError as failed:
        raise _unwritable(failed, path) from None


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Keep a file that is there, unless it may be overwritten.

    Raises:
        CommandError: when the file exists and may not be.
    """
    if path.exists() and not overwrite:
        raise CommandError(ExitCode.USAGE, f"{path} exists: name another file, or replace it with --force")


def _unwritable(failed: OSError, path: Path) -> CommandError:
    return CommandError(ExitCode.FAILED, f"{failed.filename or path} cannot be written: {failed.strerror}")
