"""Opening a review: its case, its row, and the operation that waits for it.

Times are in microseconds since 1970.
"""

import secrets
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, text, update

from groundwire_server.adapters.records.audit.trail import AuditEvent, AuditTrail
from groundwire_server.adapters.records.cases.writing import insert_case
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.operations.accepting import FORGET
from groundwire_server.adapters.records.operations.claiming import HELD, held
from groundwire_server.adapters.records.operations.completing import IN_REVIEW
from groundwire_server.adapters.records.operations.journal import AT_ONCE, OperationChange, record
from groundwire_server.adapters.records.operations.rows import FORMAT, AnyRow, fingerprints, micros, trace_id
from groundwire_server.adapters.records.reviews.rows import ReviewRows
from groundwire_server.adapters.records.reviews.withdrawing import target_of
from groundwire_server.adapters.records.tables.operations import operations
from groundwire_server.adapters.records.tables.reviews import cases, reviews
from groundwire_server.domain.fairness.parties import RANKS
from groundwire_server.domain.operation import Bill, Claim, OperationKey
from groundwire_server.domain.review import ReviewKind
from groundwire_server.domain.vocabulary import OperationState
from groundwire_server.ports.operations import FingerprintError
from groundwire_server.ports.reviews import ReviewOpening

_KEEP: Final = insert(reviews).inline()

# Written out as in `keys.py`. It has no place in the order of work, and no row of the ledger: its call has answered for
# what it consumed.
_WAIT: Final = text(
    "INSERT INTO operations (operation_id, tenant, subject, end_user, route, request_id, trace_id, fingerprint,"
    " priority, turn, state, attempts, attempts_most, due, accepted, expires, cause, format)"
    " VALUES (:operation_id, :tenant, :subject, :end_user, :route, :request_id, :trace_id, :fingerprint, :priority,"
    " 0.0, 'IN_REVIEW', 0, 0, :due, :accepted, :expires, :cause, :format)"
    " ON CONFLICT (tenant, subject, request_id) DO NOTHING"
)

_LEAVE: Final = (
    update(operations)
    .where(*HELD)
    .values(
        state=OperationState.IN_REVIEW,
        worker=None,
        lease_until=None,
        # The case has it.
        sealed_question=None,
        expires=bindparam("until"),
        cause=bindparam("why"),
    )
)

_OF_OPERATION: Final = select(reviews).where(
    reviews.c.tenant == bindparam("tenant"), reviews.c.operation_id == bindparam("of_operation")
)

_SAME_REQUEST: Final = select(operations.c.operation_id, operations.c.fingerprint).where(
    operations.c.tenant == bindparam("tenant"),
    operations.c.subject == bindparam("subject"),
    operations.c.request_id == bindparam("request_id"),
)

_SAME_SAMPLE: Final = (
    select(reviews)
    .join(cases, cases.c.case_id == reviews.c.case_id)
    .where(
        cases.c.tenant == bindparam("tenant"),
        cases.c.subject == bindparam("subject"),
        cases.c.request_id == bindparam("request_id"),
        reviews.c.tenant == bindparam("tenant"),
        reviews.c.operation_id == "",
        reviews.c.kind == bindparam("kind"),
    )
    .limit(1)
)


class ReviewOpener:
    """Opens reviews within transactions.

    Args:
        sealing: of texts and fingerprints.
        rows: write reviews and cases.
        trail: of what is done.
    """

    def __init__(self, sealing: Sealing, rows: ReviewRows, trail: AuditTrail) -> None:
        self._sealing = sealing
        self._rows = rows
        self._trail = trail

    def open(self, connection: Connection, opening: ReviewOpening, claim: Claim | None, now: int) -> AnyRow | None:
        """Open a review, or find the one that the same request has; None where the claim holds no more.

        Raises:
            FingerprintError: when another request has the request id.
        """
        if claim is not None:
            found, is_new = self._leave_to_review(connection, opening, claim, now)
        elif opening.operation_id:
            found, is_new = self._let_wait(connection, opening, now)
        else:
            found, is_new = self._same_sample(connection, opening)
        return self._written(connection, opening, now) if is_new else found

    def _leave_to_review(
        self, connection: Connection, opening: ReviewOpening, claim: Claim, now: int
    ) -> tuple[AnyRow | None, bool]:
        """Let the operation of a worker wait for a person."""
        given = held(claim) | {"until": micros(opening.expires), "why": opening.reason.cause}
        if connection.execute(_LEAVE, given).rowcount != 1:
            # It has left already where the worker asks again, not knowing whether the first time was written.
            left = connection.execute(IN_REVIEW, held(claim)).first()
            tenant, operation_id = claim.key.tenant, claim.key.operation_id
            return None if left is None else self._of_operation(connection, tenant, operation_id), False
        key = claim.key
        bill = Bill.of(opening.case.report)
        change = OperationChange(key.tenant, key.operation_id, claim.attempt, ("in_review",), bill=bill)
        record(connection, now, [change])
        return None, True

    def _let_wait(self, connection: Connection, opening: ReviewOpening, now: int) -> tuple[AnyRow | None, bool]:
        """Make the operation that a caller waits for."""
        case = opening.case
        same: dict[str, object] = {
            "tenant": case.tenant,
            "subject": case.subject,
            "request_id": case.question.request_id,
        }
        prints = fingerprints(
            self._sealing, OperationKey(case.tenant, case.subject, case.question.request_id), opening.fingerprint
        )
        values = self._operation(opening, prints[0], now)
        inserted = connection.execute(_WAIT, values).rowcount == 1
        if not inserted and connection.execute(FORGET, same | {"accepted": now}).rowcount:
            inserted = connection.execute(_WAIT, values).rowcount == 1
        if inserted:
            events = ("accepted", "in_review")
            record(connection, now, [OperationChange(case.tenant, opening.operation_id, 0, events)])
            return None, True
        earlier = connection.execute(_SAME_REQUEST, same).one()
        found = self._of_operation(connection, case.tenant, earlier.operation_id)
        if earlier.fingerprint not in prints or found is None:
            raise FingerprintError
        return found, False

    def _same_sample(self, connection: Connection, opening: ReviewOpening) -> tuple[AnyRow | None, bool]:
        """Find the review of an answer that has left already."""
        case = opening.case
        # Two that open the same one wait for each other.
        self._trail.lock(connection, case.tenant)
        same = {
            "tenant": case.tenant,
            "subject": case.subject,
            "request_id": case.question.request_id,
            "kind": opening.kind,
        }
        found = connection.execute(_SAME_SAMPLE, same).first()
        return found, found is None

    def _operation(self, opening: ReviewOpening, fingerprint: bytes, now: int) -> dict[str, Any]:
        case = opening.case
        question = case.question
        return {
            "operation_id": opening.operation_id,
            "tenant": case.tenant,
            "subject": case.subject,
            "end_user": self._rows.cases.end_user(case.tenant, question.end_user_id),
            "route": question.route,
            "request_id": question.request_id,
            "trace_id": case.report.trace_id or trace_id(opening.traceparent),
            "fingerprint": fingerprint,
            "priority": RANKS[question.priority],
            "due": AT_ONCE,
            "accepted": now,
            "expires": micros(opening.expires),
            "cause": opening.reason.cause,
            "format": FORMAT,
        }

    def _written(self, connection: Connection, opening: ReviewOpening, now: int) -> AnyRow:
        case, case_id = opening.case, secrets.token_hex(16)
        values = self._rows.values(opening, case_id, now)
        insert_case(connection, self._rows.cases, case_id, case, now, values["expires"] + values["keep"])
        connection.execute(_KEEP, values)
        details = {
            "kind": opening.kind.value,
            "trigger": opening.reason.trigger.value,
            "route": case.question.route,
        }
        # Why a sampled answer left as it did would sway its reviewer, who may read the trail too.
        if opening.kind is not ReviewKind.SAMPLE:
            details["cause"] = opening.reason.cause.value
        event = AuditEvent("review.opened", target_of(opening.ticket), details=details)
        self._trail.append(connection, case.tenant, now, [event])
        written = select(reviews).where(reviews.c.ticket == opening.ticket, reviews.c.tenant == case.tenant)
        return connection.execute(written).one()

    def _of_operation(self, connection: Connection, tenant: str, operation_id: str) -> AnyRow | None:
        return connection.execute(_OF_OPERATION, {"tenant": tenant, "of_operation": operation_id}).first()
