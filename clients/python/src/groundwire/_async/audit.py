"""The calls about the audit trail."""

from collections.abc import AsyncIterator

from groundwire._async.connection import Connection
from groundwire.v1.audit_service_pb2 import (
    AuditEntry,
    ListAuditEntriesRequest,
    VerifyAuditRequest,
    VerifyAuditResponse,
)


class AuditCalls:
    """Calls about who has decided what: the role operator is needed.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def audit_entries(
        self, *, target: str = "", after: int = 0, page_size: int = 100, timeout: float | None = None
    ) -> AsyncIterator[AuditEntry]:
        """Yield the entries of the tenant's audit trail in their order, fetching page after page.

        Args:
            target: yields what was done to one thing, such as ``reviews/7f3a09c2``; empty yields everything.
            after: yields the entries after this sequence.
            page_size: how many to fetch at once, at most 1000.
            timeout: seconds that each page may take.
        """
        request = ListAuditEntriesRequest(target=target, after_sequence=after, page_size=page_size)
        async for page in self._connection.pages(self._connection.audit.ListAuditEntries, request, timeout):
            for entry in page.entries:
                yield entry

    async def verify_audit(
        self, *, sequence: int = 0, digest: str = "", timeout: float | None = None
    ) -> VerifyAuditResponse:
        """Have the server recompute the digests of the tenant's trail, and return whether it is intact.

        Args:
            sequence: that of an entry that was noted outside the service; 0 compares none.
            digest: that entry's, in lower-case hexadecimal.
            timeout: seconds that the call may take.
        """
        request = VerifyAuditRequest(sequence=sequence, digest=digest)
        return await self._connection.call(self._connection.audit.VerifyAudit, request, timeout)
