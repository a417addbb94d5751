"""The Recordings of SQLite and PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, delete, insert, or_, select

from groundwire_server.adapters.records.audit.trail import AuditEvent, AuditTrail
from groundwire_server.adapters.records.cases.rows import FORMAT
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.faults import UnknownKeyError
from groundwire_server.adapters.records.operations.rows import AnyRow, micros
from groundwire_server.adapters.records.recordings.rows import RecordingRows
from groundwire_server.adapters.records.tables.recordings import recording_documents, recordings
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.call_recordings import RecordingEntry, RecordingKey
from groundwire_server.ports.clock import Clock

_BATCH: Final = 500
"""Rows that are forgotten in one transaction."""

_TARGET: Final = "recordings/"

_KEEP: Final = insert(recordings).inline()
_SHOW: Final = insert(recording_documents).inline()

_NAMED: Final = and_(
    recordings.c.recording_id == bindparam("its_id"),
    recordings.c.tenant == bindparam("its_tenant"),
)

_READ: Final = select(recordings).where(_NAMED)
_DELETE: Final = delete(recordings).where(_NAMED)

_PAGE: Final = (
    select(*(column for column in recordings.c if column is not recordings.c.sealed_content))
    .where(recordings.c.tenant == bindparam("its_tenant"))
    .order_by(recordings.c.created.desc(), recordings.c.recording_id.desc())
    .limit(bindparam("most"))
)

_BEFORE: Final = or_(
    recordings.c.created < bindparam("before"),
    and_(recordings.c.created == bindparam("before"), recordings.c.recording_id < bindparam("before_id")),
)

_FORGET: Final = delete(recordings).where(
    recordings.c.recording_id.in_(
        select(recordings.c.recording_id)
        .where(recordings.c.expires <= bindparam("now"), recordings.c.format <= FORMAT)
        .order_by(recordings.c.expires)
        .limit(_BATCH)
    )
)


class SqlRecordings:
    """Recordings in a database; see `ports.call_recordings.Recordings`.

    Args:
        sealing: of the contents.
        clock: of the wall.
    """

    def __init__(self, database: RecordsDatabase, sealing: Sealing, clock: Clock) -> None:
        self._database = database
        self._rows = RecordingRows(sealing)
        self._trail = AuditTrail(sealing)
        self._clock = clock

    async def keep(self, entry: RecordingEntry, content: bytes) -> None:
        """Keep a recording with the documents that it shows."""
        values = self._rows.values(entry, content)
        own = {"recording_id": entry.key.recording_id, "tenant": entry.key.tenant}
        documents = [own | {"document_id": document} for document in sorted(entry.documents)]

        def keep_it(connection: Connection) -> None:
            connection.execute(_KEEP, values)
            if documents:
                connection.execute(_SHOW, documents)

        await self._database.write(keep_it)

    async def page(
        self, tenant: str, route: str, request_id: str, after: tuple[datetime, str] | None, most: int
    ) -> Sequence[RecordingEntry]:
        """Return a page of entries."""
        asked: Select[Any] = _PAGE
        values: dict[str, Any] = {"its_tenant": tenant, "most": most}
        if route:
            asked = asked.where(recordings.c.route == route)
        if request_id:
            asked = asked.where(recordings.c.request_id == request_id)
        if after is not None:
            asked = asked.where(_BEFORE)
            values |= {"before": micros(after[0]), "before_id": after[1]}
        rows = await self._database.read(lambda connection: connection.execute(asked, values).all())
        return [self._rows.entry(row) for row in rows]

    async def read(self, key: RecordingKey, actor: str) -> tuple[RecordingEntry, bytes] | None:
        """Return a recording; what cannot be opened is not read, and makes no entry of the trail."""
        row = await self._database.read(lambda connection: connection.execute(_READ, _names(key)).first())
        if row is None:
            return None
        try:
            content = self._rows.content(row)
        except UnknownKeyError:
            raise Rejection(Reason.ERASED) from None
        now = micros(self._clock.today())

        def note(connection: Connection) -> AnyRow | None:
            # It may have been erased since it was read.
            still_there = connection.execute(_READ, _names(key)).first()
            if still_there is not None:
                self._trail.append(connection, key.tenant, now, [_event("read", key, actor)])
            return still_there

        kept = await self._database.write(note)
        return None if kept is None else (self._rows.entry(row), content)

    async def delete(self, key: RecordingKey, actor: str) -> bool:
        """Forget a recording."""
        now = micros(self._clock.today())

        def forget(connection: Connection) -> bool:
            was_there = connection.execute(_DELETE, _names(key)).rowcount > 0
            if was_there:
                self._trail.append(connection, key.tenant, now, [_event("deleted", key, actor)])
            return was_there

        return await self._database.write(forget)

    async def sweep(self) -> int:
        """Forget what is kept long enough, in batches."""
        forgotten, now = 0, {"now": micros(self._clock.today())}
        while count := await self._database.write(lambda connection: connection.execute(_FORGET, now).rowcount):
            forgotten += count
        return forgotten


def _names(key: RecordingKey) -> dict[str, Any]:
    return {"its_id": key.recording_id, "its_tenant": key.tenant}


def _event(done: str, key: RecordingKey, actor: str) -> AuditEvent:
    return AuditEvent(f"recording.{done}", f"{_TARGET}{key.recording_id}", actor)
