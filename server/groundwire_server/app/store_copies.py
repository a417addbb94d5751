"""Snapshots of embedded stores, and their restoration."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from groundwire_server.adapters.store.embedded import copies
from groundwire_server.adapters.store.embedded.failures import UnusableStoreFailure
from groundwire_server.adapters.store.embedded.header import FILE
from groundwire_server.adapters.store.embedded.lock import folder_lock
from groundwire_server.app.configuration.models.stores import EmbeddedStoreConfig
from groundwire_server.domain.failure import SetupError

StoreContents: TypeAlias = copies.StoreContents
CopyProgress: TypeAlias = copies.Progress


def snapshot_store(
    section: EmbeddedStoreConfig, target: Path, progress: CopyProgress, *, overwrite: bool
) -> StoreContents:
    """Copy a store into a file, beside a running server, and return what the copy holds.

    Args:
        section: the store.
        target: the file.
        progress: is called from time to time.
        overwrite: whether a file that exists is replaced.

    Raises:
        SetupError: when nothing was written; the text says what to do.
        OSError: when the target cannot be written.
    """
    if target.exists() and not overwrite:
        raise SetupError(f"{target} exists: name another file, or replace it with --force")
    if target.exists() and not target.is_file():
        raise SetupError(f"{target} is no regular file: name another")
    if target.with_name(f"{target.name}-wal").exists() or target.absolute().parent == section.folder.absolute():
        raise SetupError(f"{target} is in the folder of a store, or a database in use: name a file elsewhere")
    try:
        return copies.take_snapshot(section.folder / FILE, target, progress)
    except UnusableStoreFailure as unusable:
        raise SetupError(unusable.advice) from None


def restore_store(
    section: EmbeddedStoreConfig,
    snapshot: Path,
    progress: CopyProgress,
    agree: Callable[[StoreContents | None], bool],
) -> StoreContents | None:
    """Put a snapshot in the place of a store that no server uses; return what it holds, None without agreement.

    Args:
        section: the store.
        snapshot: a file that `snapshot_store` wrote.
        progress: is called from time to time.
        agree: gets what would be replaced, None where that cannot be opened, and returns whether to do it; not called
            where there is no document to replace.

    Raises:
        FolderInUseError: when a server uses the store.
        SetupError: when the store is as it was; the text says what to do.
        OSError: when a file cannot be read or written.
    """
    file = section.folder / FILE
    if not snapshot.is_file():
        raise SetupError(f"there is no file {snapshot}")
    if file.exists() and file.samefile(snapshot):
        raise SetupError(f"{snapshot} is the store itself: name a snapshot")
    return asyncio.run(_restored(section.folder, snapshot, progress, agree))


async def _restored(
    folder: Path, snapshot: Path, progress: CopyProgress, agree: Callable[[StoreContents | None], bool]
) -> StoreContents | None:
    async with folder_lock(folder):
        try:
            if _refused(folder / FILE, agree):
                return None
            return copies.put_in_place(snapshot, folder / FILE, progress)
        except UnusableStoreFailure as unusable:
            raise SetupError(unusable.advice) from None


def _refused(file: Path, agree: Callable[[StoreContents | None], bool]) -> bool:
    """Return whether there is something to replace that is not to be replaced."""
    try:
        held = copies.contents_of(file)
    except UnusableStoreFailure:
        # It may be restored because it is damaged.
        return not agree(None)
    return held is not None and held.documents > 0 and not agree(held)
