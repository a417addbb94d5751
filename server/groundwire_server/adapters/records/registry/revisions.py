"""The number of changes: one row, which every change locks first, so that no two changes run at once."""

from typing import Final

from sqlalchemy import Connection, bindparam, select, text, update

from groundwire_server.adapters.records.tables.registry import registry

_ONLY: Final = 1

_READ: Final = select(registry.c.revision).where(registry.c.only == _ONLY)

_LOCK: Final = _READ.with_for_update()

# Written out as in `keys.py`.
_BEGIN: Final = text('INSERT INTO registry ("only", revision) VALUES (1, 0) ON CONFLICT DO NOTHING')

_MOVE: Final = update(registry).where(registry.c.only == _ONLY).values(revision=bindparam("reached"))


def read_revision(connection: Connection) -> int:
    """Return the number of changes so far."""
    return connection.scalar(_READ) or 0


def lock_revision(connection: Connection) -> int:
    """Return the number of changes so far, which no other transaction moves until this one ends."""
    found: int | None = connection.scalar(_LOCK)
    if found is None:
        connection.execute(_BEGIN)
        found = int(connection.execute(_LOCK).scalar_one())
    return found


def move_revision(connection: Connection, reached: int) -> None:
    """Set the number of changes, in the transaction that has locked it."""
    connection.execute(_MOVE, {"reached": reached})
