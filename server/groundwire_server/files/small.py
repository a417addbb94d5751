"""Reading a small file that somebody has named: it is never waited for, and never more than it should be."""

from pathlib import Path
from stat import S_ISDIR, S_ISREG, S_IWOTH
from typing import TypeAlias

from groundwire_server.domain.failure import GroundwireError

Mark: TypeAlias = tuple[int, int, int] | None
"""What tells a file from what it was before; None where there is none."""


class UnreadableFileError(GroundwireError):
    """A file cannot be read. The text says why and what to do, and follows the file's name.

    Attributes:
        absent: whether it is not there.
    """

    def __init__(self, why: str, *, absent: bool = False) -> None:
        super().__init__(why)
        self.absent = absent


def mark(file: Path) -> Mark:
    """What a file is like now; one `stat`."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def anybody_may_write(file: Path) -> bool:
    """Whether every user of this machine can change what it holds."""
    try:
        return bool(file.stat().st_mode & S_IWOTH)
    except OSError:
        return False


def text_of(file: Path, limit: int) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        UnreadableFileError: when it is not there, no file, over the limit or not UTF-8.
    """
    data = bytes_of(file, limit)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = data.count(b"\n", 0, broken.start) + 1
        raise UnreadableFileError(f"is not UTF-8 in line {line}: save it as UTF-8") from None


def bytes_of(file: Path, limit: int) -> bytes:
    """What a file holds.

    Args:
        file: its path.
        limit: bytes that it may have.

    Raises:
        UnreadableFileError: when it is not there, no file, or over the limit.
    """
    try:
        mode = file.stat().st_mode
        if S_ISDIR(mode):
            raise UnreadableFileError("is a folder: name the file in it")
        if not S_ISREG(mode):
            # A pipe that nobody writes to would be waited for without end.
            raise UnreadableFileError("is a pipe or a device: name a file")
        with file.open("rb") as opened:
            data = opened.read(limit + 1)
    except OSError as failed:
        raise UnreadableFileError(
            f"cannot be read: {failed.strerror}", absent=isinstance(failed, FileNotFoundError)
        ) from None
    if len(data) > limit:
        raise UnreadableFileError(f"is larger than {_size(limit)}: is it another file?")
    return data


def _size(limit: int) -> str:
    return f"{limit // 1024**2} MiB" if limit % 1024**2 == 0 else f"{limit // 1024} KiB"
