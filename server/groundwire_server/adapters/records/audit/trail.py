"""Adding to the audit trail, in the transaction of what an entry is about."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, text, update

from groundwire_server.adapters.records.audit.chain import BEGINNING, AuditKeys
from groundwire_server.adapters.records.audit.notices import post_notices
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.operations.rows import AnyRow, moment
from groundwire_server.adapters.records.tables.audit import audit, audit_heads
from groundwire_server.ports.audit import AuditEntry

_OF_TENANT: Final = audit_heads.c.tenant == bindparam("of")

_HEAD: Final = select(audit_heads).where(_OF_TENANT).with_for_update()

_LAST: Final = (
    select(audit.c.sequence, audit.c.digest)
    .where(audit.c.tenant == bindparam("of"))
    .order_by(audit.c.sequence.desc())
    .limit(1)
)

# Written out as in `keys.py`.
_BEGIN: Final = text(
    "INSERT INTO audit_heads (tenant, sequence, digest) VALUES (:tenant, :sequence, :digest) ON CONFLICT DO NOTHING"
)

_ADD: Final = insert(audit).inline()

_MOVE: Final = update(audit_heads).where(_OF_TENANT).values(sequence=bindparam("last"), digest=bindparam("end"))


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What is to be written down; see `ports.audit.AuditEntry`."""

    event: str
    target: str
    actor: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


class AuditTrail:
    """Adds entries to the trails of tenants.

    It locks the tenant's head until the transaction ends: let it be the last that a transaction does, and the first
    that it waits for while it holds nothing else.

    Args:
        sealing: of the records, from whose keys the digests are made.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._keys = AuditKeys(sealing)

    def lock(self, connection: Connection, tenant: str) -> AnyRow:
        """Return the head of a tenant's trail, which no other transaction changes until this one ends."""
        head = connection.execute(_HEAD, {"of": tenant}).first()
        if head is None:
            last = connection.execute(_LAST, {"of": tenant}).first()
            sequence, digest = (0, BEGINNING) if last is None else last
            connection.execute(_BEGIN, {"tenant": tenant, "sequence": sequence, "digest": digest})
            head = connection.execute(_HEAD, {"of": tenant}).one()
        return head

    def append(self, connection: Connection, tenant: str, now: int, events: Sequence[AuditEvent]) -> None:
        """Write entries down, in their order; the time is in microseconds since 1970."""
        if not events:
            return
        post_notices(connection, tenant, now, [(each.event, each.target) for each in events])
        head = self.lock(connection, tenant)
        sequence, digest = head.sequence, head.digest
        rows: list[dict[str, Any]] = []
        for each in events:
            sequence += 1
            entry = AuditEntry(tenant, sequence, moment(now), each.actor, each.event, each.target, each.details)
            # The first key is always there.
            digest = self._keys.digest(self._keys.first, digest, entry, now) or b""
            rows.append(
                {
                    "tenant": tenant,
                    "sequence": sequence,
                    "at": now,
                    "actor": each.actor,
                    "event": each.event,
                    "target": each.target,
                    "details": json.dumps(each.details, sort_keys=True),
                    "key_id": self._keys.first,
                    "digest": digest,
                }
            )
        connection.execute(_ADD, rows)
        connection.execute(_MOVE, {"of": tenant, "last": sequence, "end": digest})
