"""Replaces files as a whole, so that a reader sees the old one or the new one, whatever fails meanwhile."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


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

    Its owner alone may read it. It is on the disk when the context has been left; after an error it is gone.

    Args:
        path: the file to replace or to create, in a folder that exists.

    Raises:
        OSError: when it cannot be written; the old file is as it was.
    """
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(number)
    new = Path(name)
    try:
        yield new
        flush(new)
        new.replace(path)
        flush(path.parent)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
