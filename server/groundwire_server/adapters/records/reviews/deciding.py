"""Ending a review by a decision or because its time is over, with the operation that waits for it.

Locks are taken in one order by all: the operation, its review, the head of the audit trail. Times are in microseconds
since 1970.
"""

from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, bindparam, case, select, update

from groundwire_server.adapters.records.audit.trail import AuditEvent, AuditTrail
from groundwire_server.adapters.records.cases.writing import CASE_COLUMNS
from groundwire_server.adapters.records.encryption import SealedPlace, Sealing
from groundwire_server.adapters.records.operations.completing import cite
from groundwire_server.adapters.records.operations.ending import AS_DONE, end_posts
from groundwire_server.adapters.records.operations.journal import OperationChange, record, unsettled
from groundwire_server.adapters.records.operations.rows import AnyRow, sealed_result
from groundwire_server.adapters.records.reviews.claiming import NAMED, holder, locked, rejected, waits
from groundwire_server.adapters.records.reviews.rows import ReviewRows
from groundwire_server.adapters.records.reviews.withdrawing import AS_ENDED, OPEN, target_of
from groundwire_server.adapters.records.tables.operations import operations
from groundwire_server.adapters.records.tables.reviews import cases, reviews
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import OperationKey
from groundwire_server.domain.review import ReviewDecision, ReviewState, ReviewVerdict
from groundwire_server.domain.vocabulary import OperationState, Reason
from groundwire_server.ports.reviews import Completion

_OPERATION: Final = select(reviews.c.operation_id).where(*NAMED)

_OF: Final = (operations.c.operation_id == bindparam("of"), operations.c.tenant == bindparam("within"))

_LOCK: Final = select(operations.c.operation_id).where(*_OF).with_for_update()

_COMPLETE: Final = (
    update(operations)
    .where(*_OF, operations.c.state == OperationState.IN_REVIEW)
    .values(**AS_DONE, sealed_result=bindparam("result"))
    .returning(operations.c.attempts, operations.c.sealed_webhook)
)

_DECIDE: Final = (
    update(reviews)
    .where(*NAMED)
    .values(
        **AS_ENDED,
        decided=bindparam("now"),
        faults=bindparam("its_faults"),
        wrong_sentences=bindparam("its_sentences"),
        sealed_verdict=bindparam("its_verdict"),
    )
    .returning(reviews)
)

_EXPIRE: Final = update(reviews).where(*NAMED).values(**AS_ENDED, reviewer="").returning(reviews)

_DRAFT: Final = select(cases.c.case_id, cases.c.tenant, *CASE_COLUMNS).where(
    cases.c.case_id == bindparam("its_case"), cases.c.tenant == bindparam("within")
)

_AS_OPENED: Final = bindparam("as_opened", type_=cases.c.expires.type)
_FORGOTTEN: Final = bindparam("forgotten", type_=cases.c.expires.type)

# Feedback may have asked for longer since the case was made.
_KEEP_CASE: Final = (
    update(cases)
    .where(cases.c.case_id == bindparam("its_case"), cases.c.tenant == bindparam("within"))
    .values(
        expires=case(
            (cases.c.expires == _AS_OPENED, _FORGOTTEN),
            (cases.c.expires < _FORGOTTEN, _FORGOTTEN),
            else_=cases.c.expires,
        )
    )
)


class ReviewEnder:
    """Ends reviews within transactions.

    Args:
        sealing: of outcomes.
        rows: read and write reviews.
        trail: of what is done.
        keep: microseconds that an operation is kept with its outcome.
    """

    def __init__(self, sealing: Sealing, rows: ReviewRows, trail: AuditTrail, keep: int) -> None:
        self._sealing = sealing
        self._rows = rows
        self._trail = trail
        self._keep = keep

    def decide(
        self,
        connection: Connection,
        tenant: str,
        ticket: str,
        reviewer: str,
        verdict: ReviewVerdict,
        completion: Completion | None,
        etag: str,
        now: int,
    ) -> AnyRow:
        """Decide a review; see `ReviewRecords.decide`."""
        row = self._locked(connection, tenant, ticket)
        if self._same(row, reviewer, verdict):
            return row
        if not waits(row, now):
            raise rejected(Reason.REVIEW_DECIDED, ticket)
        if holder(row, now) != reviewer:
            raise rejected(Reason.REVIEW_NOT_CLAIMED, ticket)
        if etag and etag != str(row.version):
            raise rejected(Reason.REVIEW_CHANGED, ticket)
        written = self._rows.decided(row, verdict)
        values = {
            "within": tenant,
            "named": ticket,
            "end": verdict.decision.state,
            "now": now,
            "its_faults": written["faults"],
            "its_sentences": written["wrong_sentences"],
            "its_verdict": written["sealed_verdict"],
        }
        decided: AnyRow = connection.execute(_DECIDE, values).one()
        self._complete(connection, row, completion, now)
        self._keep_case(connection, decided)
        details = {"kind": row.kind, "cause": row.cause, "etag": str(row.version)} | self._details(
            connection, row, verdict
        )
        event = AuditEvent(f"review.{verdict.decision.lower()}", target_of(ticket), reviewer, details)
        self._trail.append(connection, tenant, now, [event])
        return decided

    def expire(self, connection: Connection, tenant: str, ticket: str, completion: Completion | None, now: int) -> bool:
        """End a review whose time is over; see `ReviewRecords.expire`."""
        try:
            row = self._locked(connection, tenant, ticket)
        except Rejection:
            return False
        if row.state not in OPEN or row.answer_by > now:
            return False
        given = {"within": tenant, "named": ticket, "end": ReviewState.EXPIRED, "now": now}
        expired = connection.execute(_EXPIRE, given).one()
        self._complete(connection, row, completion, now)
        self._keep_case(connection, expired)
        details = {"kind": row.kind, "cause": row.cause, "etag": str(row.version)}
        self._trail.append(connection, tenant, now, [AuditEvent("review.expired", target_of(ticket), details=details)])
        return True

    def _locked(self, connection: Connection, tenant: str, ticket: str) -> AnyRow:
        """Return the row of a review, after the lock of its operation; the operation of a review never changes."""
        operation_id = connection.scalar(_OPERATION, {"within": tenant, "named": ticket})
        if operation_id:
            connection.execute(_LOCK, {"within": tenant, "of": operation_id})
        return locked(connection, tenant, ticket)

    def _same(self, row: AnyRow, reviewer: str, verdict: ReviewVerdict) -> bool:
        """Return whether a review was decided so by the same reviewer, with the same remarks."""
        if row.state != verdict.decision.state or row.reviewer != reviewer:
            return False
        before = self._rows.verdict(row)
        if before is None or _text(before) != _text(verdict):
            return False
        return replace(before, text=None) == replace(verdict, text=None)

    def _complete(self, connection: Connection, row: AnyRow, completion: Completion | None, now: int) -> None:
        """End the operation that waits for a review with its outcome."""
        if not row.operation_id or completion is None:
            return
        key = OperationKey(row.tenant, row.subject, row.operation_id)
        given = {
            "within": row.tenant,
            "of": row.operation_id,
            "now": now,
            "forgotten": now + self._keep,
            "result": sealed_result(self._sealing, key, completion.result),
        }
        ended = connection.execute(_COMPLETE, given).first()
        if ended is None:
            return
        cite(connection, row.tenant, row.operation_id, completion.documents)
        # That of a direct call has none: its call has answered for what it consumed.
        on_ledger = bool(unsettled(connection, [row.operation_id]))
        change = OperationChange(
            row.tenant,
            row.operation_id,
            ended.attempts,
            ("effect",),
            settles=on_ledger,
            posts=end_posts(ended),
        )
        record(connection, now, [change])

    def _keep_case(self, connection: Connection, row: AnyRow) -> None:
        given = {
            "within": row.tenant,
            "its_case": row.case_id,
            "as_opened": row.answer_by + row.keep,
            "forgotten": row.expires,
        }
        connection.execute(_KEEP_CASE, given)

    def _details(self, connection: Connection, row: AnyRow, verdict: ReviewVerdict) -> dict[str, str]:
        """Return what the audit trail keeps of a decision: words, counts, and a digest of the text that it is about."""
        details: dict[str, str] = {}
        if verdict.faults:
            details["faults"] = ",".join(verdict.faults)
        if verdict.wrong_sentences:
            details["wrong_sentences"] = str(len(verdict.wrong_sentences))
        text = _text(verdict)
        if verdict.decision is ReviewDecision.APPROVED:
            text = self._draft(connection, row)
        if text:
            # Keyed: the texts of short answers could be tried out.
            place = SealedPlace(row.tenant, "", row.ticket, "audit.text")
            details["text_digest"] = self._sealing.digests(text.encode(), place)[0].hex()
        return details

    def _draft(self, connection: Connection, row: AnyRow) -> str:
        found = connection.execute(_DRAFT, {"within": row.tenant, "its_case": row.case_id}).first()
        draft = None if found is None else self._rows.cases.case(found).draft
        return "" if draft is None else draft.text


def _text(verdict: ReviewVerdict) -> str:
    return "" if verdict.text is None else verdict.text.text
