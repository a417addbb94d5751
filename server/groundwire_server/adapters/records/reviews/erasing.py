"""Erasing cases with the texts of their reviews and of feedback on them. Times are in microseconds since 1970.

Reviews keep their numbers, so that samples can still be counted; those that were open are withdrawn. The name of a
subject is replaced, also where it has decided. What was done to reviews stays in the audit trail, which holds no texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, delete, select, update

from groundwire_server.adapters.records.audit.trail import AuditTrail
from groundwire_server.adapters.records.cases.writing import forget_cases
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.operations.rows import AnyRow
from groundwire_server.adapters.records.reviews.withdrawing import OPEN, withdraw_rows
from groundwire_server.adapters.records.selecting import selected
from groundwire_server.adapters.records.tables.operations import operations
from groundwire_server.adapters.records.tables.reviews import case_documents, cases, feedback, reviews
from groundwire_server.domain.erasure import (
    EntireTenant,
    Erasure,
    OneEndUser,
    OneSubject,
    RecordErasure,
)
from groundwire_server.domain.vocabulary import OperationState

_BATCH: Final = 200
"""Cases that are erased in one transaction."""

_THOSE: Final[BindParameter[Any]] = bindparam("those", expanding=True)

_REVIEWS_OF: Final = (
    select(reviews.c.ticket, reviews.c.case_id, reviews.c.state)
    .where(reviews.c.case_id.in_(_THOSE))
    .order_by(reviews.c.ticket)
    .with_for_update()
)

_BLANK: Final = update(reviews).where(reviews.c.case_id.in_(_THOSE)).values(sealed_verdict=None)

# What was said of an answer may quote it.
_LOOSEN: Final = update(feedback).where(feedback.c.case_id.in_(_THOSE)).values(sealed_texts=None, case_id="")


@dataclass(frozen=True, slots=True)
class ErasedTexts:
    """How much was erased in one step."""

    cases: int = 0
    feedback: int = 0

    def __bool__(self) -> bool:
        """Whether anything was."""
        return bool(self.cases or self.feedback)


class CaseErasure:
    """Erases cases, reviews and feedback within transactions.

    Args:
        sealing: knows the names of end users in rows.
        trail: of what is done to reviews.
    """

    def __init__(self, sealing: Sealing, trail: AuditTrail) -> None:
        self._sealing = sealing
        self._trail = trail

    def erase_some(
        self, connection: Connection, erasure: Erasure | RecordErasure, nobody: str, now: int
    ) -> ErasedTexts:
        """Erase a batch of cases, and the feedback that the erasure names.

        Args:
            connection: within a transaction.
            erasure: what is meant.
            nobody: replaces the name of a subject.
            now: when.
        """
        chosen = self._chosen(erasure).limit(_BATCH)
        ids = [row.case_id for row in connection.execute(chosen)]
        standing = connection.execute(_REVIEWS_OF, {"those": ids}).all()
        self.withdraw(connection, erasure.tenant, [row for row in standing if row.state in OPEN], now)
        connection.execute(_BLANK, {"those": ids})
        connection.execute(_LOOSEN, {"those": ids})
        forget_cases(connection, ids)
        said = self._forget_feedback(connection, erasure)
        if len(ids) < _BATCH:
            self._forget_names(connection, erasure, nobody)
        return ErasedTexts(len(ids), said)

    def waiting_for(self, erasure: Erasure | RecordErasure) -> ColumnElement[bool]:
        """Return what holds of operations that wait for the review of a case that is meant."""
        waited_for: Select[tuple[str]] = select(reviews.c.operation_id).where(
            reviews.c.tenant == erasure.tenant, reviews.c.case_id.in_(self._chosen(erasure))
        )
        return (operations.c.state == OperationState.IN_REVIEW) & operations.c.operation_id.in_(waited_for)

    def withdraw(self, connection: Connection, tenant: str, rows: Sequence[AnyRow], now: int) -> None:
        """Withdraw reviews that are open, whose rows are locked, and erase the texts of feedback on them."""
        # With the case it is forgotten which documents they may quote.
        connection.execute(_LOOSEN, {"those": [row.case_id for row in rows]})
        self._trail.append(connection, tenant, now, withdraw_rows(connection, rows, now, "", "erased"))

    def _chosen(self, erasure: Erasure | RecordErasure) -> Select[tuple[str]]:
        """Return the query of the ids of the cases that are meant."""
        return select(cases.c.case_id).where(
            cases.c.tenant == erasure.tenant, selected(erasure, cases, case_documents, self._sealing)
        )

    def _forget_feedback(self, connection: Connection, erasure: Erasure | RecordErasure) -> int:
        own: list[ColumnElement[bool]] = [feedback.c.tenant == erasure.tenant]
        match erasure.selection:
            case EntireTenant():
                pass
            case OneSubject(subject):
                own.append(feedback.c.subject == subject)
            case OneEndUser(end_user_id):
                own.append(feedback.c.end_user.in_(self._sealing.pseudonyms(erasure.tenant, end_user_id)))
            case _:
                return 0
        return connection.execute(delete(feedback).where(*own)).rowcount

    def _forget_names(self, connection: Connection, erasure: Erasure | RecordErasure, nobody: str) -> None:
        """Let go of the rows of a tenant's reviews, and of the name of a subject, once their cases are gone."""
        if isinstance(erasure.selection, EntireTenant):
            connection.execute(delete(reviews).where(reviews.c.tenant == erasure.tenant, reviews.c.state.not_in(OPEN)))
        elif isinstance(erasure.selection, OneSubject):
            mine = (reviews.c.tenant == erasure.tenant, reviews.c.subject == erasure.selection.subject)
            connection.execute(update(reviews).where(*mine).values(subject=nobody, sealed_verdict=None))
            # A claim keeps its name: its reviewer may be at work.
            decided = (
                reviews.c.tenant == erasure.tenant,
                reviews.c.reviewer == erasure.selection.subject,
                reviews.c.state.not_in(OPEN),
            )
            connection.execute(update(reviews).where(*decided).values(reviewer=nobody))
