"""Reading small files that a configuration is made of."""

from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TypeAlias

Mark: TypeAlias = tuple[int, int, int] | None
"""What tells a file from what it was before; None where there is none."""


class Unreadable(Exception):
    """A file cannot be read. The text says why and what to do, and follows the file's name."""


def mark(file: Path) -> Mark:
    """What a file is like now; one `stat`."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def text_of(file: Path, limit: int) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        Unreadable: when it is not there, no file, over the limit or not UTF-8.
    """
    data = _bytes(file, limit)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = data.count(b"\n", 0, broken.start) + 1
        raise Unreadable(f"is not UTF-8 in line {line}: save it as UTF-8") from None


def _bytes(file: Path, limit: int) -> bytes:
    try:
        mode = file.stat().st_mode
        if S_ISDIR(mode):
            raise Unreadable("is a folder: name the file in it")
        if not S_ISREG(mode):
            # A pipe that nobody writes to would be waited for without end.
            raise Unreadable("is a pipe or a device: name a file")
        with file.open("rb") as opened:
            data = opened.read(limit + 1)
    except OSError as failed:
        raise Unreadable(f"cannot be read: {failed.strerror}") from None
    if len(data) > limit:
        raise Unreadable(f"is larger than {limit // 1024} KiB: is it another file?")
    return data
