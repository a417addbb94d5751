"""Keeping a case, forgetting it, and what a query of it reads."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert

from groundwire_server.adapters.records.cases.rows import CaseRows
from groundwire_server.adapters.records.tables.reviews import case_documents, cases
from groundwire_server.domain.case import Case

CASE_COLUMNS: Final[Sequence[ColumnElement[Any]]] = (
    cases.c.subject.label("case_subject"),
    cases.c.format.label("case_format"),
    cases.c.sealed_case,
)
"""What `CaseRows.case` reads beside tenant and case id, which another table may have."""

QUESTION_COLUMNS: Final[Sequence[ColumnElement[Any]]] = (*CASE_COLUMNS[:2], cases.c.sealed_question)
"""What `CaseRows.question_text` reads beside tenant and case id."""

_KEEP: Final = insert(cases).inline()
_SHOW: Final = insert(case_documents).inline()
_FORGET: Final = delete(cases).where(cases.c.case_id.in_(bindparam("those", expanding=True)))


def insert_case(connection: Connection, rows: CaseRows, case_id: str, case: Case, now: int, expires: int) -> None:
    """Write a case down with the documents that it shows; the times are in microseconds since 1970."""
    connection.execute(_KEEP, rows.values(case_id, case, now, expires))
    own = {"case_id": case_id, "tenant": case.tenant}
    if documents := [own | {"document_id": document} for document in sorted(case.documents)]:
        connection.execute(_SHOW, documents)


def forget_cases(connection: Connection, case_ids: Collection[str]) -> int:
    """Delete cases; return how many there were."""
    return connection.execute(_FORGET, {"those": sorted(case_ids)}).rowcount if case_ids else 0
