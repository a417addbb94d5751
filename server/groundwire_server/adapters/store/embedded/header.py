"""The header of a store's file, read without opening it as a database: a server may be using it."""

import struct
from pathlib import Path
from typing import Final

from groundwire_server.adapters.store.embedded.failures import UnusableStoreFailure
from groundwire_server.adapters.store.embedded.schema import APPLICATION, FORMAT

FILE: Final = "store.sqlite3"
"""The store's file in its folder."""

REPLACED: Final = f"{FILE}.replaced"
"""The file that a restore has replaced, until the new one is known to open."""

_MAGIC: Final = b"SQLite format 3\0"
_LENGTH: Final = 100
_USER_VERSION: Final = 60
_APPLICATION_ID: Final = 68


def format_of(path: Path, *, snapshot: bool = False) -> int | None:
    """Return the format of a store's file; None where there is no file yet.

    Args:
        path: the file.
        snapshot: whether it is a snapshot, of which the advice is to speak.

    Raises:
        UnusableStoreFailure: with advice for the operator, when this program cannot serve the file.
        OSError: when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_LENGTH)
    except FileNotFoundError:
        return None
    if not header:
        return None
    found, application = (
        struct.unpack_from(">I", header, at)[0] if len(header) == _LENGTH else 0
        for at in (_USER_VERSION, _APPLICATION_ID)
    )
    if not header.startswith(_MAGIC) or application != APPLICATION:
        what = "no snapshot of a store" if snapshot else "another program's file: name another folder for the store"
        raise UnusableStoreFailure(f"{path} is {what}")
    again = "ingest the documents again" if snapshot else "name a new folder and ingest again"
    if found < FORMAT:
        raise UnusableStoreFailure(
            f"{path} has format {found}, written by an older groundwire; this one reads format {FORMAT}: {again}"
        )
    if found > FORMAT:
        raise UnusableStoreFailure(
            f"{path} has format {found}, written by a newer groundwire; this one reads up to format {FORMAT}: "
            f"run the newer one, or {again}"
        )
    return int(found)
