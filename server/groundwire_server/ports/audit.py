"""The audit trail: who has done what, in a chain of digests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of a tenant's trail; it holds no texts.

    Attributes:
        sequence: counts from 1 within the tenant, without holes.
        at: when, of the wall clock.
        actor: the subject that did it; empty where the service did it by itself.
        event: what was done, such as `review.approved`.
        target: what it was done to, such as `reviews/7f3a09c2`.
        details: counts, words and digests by name.
        digest: over this entry and the digest before it, keyed with a key of the records.
    """

    tenant: str
    sequence: int
    at: datetime
    actor: str
    event: str
    target: str
    details: Mapping[str, str] = field(default_factory=dict)
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class AuditVerification:
    """The result of recomputing a trail.

    Attributes:
        entries: how many were looked at, up to the first that is wrong.
        first_wrong: the sequence of the first that is wrong or missing; None where none was found.
        last: the last entry; None in an empty trail.
        unverified: how many of them have a digest by a key that is not there any more: their numbers are right, and
            what they say cannot be verified.
        missing_keys: the ids of those keys.
    """

    entries: int
    first_wrong: int | None
    last: AuditEntry | None
    unverified: int = 0
    missing_keys: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether every entry is as it was written, and none is missing."""
        return self.first_wrong is None and not self.unverified


class AuditRecords(Protocol):
    """Reads the audit trail; entries are written in the transaction of what they are about.

    Every adapter passes `tests/contract/reviews`. Every method raises RecordsError when the database cannot be asked.
    """

    async def page(self, tenant: str, target: str, after: int, most: int) -> Sequence[AuditEntry]:
        """Return entries in their order, after a sequence, of one target or, where it is empty, of all."""
        ...

    async def verify(self, tenant: str, known: tuple[int, bytes] | None) -> AuditVerification:
        """Recompute the digests of a tenant.

        Args:
            tenant: whose.
            known: the sequence and the digest of an entry that was noted elsewhere; None compares none.
        """
        ...
