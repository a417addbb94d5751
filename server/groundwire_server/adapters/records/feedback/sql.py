"""The FeedbackRecords of SQLite and PostgreSQL."""

import logging
import secrets
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, delete, or_, select, text

from groundwire_server.adapters.records.cases.rows import FORMAT, CaseRows
from groundwire_server.adapters.records.cases.writing import CASE_COLUMNS, insert_case
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.feedback.labels import (
    KEYS,
    TEXTS,
    LabelKey,
    LabelRows,
    LabelSelection,
    keys_after,
)
from groundwire_server.adapters.records.feedback.rows import FeedbackRows
from groundwire_server.adapters.records.operations.rows import AnyRow, micros, moment
from groundwire_server.adapters.records.tables.reviews import cases, feedback
from groundwire_server.domain.case import Case
from groundwire_server.domain.feedback import AnswerFeedback, Rating
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.feedback import FeedbackPlace, KeptFeedback, LabelledCase
from groundwire_server.ports.operations import RecordsError

_BATCH: Final = 500
"""Rows that are forgotten in one transaction."""

_ID_BYTES: Final = 16

_log = logging.getLogger(__name__)

_SAID: Final = select(feedback.c.feedback_id).where(
    feedback.c.tenant == bindparam("tenant"),
    feedback.c.subject == bindparam("subject"),
    feedback.c.request_id == bindparam("request_id"),
)

_NAMES: Final = [column.name for column in feedback.c]

# Written out, as in `keys.py`. The id is new each time: the texts are sealed with it.
_PUT: Final = text(
    f"INSERT INTO feedback ({', '.join(_NAMES)}) VALUES ({', '.join(f':{name}' for name in _NAMES)}) "  # noqa: S608
    "ON CONFLICT (tenant, subject, request_id) DO UPDATE SET "
    f"{', '.join(f'{name} = excluded.{name}' for name in _NAMES)}"
)

_CASE: Final = (
    select(cases.c.case_id, cases.c.tenant, cases.c.end_user, *CASE_COLUMNS)
    .where(
        cases.c.tenant == bindparam("tenant"),
        cases.c.subject == bindparam("subject"),
        cases.c.request_id == bindparam("request_id"),
        cases.c.trace_id == bindparam("trace_id"),
    )
    .order_by(cases.c.created.desc())
    .limit(1)
)

_PAGE: Final = (
    select(feedback, cases.c.case_id.label("kept"))
    .outerjoin(cases, cases.c.case_id == feedback.c.case_id)
    .where(feedback.c.tenant == bindparam("tenant"), feedback.c.format <= FORMAT)
    .order_by(feedback.c.said.desc(), feedback.c.feedback_id.desc())
    .limit(bindparam("most"))
)

_BEFORE: Final = or_(
    feedback.c.said < bindparam("said"),
    and_(feedback.c.said == bindparam("said"), feedback.c.feedback_id < bindparam("feedback_id")),
)

_FORGET: Final = delete(feedback).where(
    feedback.c.feedback_id.in_(
        select(feedback.c.feedback_id)
        .where(feedback.c.expires <= bindparam("now"), feedback.c.format <= FORMAT)
        .limit(_BATCH)
    )
)


class SqlFeedbackRecords:
    """Feedback in a database; see `ports.feedback.FeedbackRecords`.

    Args:
        sealing: of corrections, comments and cases.
        clock: of the wall.
    """

    def __init__(self, database: RecordsDatabase, sealing: Sealing, clock: Clock) -> None:
        self._database = database
        self._rows = FeedbackRows(sealing)
        self._cases = CaseRows(sealing)
        self._labels = LabelRows(sealing)
        self._clock = clock

    async def put(self, feedback: AnswerFeedback, keep: float) -> KeptFeedback:
        """Keep feedback in the place of what was said before."""
        feedback_id = secrets.token_hex(_ID_BYTES)
        expires = _later(micros(feedback.said), keep)
        named = {"tenant": feedback.tenant, "subject": feedback.subject, "request_id": feedback.request_id}

        def put(connection: Connection) -> tuple[AnyRow | None, bool]:
            kept = connection.execute(_CASE, named | {"trace_id": feedback.trace_id}).first()
            replaced = connection.execute(_SAID, named).first() is not None
            connection.execute(_PUT, self._rows.values(feedback_id, feedback, kept, expires))
            return kept, replaced

        kept, replaced = await self._database.write(put)
        return KeptFeedback(self._case(kept), replaced)

    async def page(
        self, tenant: str, route: str, rating: Rating | None, after: FeedbackPlace | None, most: int
    ) -> Sequence[tuple[FeedbackPlace, AnswerFeedback]]:
        """Return a page of feedback; what cannot be read is reported, and left out."""
        asked: Select[Any] = _PAGE
        if route:
            asked = asked.where(feedback.c.route == route)
        if rating is not None:
            asked = asked.where(feedback.c.rating == rating)
        found: list[tuple[FeedbackPlace, AnswerFeedback]] = []
        while len(found) < most:
            rows = await self._page(asked, tenant, after, most - len(found))
            if not rows:
                break
            places = [FeedbackPlace(moment(row.said), row.feedback_id) for row in rows]
            found += [
                (place, said) for place, row in zip(places, rows, strict=True) if (said := self._said(row)) is not None
            ]
            after = places[-1]
        return found

    async def keep_case(self, case: Case, keep: float) -> None:
        """Keep an answer; one of the same call that is kept already stays as it is."""
        case_id = secrets.token_hex(_ID_BYTES)
        now = micros(self._clock.today())
        named = _named(case.tenant, case.subject, case.question.request_id, case.report.trace_id)

        def keep_it(connection: Connection) -> None:
            if connection.execute(_CASE, named).first() is None:
                insert_case(connection, self._cases, case_id, case, now, _later(now, keep))

        await self._database.write(keep_it)

    async def case_of(self, tenant: str, subject: str, request_id: str, trace_id: str) -> Case | None:
        """Return the kept answer of a request."""
        named = _named(tenant, subject, request_id, trace_id)
        return self._case(await self._database.read(lambda connection: connection.execute(_CASE, named).first()))

    async def labelled(
        self, tenant: str, since: datetime | None, until: datetime | None, route: str
    ) -> AsyncGenerator[LabelledCase, None]:
        """Yield the cases that were judged."""
        selection = LabelSelection.of(tenant, since, until, route, micros(self._clock.today()))
        after: LabelKey | None = None
        while True:
            keys = await self._keys(selection, after)
            for start in range(0, len(keys), TEXTS):
                for label in await self._some(keys[start : start + TEXTS]):
                    yield label
            if len(keys) < KEYS:
                return
            after = keys[-1]

    async def sweep(self) -> int:
        """Forget what is kept long enough, in batches."""
        forgotten, now = 0, {"now": micros(self._clock.today())}
        while count := await self._database.write(lambda connection: connection.execute(_FORGET, now).rowcount):
            forgotten += count
        return forgotten

    async def _page(self, asked: Select[Any], tenant: str, after: FeedbackPlace | None, most: int) -> Sequence[AnyRow]:
        values: dict[str, Any] = {"tenant": tenant, "most": most}
        if after is not None:
            asked = asked.where(_BEFORE)
            values |= {"said": micros(after.said), "feedback_id": after.feedback_id}
        return await self._database.read(lambda connection: connection.execute(asked, values).all())

    async def _keys(self, selection: LabelSelection, after: LabelKey | None) -> Sequence[LabelKey]:
        return await self._database.read(lambda connection: keys_after(connection, selection, after))

    async def _some(self, keys: Sequence[LabelKey]) -> Sequence[LabelledCase]:
        return await self._database.read(lambda connection: self._labels.labels(connection, keys))

    def _case(self, row: AnyRow | None) -> Case | None:
        """Return the case of a row; None, and a line in the log, where it cannot be read."""
        if row is None:
            return None
        try:
            return self._cases.case(row)
        except RecordsError as unreadable:
            _log.error("a case cannot be read", extra={"case": row.case_id, "why": str(unreadable)})
            return None

    def _said(self, row: AnyRow) -> AnswerFeedback | None:
        try:
            return self._rows.feedback(row)
        except RecordsError as unreadable:
            _log.error("feedback cannot be read", extra={"feedback": row.feedback_id, "why": str(unreadable)})
            return None


def _named(tenant: str, subject: str, request_id: str, trace_id: str) -> dict[str, str]:
    return {"tenant": tenant, "subject": subject, "request_id": request_id, "trace_id": trace_id}


def _later(now: int, seconds: float) -> int:
    return now + round(seconds * 1_000_000)
