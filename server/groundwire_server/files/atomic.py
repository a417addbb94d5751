"""Replaces files as a whole, so that a reader sees the old one or the new one, whatever fails meanwhile."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_ABANDONED_SECONDS: Final = 3600.0
"""After so long without a write, a new file is taken for one whose process was killed."""

_RANDOM: Final = 8
"""Characters by which `tempfile` tells names apart."""


def replace_file(path: Path, content: bytes, prepare: Callable[[int], None] = lambda _: None) -> None:
    """Replace a file, or create it; it is on the disk when this returns.

    Args:
        path: the file, in a folder that exists.
        content: what it is to hold.
        prepare: is given the descriptor of the new file, which its owner alone may read, before anything is written.

    Raises:
        OSError: when it cannot be written; the old file is as it was.
    """
    with replacement(path) as new, new.open("wb") as file:
        prepare(file.fileno())
        file.write(content)


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """Yield a new, empty file that takes the place of `path` when the context is left without an error.

    Its owner alone may read it. It is on the disk when the context has been left; after an error it is gone. One that a
    process has left that was killed goes with the next of the same name, an hour later: it may hold what was to be
    erased.

    Args:
        path: the file to replace or to create, in a folder that exists.

    Raises:
        OSError: when it cannot be written; the old file is as it was.
    """
    with _named_in_errors(path):
        _remove_abandoned(path)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(number)
    new = Path(name)
    try:
        yield new
        flush(new)
        with _named_in_errors(path):
            new.replace(path)
        flush(path.parent)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


@contextmanager
def _named_in_errors(path: Path) -> Iterator[None]:
    """Have errors name the file that is meant, not the new one under its passing name."""
    try:
        yield
    except OSError as failed:
        raise OSError(failed.errno, failed.strerror, str(path)) from None


def _remove_abandoned(path: Path) -> None:
    start = f".{path.name}."
    beside = [each for each in path.parent.iterdir() if each.name.startswith(start)]
    abandoned = [each.name for each in beside if len(each.name) == len(start) + _RANDOM and _is_old(each)]
    for each in beside:
        # Behind the random characters stand the names of journals.
        if any(each.name == name or each.name.startswith(f"{name}-") for name in abandoned):
            each.unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _ABANDONED_SECONDS
    except FileNotFoundError:  # it has just got its name
        return False


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
