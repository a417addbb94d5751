"""AuditService."""

from typing import Any, Final

import grpc.aio

from groundwire.v1 import audit_service_pb2
from groundwire.v1.audit_service_pb2_grpc import AuditServiceServicer
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Feature
from groundwire_server.edge.call import current_call
from groundwire_server.edge.paging import PageTokens, page_size
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.audit import AuditEntry, AuditRecords

_SEQUENCE_DIGITS: Final = 18
"""As many as fit into a column of the database, whatever they are."""


class Audit(AuditServiceServicer):
    """Shows who decided what."""

    def __init__(self, current: CurrentSnapshot) -> None:
        self._current = current

    async def ListAuditEntries(
        self, request: audit_service_pb2.ListAuditEntriesRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> audit_service_pb2.ListAuditEntriesResponse:
        """Return a page of entries, in their order."""
        tenant = current_call().caller.tenant
        tokens = PageTokens("audit", tenant, request.target, str(request.after_sequence))
        after = tokens.read(request.page_token, _sequence)
        size = page_size(request.page_size)
        begin = request.after_sequence if after is None else after
        found = await self._records.page(tenant, request.target, begin, size + 1)
        page, following = tokens.cut(found, size, lambda entry: [str(entry.sequence)])
        return audit_service_pb2.ListAuditEntriesResponse(
            entries=map(_entry_to_pb, page),
            next_page_token=following,
        )

    async def VerifyAudit(
        self, request: audit_service_pb2.VerifyAuditRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> audit_service_pb2.VerifyAuditResponse:
        """Recompute the digests of the caller's tenant."""
        if bool(request.sequence) != bool(request.digest):
            raise Rejection.invalid(
                "digest", "must come with the sequence of its entry, and only with it", "audit.known"
            )
        known = (request.sequence, bytes.fromhex(request.digest)) if request.sequence else None
        found = await self._records.verify(current_call().caller.tenant, known)
        response = audit_service_pb2.VerifyAuditResponse(
            intact=found.intact,
            entries=found.entries,
            first_wrong=found.first_wrong or 0,
            unverified=found.unverified,
            missing_keys=found.missing_keys,
        )
        if found.last is not None:
            response.last_sequence, response.last_digest = found.last.sequence, found.last.digest.hex()
        return response

    @property
    def _records(self) -> AuditRecords:
        return self._current.snapshot.review_calls(Feature.AUDIT).audit


def _sequence(text: str) -> int:
    """Return the number that a page token holds.

    Raises:
        ValueError: for any other text.
    """
    if not text.isdecimal() or len(text) > _SEQUENCE_DIGITS:
        raise ValueError("not a sequence")
    return int(text)


def _entry_to_pb(entry: AuditEntry) -> audit_service_pb2.AuditEntry:
    message = audit_service_pb2.AuditEntry(
        sequence=entry.sequence,
        actor=entry.actor,
        event=entry.event,
        target=entry.target,
        details=entry.details,
        digest=entry.digest.hex(),
    )
    message.time.FromDatetime(entry.at)
    return message
