"""Cases and their rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from groundwire_server.adapters.records.cases.encoding import decoded_case, encoded_case
from groundwire_server.adapters.records.encryption import SealedPlace, Sealing
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.operations.rows import AnyRow
from groundwire_server.domain.case import Case
from groundwire_server.ports.operations import RecordsError

FORMAT: Final = 1
"""Of the sealed columns of cases, reviews and feedback; rows of a newer one are left to the servers that know it."""


class CaseRows:
    """Reads and writes the rows of cases.

    Args:
        sealing: of the columns named `sealed_*`.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def values(self, case_id: str, case: Case, now: int, expires: int) -> dict[str, Any]:
        """Return the columns of a case; the times are in microseconds since 1970."""
        question, report = case.question, case.report
        text, whole = _place(case, case_id, "question"), _place(case, case_id, "case")
        return {
            "case_id": case_id,
            "tenant": case.tenant,
            "subject": case.subject,
            "end_user": self.end_user(case.tenant, question.end_user_id),
            "route": question.route,
            "request_id": question.request_id,
            "trace_id": report.trace_id,
            "created": now,
            "expires": expires,
            "format": FORMAT,
            "sealed_question": self._sealing.seal(question.text.encode(), text),
            "sealed_case": self._sealing.seal(encoded_case(case), whole),
        }

    def end_user(self, tenant: str, end_user_id: str) -> str:
        """Return what an end user is called in a row; empty without one."""
        return self._sealing.pseudonyms(tenant, end_user_id)[0] if end_user_id else ""

    def case(self, row: AnyRow) -> Case:
        """Return the case of a row that has `case_id`, `tenant`, `case_subject`, `case_format` and `sealed_case`.

        Raises:
            RecordsError: when it cannot be read.
        """
        with readable(row.case_format):
            place = SealedPlace(row.tenant, row.case_subject, row.case_id, "cases.sealed_case")
            return decoded_case(self._sealing.open(row.sealed_case, place))

    def question_text(self, row: AnyRow) -> str:
        """Return the question of a row, which has `sealed_question` in place of `sealed_case`.

        Raises:
            RecordsError: when it cannot be read.
        """
        with readable(row.case_format):
            place = SealedPlace(row.tenant, row.case_subject, row.case_id, "cases.sealed_question")
            return self._sealing.open(row.sealed_question, place).decode()


@contextmanager
def readable(format_: int) -> Iterator[None]:
    """Raise RecordsError for what is wrong with sealed columns: a newer format, an unknown word or field.

    Args:
        format_: of the sealed columns.
    """
    newer = RecordsError(RecordsFault.NEW_RECORD)
    if format_ > FORMAT:
        raise newer
    try:
        yield
    except (ValueError, LookupError, TypeError):
        # The words of the exception hold the value: the chain goes no further.
        raise newer from None


def _place(case: Case, case_id: str, column: str) -> SealedPlace:
    return SealedPlace(case.tenant, case.subject, case_id, f"cases.sealed_{column}")
