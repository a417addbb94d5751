"""The digests of the audit trail: each over its entry and the digest before it, with a key of the records.

Whoever can write into the database alone cannot make one, and so can neither change an entry nor remove one in the
middle. Who cuts off the end, and the head with it, leaves a trail that is right, but shorter than an entry noted
elsewhere.
"""

import hmac
from collections.abc import Iterable
from typing import Final

from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.ports.audit import AuditEntry

BEGINNING: Final = bytes(32)
"""What stands before the first entry."""

_PURPOSE: Final = b"groundwire audit trail 1"
_NUMBER_BYTES: Final = 8
_LENGTH_BYTES: Final = 4


class AuditKeys:
    """The keys that digests are made with.

    Args:
        sealing: of the records, from whose keys they are derived.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._keys = sealing.derived(_PURPOSE)
        self.first = sealing.key_ids[0]
        """The id of the key of new entries."""

    def digest(self, key_id: str, previous: bytes, entry: AuditEntry, at: int) -> bytes | None:
        """Return the digest of an entry; None where its key is not there.

        Args:
            key_id: of the key.
            previous: the digest of the entry before.
            entry: its own digest is not read.
            at: when, in microseconds since 1970.
        """
        key = self._keys.get(key_id)
        return None if key is None else hmac.digest(key, _canonical(key_id, previous, entry, at), "sha256")


def _canonical(key_id: str, previous: bytes, entry: AuditEntry, at: int) -> bytes:
    """Return an entry as bytes, the same for no two entries."""
    return b"".join(len(part).to_bytes(_LENGTH_BYTES) + part for part in _parts(key_id, previous, entry, at))


def _parts(key_id: str, previous: bytes, entry: AuditEntry, at: int) -> Iterable[bytes]:
    yield previous
    yield key_id.encode()
    yield entry.tenant.encode()
    yield entry.sequence.to_bytes(_NUMBER_BYTES)
    yield at.to_bytes(_NUMBER_BYTES, signed=True)
    yield entry.actor.encode()
    yield entry.event.encode()
    yield entry.target.encode()
    for name, value in sorted(entry.details.items()):
        yield name.encode()
        yield value.encode()
