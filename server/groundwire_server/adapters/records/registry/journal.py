"""The journal of changes: their number, and their entries of the audit trail.

The number is one row, which every change locks first, so that no two changes run at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, select, text, update

from groundwire_server.adapters.records.audit.trail import AuditEvent, AuditTrail
from groundwire_server.adapters.records.tables.registry import registry
from groundwire_server.ports.registry_records import RegistryMovedError

_ONLY: Final = 1

_READ: Final = select(registry.c.revision).where(registry.c.only == _ONLY)

_LOCK: Final = _READ.with_for_update()

# Written out as in `keys.py`.
_BEGIN: Final = text('INSERT INTO registry ("only", revision) VALUES (1, 0) ON CONFLICT DO NOTHING')

_MOVE: Final = update(registry).where(registry.c.only == _ONLY).values(revision=bindparam("reached"))


@dataclass(frozen=True, slots=True)
class RegistryJournal:
    """Writes changes down, each in a transaction of the caller's.

    Attributes:
        trail: takes an entry for each change.
        tenant: whose trail it is.
        now: when the changes are made, in microseconds since 1970.
    """

    trail: AuditTrail
    tenant: str
    now: int

    def lock(self, connection: Connection) -> int:
        """Return the number of changes so far, which no other transaction moves until this one ends."""
        found: int | None = connection.scalar(_LOCK)
        if found is None:
            connection.execute(_BEGIN)
            found = int(connection.execute(_LOCK).scalar_one())
        return found

    def check(self, revision: int, checked: int | None) -> None:
        """Make sure that no change came since one was checked.

        Args:
            revision: that is locked.
            checked: by which the change was checked; None compares nothing.

        Raises:
            RegistryMovedError: when one did.
        """
        if checked not in {None, revision}:
            raise RegistryMovedError

    def note(self, connection: Connection, reached: int, events: Sequence[AuditEvent]) -> None:
        """Set the number of changes, which this transaction has locked, and add the entries of the trail."""
        connection.execute(_MOVE, {"reached": reached})
        self.trail.append(connection, self.tenant, self.now, events)


def read_revision(connection: Connection) -> int:
    """Return the number of changes so far."""
    return connection.scalar(_READ) or 0


def change_event(event: str, target: str, actor: str, details: Mapping[str, str]) -> AuditEvent:
    """Return an entry of the trail, with those of the details that are not empty."""
    return AuditEvent(event, target, actor, {name: value for name, value in details.items() if value})
