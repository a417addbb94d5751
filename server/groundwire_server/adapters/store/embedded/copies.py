"""Copies of the store's file: a snapshot, taken while a server uses the file, and a snapshot in the file's place."""

import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from groundwire_server.adapters.store.embedded.connections import connect
from groundwire_server.adapters.store.embedded.failures import UnusableStoreFailure
from groundwire_server.adapters.store.embedded.header import REPLACED, format_of
from groundwire_server.adapters.store.embedded.schema import prepare
from groundwire_server.domain.document import EMPTY_VERSION
from groundwire_server.files.atomic import flush, replacement

_PAGES: Final = 2_000
"""Pages that are copied before progress is reported: 8 MB."""

_PATIENCE: Final = 5.0
"""Seconds to wait for another process that opens the same file."""

_JOURNALS: Final = ("-wal", "-shm", "-journal")

Progress = Callable[[int, int], None]
"""Is given the pages that were copied, and all pages."""


@dataclass(frozen=True, slots=True)
class StoreContents:
    """What a store's file holds.

    Attributes:
        documents: of all tenants.
        tenants: that have stored a document at some time.
    """

    documents: int
    tenants: int


def contents_of(file: Path) -> StoreContents | None:
    """Look into a store's file, which a server may be using; return None where there is no file yet.

    Raises:
        UnusableStoreFailure: when it is no store that this program can serve.
        OSError: when it cannot be read.
    """
    if format_of(file) is None:
        return None
    with _usable(file), closing(connect(file, patience=_PATIENCE)) as connection:
        return _contents(connection)


def take_snapshot(file: Path, target: Path, progress: Progress) -> StoreContents:
    """Copy a store's file, which a server may be using, and check the copy; the target appears whole or not at all.

    The copy is of one moment, that at which it begins: what is written meanwhile is not in it.

    Args:
        file: of the store.
        target: is replaced if it exists.
        progress: is called from time to time.

    Raises:
        UnusableStoreFailure: when there is no store, or when it or the copy is damaged.
        OSError: when the copy cannot be written.
    """
    if format_of(file) is None:
        raise UnusableStoreFailure(f"there is no store at {file}")
    with _replacement(target) as copy:
        _copy(file, copy, progress)
        return _checked(copy, file)


def put_in_place(snapshot: Path, file: Path, progress: Progress) -> StoreContents:
    """Let a snapshot take the place of a store's file, which no server may be using.

    The file that is replaced is kept beside it until the new one can be opened. Every tenant gets a corpus version that
    it never had: what was cached or noted for a version since the snapshot is not taken for what the store now holds.

    Args:
        snapshot: stays as it is.
        file: of the store; need not exist.
        progress: is called from time to time.

    Raises:
        UnusableStoreFailure: when the snapshot is damaged or no store; the file is as it was.
        OSError: when the file cannot be written.
    """
    if format_of(snapshot, snapshot=True) is None:
        raise UnusableStoreFailure(f"{snapshot} does not exist, or is empty")
    replaced = file.with_name(REPLACED)
    with _replacement(file) as copy:
        _copy(snapshot, copy, progress)
        contents = _checked(copy, snapshot)
        with closing(connect(copy)) as connection:
            _renew_versions(connection)
            prepare(connection, file, None)
        if file.exists():
            shutil.copymode(file, copy)
            _keep(file, replaced)
    try:
        with _usable(file), closing(connect(file, patience=_PATIENCE)) as connection:
            prepare(connection, file, None)
    except UnusableStoreFailure:
        if replaced.exists():
            replaced.replace(file)
        raise
    replaced.unlink(missing_ok=True)
    _remove_journals(replaced)
    return contents


@contextmanager
def _replacement(path: Path) -> Iterator[Path]:
    with replacement(path) as copy:
        try:
            yield copy
        finally:
            _remove_journals(copy)


def _checked(copy: Path, source: Path) -> StoreContents:
    """Check every page and index of a copy of a source, and make it one file that needs no journal beside it."""
    with _usable(copy), closing(connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        ((found, *_),) = connection.execute("PRAGMA integrity_check(1)").fetchall()
        if found != "ok":
            raise UnusableStoreFailure(f"{source} is damaged: {' '.join(str(found).split())}")
        return _contents(connection)


def _contents(connection: sqlite3.Connection) -> StoreContents:
    (documents,) = connection.execute("SELECT count(*) FROM documents WHERE access IS NOT NULL").fetchone()
    (tenants,) = connection.execute("SELECT count(*) FROM tenants").fetchone()
    return StoreContents(documents, tenants)


def _copy(source: Path, target: Path, progress: Progress) -> None:
    with (
        _usable(source, target),
        closing(connect(source, patience=_PATIENCE)) as origin,
        closing(connect(target)) as copy,
    ):
        # Read in one transaction: the copy would begin again with every change that a server makes meanwhile.
        origin.execute("BEGIN")
        origin.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        origin.backup(copy, pages=_PAGES, progress=lambda _, left, total: progress(total - left, total))
        origin.execute("COMMIT")


def _renew_versions(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    tenants = connection.execute("SELECT id FROM tenants WHERE version <> ?", (EMPTY_VERSION,)).fetchall()
    renewed = [(secrets.token_urlsafe(12), tenant) for (tenant,) in tenants]
    connection.executemany("UPDATE tenants SET version = ? WHERE id = ?", renewed)
    connection.execute("COMMIT")


def _keep(file: Path, replaced: Path) -> None:
    """Give a store's file a second name, with everything that its journal holds.

    The journal must not stay: SQLite would apply it to the file that takes the name.
    """
    replaced.unlink(missing_ok=True)
    try:
        with closing(connect(file, patience=_PATIENCE)) as connection:
            # Closing the last connection of a file removes its journal.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.DatabaseError:
        # It is damaged, which may be why it is replaced: it is kept as it is.
        for journal in _JOURNALS:
            left = file.with_name(f"{file.name}{journal}")
            if left.exists():
                left.replace(replaced.with_name(f"{replaced.name}{journal}"))
    replaced.hardlink_to(file)
    flush(file.parent)


def _remove_journals(file: Path) -> None:
    for journal in _JOURNALS:
        file.with_name(f"{file.name}{journal}").unlink(missing_ok=True)


@contextmanager
def _usable(file: Path, target: Path | None = None) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if target is not None and error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise UnusableStoreFailure(f"the disk of {target.parent} is full: make room, and try again") from error
        raise UnusableStoreFailure(
            f"{file} cannot be copied: {error.sqlite_errorname}. Check that the disk has room, that this user may read "
            "and write the file and its folder, and that the file is not damaged."
        ) from error
