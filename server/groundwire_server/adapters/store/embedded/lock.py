"""The lock of a store's folder, which one server has."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from groundwire_server.adapters.store.embedded.failures import UnusableStoreFailure
from groundwire_server.adapters.store.embedded.header import FILE, REPLACED, format_of
from groundwire_server.domain.failure import SetupError

LOCK: Final = "store.lock"
"""The file in a store's folder that a server locks. It holds the number of the process; one that is left over from a
server that was killed locks nothing."""

_LONGEST_NUMBER: Final = 20


class FolderInUseError(SetupError):
    """Another server has the folder."""


@asynccontextmanager
async def folder_lock(folder: Path) -> AsyncIterator[int]:
    """Keep other servers from a store's folder until the context is left; yield the lock's file descriptor.

    What a restore has left in the folder that was killed is removed: copies of documents, which no erasure reaches.

    Processes that inherit the descriptor have the lock too, for as long as they live.

    Raises:
        FolderInUseError: when another server has it.
        OSError: when the folder cannot be made or written to.
    """
    file = await asyncio.to_thread(_locked, folder)
    try:
        yield file
    finally:
        os.close(file)


def _locked(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove_leftovers(folder)
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    except OSError as failed:
        holder = _holder(file)
        os.close(file)
        if not isinstance(failed, BlockingIOError):
            raise
        raise FolderInUseError(
            f"another groundwire server{holder} uses the folder {folder}: stop it, or name another folder"
        ) from None
    return file


def _remove_leftovers(folder: Path) -> None:
    try:
        is_whole = format_of(folder / FILE) is not None
    except UnusableStoreFailure:
        is_whole = False
    for left in folder.iterdir():
        if left.name.startswith(f".{FILE}.") or (is_whole and left.name.startswith(REPLACED)):
            left.unlink(missing_ok=True)


def _holder(file: int) -> str:
    with suppress(ValueError):
        return f" (process {int(os.pread(file, _LONGEST_NUMBER, 0))})"
    return ""
