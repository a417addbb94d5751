"""The AuditRecords of SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from functools import partial
from hmac import compare_digest
from typing import Final

from sqlalchemy import Connection, bindparam, select

from groundwire_server.adapters.records.audit.chain import BEGINNING, AuditKeys
from groundwire_server.adapters.records.audit.rows import entry_of
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.operations.rows import AnyRow
from groundwire_server.adapters.records.tables.audit import audit, audit_heads
from groundwire_server.ports.audit import AuditEntry, AuditVerification

_BATCH: Final = 1000
"""Entries that are verified at once."""

_PAGE: Final = (
    select(audit)
    .where(audit.c.tenant == bindparam("of"), audit.c.sequence > bindparam("after"))
    .order_by(audit.c.sequence)
    .limit(bindparam("most"))
)

_PAGE_OF_TARGET: Final = _PAGE.where(audit.c.target == bindparam("target"))

_OWN_HEAD: Final = audit_heads.c.tenant == bindparam("of")

# One statement, so that the head and the entries are of one moment.
_NEXT: Final = (
    select(
        audit,
        select(audit_heads.c.sequence).where(_OWN_HEAD).scalar_subquery().label("head"),
        select(audit_heads.c.digest).where(_OWN_HEAD).scalar_subquery().label("head_digest"),
    )
    .where(audit.c.tenant == bindparam("of"), audit.c.sequence >= bindparam("begin"))
    .order_by(audit.c.sequence)
    .limit(_BATCH)
)

_HEAD_WITHOUT_ENTRIES: Final = select(audit_heads.c.sequence).where(
    _OWN_HEAD, ~select(audit).where(audit.c.tenant == bindparam("of")).exists()
)

_LAST: Final = select(audit).where(audit.c.tenant == bindparam("of")).order_by(audit.c.sequence.desc()).limit(1)


class SqlAuditRecords:
    """Reads the audit trail in a database; see `ports.audit.AuditRecords`.

    Args:
        sealing: of the records, from whose keys the digests are made.
    """

    def __init__(self, database: RecordsDatabase, sealing: Sealing) -> None:
        self._database = database
        self._keys = AuditKeys(sealing)

    async def page(self, tenant: str, target: str, after: int, most: int) -> Sequence[AuditEntry]:
        """Return a page of entries."""
        asked = _PAGE_OF_TARGET if target else _PAGE
        values = {"of": tenant, "target": target, "after": after, "most": most}
        rows = await self._database.read(lambda connection: connection.execute(asked, values).all())
        return [entry_of(row) for row in rows]

    async def verify(self, tenant: str, known: tuple[int, bytes] | None) -> AuditVerification:
        """Recompute the digests of a tenant, a batch of them at a time."""
        if await self._database.read(lambda connection: connection.scalar(_HEAD_WITHOUT_ENTRIES, {"of": tenant})):
            return AuditVerification(0, 1, None)
        verifying = _Verifying(self._keys, known)
        while not verifying.ended:
            values = {"of": tenant, "begin": verifying.entries}
            verifying.take(await self._database.read(partial(_next, values=values)))
        last = await self._database.read(lambda connection: connection.execute(_LAST, {"of": tenant}).first())
        return verifying.result(None if last is None else entry_of(last))


def _next(connection: Connection, values: Mapping[str, object]) -> Sequence[AnyRow]:
    return connection.execute(_NEXT, values).all()


class _Verifying:
    """A trail, as far as it was verified.

    Attributes:
        entries: how many are right, or cannot be told to be wrong.
        ended: whether it came to the end, or to an entry that is wrong.
    """

    def __init__(self, keys: AuditKeys, known: tuple[int, bytes] | None) -> None:
        self._keys = keys
        self._known = known
        self._digest = BEGINNING
        self._unverified = 0
        self._missing: set[str] = set()
        self._wrong: int | None = None
        self.entries = 0
        self.ended = False

    def take(self, rows: Sequence[AnyRow]) -> None:
        """Verify the entries that come next; the first is the one that was verified last, where there is one."""
        for row in rows:
            if row.sequence == self.entries:
                continue
            if not self._follows(row):
                self._end(self.entries + 1)
                return
            self.entries, self._digest = row.sequence, row.digest
        if len(rows) < _BATCH:
            self._compare_end(rows[-1] if rows else None)

    def _compare_end(self, row: AnyRow | None) -> None:
        """Compare the end of the entries with the head, which the last row has, and with what is known."""
        head, digest = (0, BEGINNING) if row is None else (row.head or 0, row.head_digest or BEGINNING)
        if head != self.entries:
            # A head that says less leaves the entries after it in doubt; one that says more misses some.
            self._end(min(head, self.entries) + 1)
        elif digest != self._digest:
            self._end(self.entries)
        elif self._known is not None and self._known[0] > self.entries:
            self._end(self.entries + 1)
        else:
            self._end(None)

    def result(self, last: AuditEntry | None) -> AuditVerification:
        """Return the result."""
        return AuditVerification(self.entries, self._wrong, last, self._unverified, tuple(sorted(self._missing)))

    def _follows(self, row: AnyRow) -> bool:
        if row.sequence != self.entries + 1:
            return False
        if (
            self._known is not None
            and row.sequence == self._known[0]
            and not compare_digest(row.digest, self._known[1])
        ):
            return False
        digest = self._keys.digest(row.key_id, self._digest, entry_of(row), row.at)
        if digest is None:
            self._unverified += 1
            self._missing.add(row.key_id)
            return True
        return compare_digest(digest, row.digest)

    def _end(self, wrong: int | None) -> None:
        self._wrong, self.ended = wrong, True
