"""Looks at what a server on this machine would work with, and changes nothing."""

from pathlib import Path

from groundwire_server.adapters.store.embedded.header import format_of

_STORE = "store.sqlite3"
"""The embedded store's file in its folder, as the server opens it."""


def store_format(folder: Path) -> int | None:
    """The format of the embedded store in a folder; None where there is none yet.

    Raises:
        Failure: UnusableStore, whose text says what to do, when it cannot be served.
        OSError: when it cannot be read.
    """
    return format_of(folder / _STORE)
