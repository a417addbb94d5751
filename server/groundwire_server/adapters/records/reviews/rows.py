"""Reviews and their rows: words, times and sealed texts, in both directions."""

import logging
from typing import Any, Final

from groundwire_server.adapters.records.cases.encoding import decoded_verdict, encoded_verdict
from groundwire_server.adapters.records.cases.rows import FORMAT, CaseRows, readable
from groundwire_server.adapters.records.encryption import SealedPlace, Sealing
from groundwire_server.adapters.records.operations.rows import AnyRow, micros, moment, trace_id
from groundwire_server.domain.case import Case
from groundwire_server.domain.feedback import AnswerFault
from groundwire_server.domain.outcome import Report
from groundwire_server.domain.question import Question
from groundwire_server.domain.review import (
    Review,
    ReviewDecision,
    ReviewKind,
    ReviewReason,
    ReviewState,
    ReviewTrigger,
    ReviewVerdict,
)
from groundwire_server.domain.vocabulary import Cause, Verdict
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.reviews import OpenedReview, ReviewOpening

_log = logging.getLogger(__name__)

_DECISIONS: Final = {each.state: each for each in ReviewDecision}


class ReviewRows:
    """Reads and writes the rows of reviews, with their cases.

    Args:
        sealing: of the columns named `sealed_*`.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self.cases = CaseRows(sealing)

    def values(self, opening: ReviewOpening, case_id: str, now: int) -> dict[str, Any]:
        """Return the columns of a review that is opened now, in microseconds since 1970."""
        case, reason = opening.case, opening.reason
        return {
            "ticket": opening.ticket,
            "tenant": case.tenant,
            "case_id": case_id,
            "operation_id": opening.operation_id,
            "kind": opening.kind,
            "state": ReviewState.PENDING,
            "trigger": reason.trigger,
            "cause": reason.cause,
            "guard": reason.guard,
            "category": reason.category,
            "route": case.question.route,
            "subject": case.subject,
            "request_id": case.question.request_id,
            "trace_id": case.report.trace_id or trace_id(opening.traceparent),
            "weakest_verdict": None if case.draft is None else case.draft.weakest_verdict,
            "share": opening.share,
            "created": now,
            "answer_by": micros(opening.expires),
            "expires": micros(opening.expires),
            "keep": round(opening.forget * 1_000_000),
            "reviewer": "",
            "version": 1,
            "faults": "",
            "wrong_sentences": "",
            "format": FORMAT,
        }

    def decided(self, row: AnyRow, verdict: ReviewVerdict) -> dict[str, Any]:
        """Return the columns of a decision on a row's review."""
        value = encoded_verdict(verdict.text, verdict.note)
        return {
            "faults": ",".join(verdict.faults),
            "wrong_sentences": ",".join(map(str, verdict.wrong_sentences)),
            "sealed_verdict": self._sealing.seal(value, _place(row)),
        }

    def review(self, row: AnyRow, now: int) -> Review:
        """Return the review of a row as it stands now.

        Raises:
            RecordsError: when it cannot be read.
        """
        with readable(row.format):
            state = ReviewState(row.state)
            lapsed = state is ReviewState.CLAIMED and (row.lease_until or 0) <= now
            claimed = state is ReviewState.CLAIMED and not lapsed
            return Review(
                tenant=row.tenant,
                ticket=row.ticket,
                kind=ReviewKind(row.kind),
                state=ReviewState.PENDING if lapsed else state,
                reason=ReviewReason(Cause(row.cause), ReviewTrigger(row.trigger), row.guard, row.category),
                route=row.route,
                subject=row.subject,
                request_id=row.request_id,
                trace_id=row.trace_id,
                created=moment(row.created),
                expires=moment(row.answer_by),
                operation_id=row.operation_id,
                weakest_verdict=None if row.weakest_verdict is None else Verdict(row.weakest_verdict),
                share=row.share,
                reviewer="" if lapsed else row.reviewer,
                lease_until=moment(row.lease_until) if claimed else None,
                decided=None if row.decided is None else moment(row.decided),
                version=row.version,
            )

    def verdict(self, row: AnyRow) -> ReviewVerdict | None:
        """Return the decision of a row; None before, and where there was none.

        The text and the note are left out where they were erased.

        Raises:
            RecordsError: when it cannot be read.
        """
        with readable(row.format):
            decision = _DECISIONS.get(ReviewState(row.state))
            if decision is None:
                return None
            sealed = row.sealed_verdict
            text, note = (None, "") if sealed is None else decoded_verdict(self._sealing.open(sealed, _place(row)))
            return ReviewVerdict(
                decision=decision,
                text=text,
                note=note,
                faults=tuple(map(AnswerFault, filter(None, row.faults.split(",")))),
                wrong_sentences=tuple(map(int, filter(None, row.wrong_sentences.split(",")))),
            )

    def opened(self, row: AnyRow, now: int) -> OpenedReview:
        """Return the review of a row with its texts.

        Raises:
            RecordsError: when it cannot be read.
        """
        case = None if row.sealed_case is None else self.cases.case(row)
        return OpenedReview(self.review(row, now), case, self.verdict(row))

    def listed(self, row: AnyRow, now: int) -> OpenedReview | None:
        """Return the review of a row with its question; None where it cannot be read, which is reported.

        One whose question alone cannot be read is listed without it: it still waits, and is counted.
        """
        try:
            review = self.review(row, now)
        except RecordsError as unreadable:
            report_unreadable(row, unreadable)
            return None
        try:
            text = None if row.sealed_question is None else self.cases.question_text(row)
        except RecordsError as unreadable:
            report_unreadable(row, unreadable)
            text = None
        if text is None:
            return OpenedReview(review, None)
        question = Question(review.route, text, review.request_id)
        case = Case(
            review.tenant, review.subject, question, (), None, complete=True, report=Report(), asked=review.created
        )
        return OpenedReview(review, case)

    def overdue(self, row: AnyRow, now: int) -> OpenedReview | None:
        """Return the review of a row with what can be read of its texts; None where it cannot be read itself."""
        try:
            return self.opened(row, now)
        except RecordsError as unreadable:
            report_unreadable(row, unreadable)
        try:
            return OpenedReview(self.review(row, now), None)
        except RecordsError:
            return None


def report_unreadable(row: AnyRow, unreadable: RecordsError) -> None:
    """Report a review that cannot be read."""
    _log.error("a review cannot be read", extra={"ticket": row.ticket, "why": str(unreadable)})


def _place(row: AnyRow) -> SealedPlace:
    return SealedPlace(row.tenant, row.subject, row.ticket, "reviews.sealed_verdict")
