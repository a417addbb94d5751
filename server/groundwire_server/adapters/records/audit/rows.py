"""Entries of the audit trail and their rows."""

import json

from groundwire_server.adapters.records.operations.rows import AnyRow, moment
from groundwire_server.ports.audit import AuditEntry


def entry_of(row: AnyRow) -> AuditEntry:
    """Return the entry of a row. Details that are not as they were written are shown as they are."""
    return AuditEntry(
        tenant=row.tenant,
        sequence=row.sequence,
        at=moment(row.at),
        actor=row.actor,
        event=row.event,
        target=row.target,
        details=_details(row.details),
        digest=row.digest,
    )


def _details(written: str) -> dict[str, str]:
    try:
        read = json.loads(written)
    except ValueError:
        return {"": written}
    if not isinstance(read, dict) or not all(isinstance(value, str) for value in read.values()):
        return {"": written}
    return read
