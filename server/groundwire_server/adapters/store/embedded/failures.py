"""Translation of SQLite's errors into causes."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause

_LOG = logging.getLogger(__name__)

_PRIMARY_CODE: Final = 0xFF

_CAUSES: Final = {
    # Only our own progress handler interrupts: past the deadline, or when the caller has left.
    sqlite3.SQLITE_INTERRUPT: Cause.STORE_TIMEOUT,
    # Transient: another process holds the file, the disk is full, descriptors have run out.
    sqlite3.SQLITE_BUSY: Cause.STORE_UNAVAILABLE,
    sqlite3.SQLITE_LOCKED: Cause.STORE_UNAVAILABLE,
    sqlite3.SQLITE_PROTOCOL: Cause.STORE_UNAVAILABLE,
    sqlite3.SQLITE_CANTOPEN: Cause.STORE_UNAVAILABLE,
    sqlite3.SQLITE_IOERR: Cause.STORE_UNAVAILABLE,
    sqlite3.SQLITE_FULL: Cause.STORE_UNAVAILABLE,
    sqlite3.SQLITE_NOMEM: Cause.STORE_UNAVAILABLE,
    # Needs an operator: the file is not ours, not whole, or not writable.
    sqlite3.SQLITE_ERROR: Cause.STORE_MISCONFIGURED,
    sqlite3.SQLITE_PERM: Cause.STORE_MISCONFIGURED,
    sqlite3.SQLITE_AUTH: Cause.STORE_MISCONFIGURED,
    sqlite3.SQLITE_READONLY: Cause.STORE_MISCONFIGURED,
    sqlite3.SQLITE_CORRUPT: Cause.STORE_MISCONFIGURED,
    sqlite3.SQLITE_NOTADB: Cause.STORE_MISCONFIGURED,
    sqlite3.SQLITE_FORMAT: Cause.STORE_MISCONFIGURED,
    sqlite3.SQLITE_SCHEMA: Cause.STORE_MISCONFIGURED,
}


class UnusableStoreFailure(Failure):
    """The store cannot be opened as it is.

    Attributes:
        advice: for the operator: what is wrong and what to do. It names the file and no content.
    """

    def __init__(self, advice: str) -> None:
        super().__init__(Cause.STORE_MISCONFIGURED)
        self.advice = advice

    def __str__(self) -> str:
        return self.advice


@contextmanager
def map_failures() -> Iterator[None]:
    """Turn SQLite's errors into a `Failure`; a broken constraint is a defect of the server and passes through."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        cause = _CAUSES.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE)
        if cause is None:
            raise
        if cause is not Cause.STORE_TIMEOUT:
            _LOG.warning("The embedded store failed with %s.", error.sqlite_errorname)
        raise Failure(cause) from error
