"""Replaces files as a whole, so that a reader sees the old one or the new one, whatever fails meanwhile."""

import os
import tempfile
from collections.abc import Callable
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
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "wb") as file:
            prepare(number)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
