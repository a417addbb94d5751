"""The keys that texts in records are sealed with: where they come from, and whether they are the right ones."""

import asyncio
import base64
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, LargeBinary, Select, delete, exists, func, literal, or_, select, text

from groundwire_server.adapters.records.encryption import SealedPlace, Sealing, SealingKey, key_id_column
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.faults import RecordsFault, UnknownKeyError
from groundwire_server.adapters.records.options import KEY_BYTES, RecordsOptions, key_bytes
from groundwire_server.adapters.records.tables.all import ALL_TABLES
from groundwire_server.adapters.records.tables.audit import keys
from groundwire_server.domain.failure import SetupError
from groundwire_server.files.small import UnreadableFileError, text_of
from groundwire_server.ports.operations import RecordsError

KEY_FILE: Final = "records.key"
"""The file beside that of SQLite which holds the key that was made for it."""

MADE: Final = "made"
"""The id of the key in that file."""

_CHECK: Final = b"groundwire"

# Written out: both databases know it, and SQLAlchemy has it in their own modules alone, which a start need not load.
_REMEMBER: Final = text(
    "INSERT INTO record_keys (key_id, sealed_check) VALUES (:key_id, :sealed_check) ON CONFLICT DO NOTHING"
)
_SIZE_LIMIT: Final = 1024


async def open_keys(database: RecordsDatabase, options: RecordsOptions) -> Sealing:
    """Return what seals texts, each key of which is the one that sealed under its id before.

    The keys are those of the configuration, or that of the key file, which is made for a database that has none.

    Raises:
        SetupError: when the key file cannot be read or made.
        UnknownKeyError: when records are sealed with a key that is not there.
        RecordsError: UNREADABLE when a key is another one than before, and when the database cannot be asked.
    """
    known = await _known(database)
    sealing = await asyncio.to_thread(_sealing, options, make=MADE not in known)
    _check(known, sealing)
    first, left = sealing.key_ids[0], _left(known, sealing)
    if first not in known or left:
        check = sealing.seal(_CHECK, _place(first))

        def replace(connection: Connection) -> None:
            _check_unused(connection, left)
            connection.execute(delete(keys).where(keys.c.key_id.in_(left)))
            connection.execute(_REMEMBER, {"key_id": first, "sealed_check": check})
            # Another process that starts now may have been faster, with another key.
            _check(_checks(connection), sealing)

        await database.write(replace)
    return sealing


async def examine_keys(database: RecordsDatabase, options: RecordsOptions) -> None:
    """Make sure that `open_keys` would succeed, and change nothing.

    Raises:
        SetupError: and the other errors of `open_keys`.
    """
    known = await _known(database)
    if not known:
        return
    sealing = await asyncio.to_thread(_sealing, options, make=False)
    _check(known, sealing)
    await database.read(lambda connection: _check_unused(connection, _left(known, sealing)))


async def _known(database: RecordsDatabase) -> Mapping[str, bytes]:
    return await database.read(_checks)


def _checks(connection: Connection) -> Mapping[str, bytes]:
    return {row.key_id: row.sealed_check for row in connection.execute(select(keys))}


def _check(known: Mapping[str, bytes], sealing: Sealing) -> None:
    for key_id in sealing.key_ids:
        if key_id in known and sealing.open(known[key_id], _place(key_id)) != _CHECK:
            raise RecordsError(RecordsFault.UNREADABLE)


def _left(known: Mapping[str, bytes], sealing: Sealing) -> Sequence[str]:
    """Return the ids of keys that have sealed and are not there any more."""
    return sorted(known.keys() - set(sealing.key_ids))


def _check_unused(connection: Connection, left: Sequence[str]) -> None:
    for key_id in left:
        if _is_used(connection, key_id):
            raise UnknownKeyError(key_id)


def _sealing(options: RecordsOptions, *, make: bool) -> Sealing:
    if options.keys is not None or options.file is None:
        return Sealing([SealingKey(each.id, key_bytes(each.key.reveal())) for each in options.keys or ()])
    path = options.file.with_name(KEY_FILE)
    try:
        if make and not path.exists():
            _make(path)
        return Sealing([SealingKey(MADE, key_bytes(text_of(path, _SIZE_LIMIT).strip()))])
    except (UnreadableFileError, ValueError) as wrong:
        raise SetupError(f"{path} {wrong}; restore it from a backup: records do not open without it") from None
    except OSError as failed:
        raise SetupError(f"{path} cannot be made: {failed.strerror}") from None


def _is_used(connection: Connection, key_id: str) -> bool:
    start, length, written = key_id_column(key_id)
    needing = []
    for table in ALL_TABLES.sorted_tables:
        sealed = [column for column in table.c if column.name.startswith("sealed_")]
        if sealed and table is not keys:
            of_key = (func.substr(column, start, length) == literal(written, LargeBinary) for column in sealed)
            needing.append(exists().where(or_(*of_key)))
    query: Select[tuple[bool]] = select(or_(*needing))
    return bool(connection.execute(query).scalar_one())


def _place(key_id: str) -> SealedPlace:
    return SealedPlace("", "", key_id, "sealed_check")


def _make(path: Path) -> None:
    """Write a new key, which its owner alone may read; where another process was faster, keep that one's."""
    new = path.with_name(f".{KEY_FILE}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(new)
    except FileExistsError:
        pass
    finally:
        new.unlink(missing_ok=True)
