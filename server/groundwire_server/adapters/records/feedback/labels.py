"""Labelled cases from the decisions of reviewers and the feedback of callers, in the order in which they were given.

The keys of all are read a page at a time and their texts a few at a time, so that an export of many holds few.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, literal, or_, select, union_all

from groundwire_server.adapters.records.cases.rows import FORMAT, CaseRows
from groundwire_server.adapters.records.cases.writing import CASE_COLUMNS
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.feedback.rows import FeedbackRows
from groundwire_server.adapters.records.operations.rows import AnyRow, micros, moment
from groundwire_server.adapters.records.reviews.rows import ReviewRows
from groundwire_server.adapters.records.tables.reviews import cases, feedback, reviews
from groundwire_server.domain.review import ReviewKind, ReviewState
from groundwire_server.ports.feedback import LabelledCase, LabelSource
from groundwire_server.ports.operations import RecordsError

KEYS: Final = 200
"""Keys of one page."""

TEXTS: Final = 8
"""Cases that are read at once."""

_DECIDED: Final = (ReviewState.APPROVED, ReviewState.EDITED, ReviewState.REJECTED)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LabelKey:
    """Where a label stands among all of a tenant.

    Attributes:
        at: when it was given, in microseconds since 1970.
        source: a word of LabelSource.
        row_id: the ticket of the review, or the id of the feedback.
    """

    at: int
    source: str
    row_id: str


@dataclass(frozen=True, slots=True)
class LabelSelection:
    """The labels to read; times are in microseconds since 1970, and an empty route takes all."""

    tenant: str
    since: int
    until: int
    route: str

    @classmethod
    def of(cls, tenant: str, since: datetime | None, until: datetime | None, route: str, now: int) -> "LabelSelection":
        """Return a selection that ends now at the latest: what is said meanwhile belongs to the next export."""
        end = now if until is None else min(micros(until), now)
        return cls(tenant, 0 if since is None else micros(since), end, route)


@dataclass(frozen=True, slots=True)
class _Source:
    """A table of labels.

    Attributes:
        rows: its rows with their cases.
        at: when a label was given.
        row_id: its key.
        route: of the answer.
        tenant: whose.
        labels: which of its rows are labels.
    """

    word: LabelSource
    rows: Select[Any]
    at: ColumnElement[int]
    row_id: ColumnElement[str]
    route: ColumnElement[str]
    tenant: ColumnElement[str]
    labels: Sequence[ColumnElement[bool]]

    def keys(self, selection: LabelSelection, after: LabelKey | None) -> Select[Any]:
        """Return the query of its keys after another."""
        columns: tuple[ColumnElement[Any], ...] = (
            self.at.label("at"),
            literal(self.word.value).label("source"),
            self.row_id.label("row_id"),
        )
        found: Select[Any] = self.rows.with_only_columns(*columns).where(
            self.tenant == selection.tenant,
            *self.labels,
            self.at >= selection.since,
            self.at < selection.until,
        )
        if selection.route:
            found = found.where(self.route == selection.route)
        if after is None:
            return found
        return found.where(or_(self.at > after.at, and_(self.at == after.at, self._behind(after))))

    def _behind(self, after: LabelKey) -> ColumnElement[bool]:
        """Return what holds for those of the same moment that follow."""
        if self.word == after.source:
            return self.row_id > after.row_id
        return literal(self.word.value) > literal(after.source)

    def read(self, connection: Connection, keys: Sequence[LabelKey]) -> Iterable[tuple[LabelKey, AnyRow]]:
        """Return the rows of keys that are there."""
        mine = {key.row_id: key for key in keys if key.source == self.word}
        if not mine:
            return ()
        asked = self.rows.add_columns(self.row_id.label("row_id")).where(self.row_id.in_(sorted(mine)))
        return [(mine[row.row_id], row) for row in connection.execute(asked)]


_REVIEWS: Final = _Source(
    LabelSource.REVIEW,
    select(reviews, *CASE_COLUMNS).join(cases, cases.c.case_id == reviews.c.case_id),
    reviews.c.decided,
    reviews.c.ticket,
    reviews.c.route,
    reviews.c.tenant,
    (reviews.c.state.in_(_DECIDED), reviews.c.format <= FORMAT),
)
# A reviewer has let another text leave, or none: what the caller says of that is no label of the draft.
_OTHER_TEXT: Final = (
    select(reviews.c.ticket)
    .where(
        reviews.c.case_id == feedback.c.case_id,
        reviews.c.kind == ReviewKind.APPROVAL,
        reviews.c.state != ReviewState.APPROVED,
    )
    .exists()
)
_FEEDBACK: Final = _Source(
    LabelSource.FEEDBACK,
    select(feedback, cases.c.case_id.label("kept"), *CASE_COLUMNS).join(cases, cases.c.case_id == feedback.c.case_id),
    feedback.c.said,
    feedback.c.feedback_id,
    feedback.c.route,
    feedback.c.tenant,
    (feedback.c.format <= FORMAT, ~_OTHER_TEXT),
)


def keys_after(connection: Connection, selection: LabelSelection, after: LabelKey | None) -> Sequence[LabelKey]:
    """Return the keys of a page, in their order."""
    both = union_all(_REVIEWS.keys(selection, after), _FEEDBACK.keys(selection, after)).subquery()
    page = select(both).order_by(both.c.at, both.c.source, both.c.row_id).limit(KEYS)
    return [LabelKey(row.at, row.source, row.row_id) for row in connection.execute(page)]


class LabelRows:
    """Reads labelled cases.

    Args:
        sealing: of their texts.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._cases = CaseRows(sealing)
        self._reviews = ReviewRows(sealing)
        self._feedback = FeedbackRows(sealing)

    def labels(self, connection: Connection, keys: Sequence[LabelKey]) -> Sequence[LabelledCase]:
        """Return the labels of keys, in their order.

        Those that are gone or label nothing are left out, and so are those that cannot be read, which are reported.
        """
        rows = dict([*_REVIEWS.read(connection, keys), *_FEEDBACK.read(connection, keys)])
        return list(self._labels((key, rows[key]) for key in keys if key in rows))

    def _labels(self, rows: Iterable[tuple[LabelKey, AnyRow]]) -> Iterator[LabelledCase]:
        for key, row in rows:
            try:
                label = self._reviewed(row) if key.source == LabelSource.REVIEW else self._said(row)
            except RecordsError as unreadable:
                _log.error("a case cannot be read", extra={"case": row.case_id, "why": str(unreadable)})
                continue
            if label is not None:
                yield label

    def _reviewed(self, row: AnyRow) -> LabelledCase:
        verdict = self._reviews.verdict(row)
        corrected = verdict.text.text if verdict is not None and verdict.text is not None else ""
        return LabelledCase(
            LabelSource.REVIEW,
            self._cases.case(row),
            row.state == ReviewState.APPROVED,
            moment(row.decided),
            wrong_sentences=() if verdict is None else verdict.wrong_sentences,
            faults=() if verdict is None else verdict.faults,
            correction=corrected,
            kind=ReviewKind(row.kind),
        )

    def _said(self, row: AnyRow) -> LabelledCase | None:
        said = self._feedback.feedback(row)
        if said.right is None:
            return None
        return LabelledCase(
            LabelSource.FEEDBACK,
            self._cases.case(row),
            said.right,
            said.said,
            faults=said.faults,
            correction=said.correction,
        )
