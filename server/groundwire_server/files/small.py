"""Reads small files that an operator has named, without ever blocking or reading more than a limit."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from stat import S_ISDIR, S_ISREG, S_IWOTH
from typing import TypeAlias

from groundwire_server.domain.failure import GroundwireError

Mark: TypeAlias = tuple[int, int, int] | None
"""Time, size and inode of a file, which differ when it has changed; None without a file."""

Marks: TypeAlias = Mapping[Path, Mark]
"""Files with their marks."""


class UnreadableFileError(GroundwireError):
    """A file cannot be read. The text says why and what to do, and follows the file's name.

    Attributes:
        absent: whether the file does not exist.
    """

    def __init__(self, why: str, *, absent: bool = False) -> None:
        super().__init__(why)
        self.absent = absent


def mark(file: Path) -> Mark:
    """Return the mark of a file now, by one `stat`."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def marks_of(files: Iterable[Path]) -> Marks:
    """Return the marks of files now."""
    return {file: mark(file) for file in files}


def anybody_may_write(file: Path) -> bool:
    """Return whether every user of this machine can write to a file."""
    try:
        return bool(file.stat().st_mode & S_IWOTH)
    except OSError:
        return False


def text_of(file: Path, limit: int) -> str:
    """Return the text of a file, without a byte order mark.

    Raises:
        UnreadableFileError: when it does not exist, is not a regular file, is too large, or is not UTF-8.
    """
    data = bytes_of(file, limit)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = data.count(b"\n", 0, broken.start) + 1
        raise UnreadableFileError(f"is not UTF-8 in line {line}: save it as UTF-8") from None


def bytes_of(file: Path, limit: int) -> bytes:
    """Return the bytes of a file.

    Args:
        file: its path.
        limit: the largest size in bytes.

    Raises:
        UnreadableFileError: when it does not exist, is not a regular file, or is too large.
    """
    try:
        mode = file.stat().st_mode
        if S_ISDIR(mode):
            raise UnreadableFileError("is a folder: name the file in it")
        if not S_ISREG(mode):
            # Reading from a pipe without a writer would block forever.
            raise UnreadableFileError("is a pipe or a device: name a file")
        with file.open("rb") as opened:
            data = opened.read(limit + 1)
    except OSError as failed:
        raise UnreadableFileError(
            f"cannot be read: {failed.strerror}", absent=isinstance(failed, FileNotFoundError)
        ) from None
    if len(data) > limit:
        raise UnreadableFileError(f"is larger than {_size(limit)}: is it the right file?")
    return data


def _size(limit: int) -> str:
    return f"{limit // 1024**2} MiB" if limit % 1024**2 == 0 else f"{limit // 1024} KiB"
