"""Feedback and its rows."""

import json
from collections.abc import Iterable
from typing import Any

from groundwire_server.adapters.records.cases.rows import FORMAT, CaseRows, readable
from groundwire_server.adapters.records.encryption import SealedPlace, Sealing
from groundwire_server.adapters.records.operations.rows import AnyRow, micros, moment
from groundwire_server.domain.feedback import AnswerFault, AnswerFeedback, Rating

_COLUMN = "feedback.sealed_texts"


class FeedbackRows:
    """Reads and writes the rows of feedback.

    Args:
        sealing: of the correction and the comment.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._cases = CaseRows(sealing)

    def values(self, feedback_id: str, feedback: AnswerFeedback, kept: AnyRow | None, expires: int) -> dict[str, Any]:
        """Return the columns of feedback.

        Args:
            feedback_id: of the row.
            feedback: what was said.
            kept: the row of the case that it is about, with `case_id` and `end_user`; None where none is kept.
            expires: when it is forgotten, in microseconds since 1970.
        """
        # What somebody says of an answer to an end user is that end user's too.
        end_user = self._cases.end_user(feedback.tenant, feedback.end_user_id) or (
            "" if kept is None else kept.end_user
        )
        return {
            "feedback_id": feedback_id,
            "tenant": feedback.tenant,
            "subject": feedback.subject,
            "end_user": end_user,
            "route": feedback.route,
            "request_id": feedback.request_id,
            "trace_id": feedback.trace_id,
            "case_id": "" if kept is None else kept.case_id,
            "rating": feedback.rating or "",
            "faults": ",".join(feedback.faults),
            "said": micros(feedback.said),
            "expires": expires,
            "format": FORMAT,
            "sealed_texts": self._sealed(feedback_id, feedback),
        }

    def feedback(self, row: AnyRow) -> AnswerFeedback:
        """Return what a row says, without the name of its end user; `kept` is the id of a case that is still there.

        Raises:
            RecordsError: when it cannot be read.
        """
        with readable(row.format):
            texts = {"correction": "", "comment": ""}
            if row.sealed_texts is not None:
                place = SealedPlace(row.tenant, row.subject, row.feedback_id, _COLUMN)
                texts |= json.loads(self._sealing.open(row.sealed_texts, place))
            return AnswerFeedback(
                row.tenant,
                row.subject,
                row.request_id,
                row.trace_id,
                row.route,
                moment(row.said),
                rating=Rating(row.rating) if row.rating else None,
                faults=faults_of(row.faults),
                correction=texts["correction"],
                comment=texts["comment"],
                case_id=row.kept or "",
            )

    def _sealed(self, feedback_id: str, feedback: AnswerFeedback) -> bytes | None:
        if not feedback.correction and not feedback.comment:
            return None
        written = json.dumps({"correction": feedback.correction, "comment": feedback.comment})
        place = SealedPlace(feedback.tenant, feedback.subject, feedback_id, _COLUMN)
        return self._sealing.seal(written.encode(), place)


def faults_of(column: str) -> tuple[AnswerFault, ...]:
    """Return the faults of a column."""
    return tuple(map(AnswerFault, _words(column)))


def _words(column: str) -> Iterable[str]:
    return column.split(",") if column else ()
