"""The OutboxRecords of SQLite and PostgreSQL. Times are in microseconds since 1970."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, case, delete, func, insert, select, update

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.operations.reading import TICKET, report_unreadable
from groundwire_server.adapters.records.operations.rows import (
    AnyRow,
    OperationRows,
    UnreadableOperationError,
    micros,
)
from groundwire_server.adapters.records.tables.operations import operations, outbox
from groundwire_server.domain.vocabulary import OperationState
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.outbox import OutboxEntry, OutboxKind, WebhookNotice

_IS_DUE: Final = (outbox.c.due <= bindparam("now"), outbox.c.kind.in_(tuple(OutboxKind)))

_ANY: Final = select(outbox.c.number).where(*_IS_DUE).limit(1)

# Receivers of posts may be slow.
_IS_WEBHOOK: Final = outbox.c.kind.not_in((OutboxKind.WORK, OutboxKind.ENDED))

_TURNS: Final = (
    select(
        outbox.c.number,
        case((_IS_WEBHOOK, 1), else_=0).label("slow"),
        func.row_number()
        .over(partition_by=(outbox.c.tenant, outbox.c.receiver, _IS_WEBHOOK), order_by=(outbox.c.due, outbox.c.number))
        .label("turn"),
    )
    .where(*_IS_DUE)
    .subquery()
)

# Tenants and receivers take turns: one that is slow does not hold up others, nor a wake-up.
_NEXT: Final = select(_TURNS.c.number).order_by(_TURNS.c.slow, _TURNS.c.turn, _TURNS.c.number).limit(bindparam("most"))

_DUE: Final = select(outbox.c.number).where(outbox.c.number.in_(_NEXT), *_IS_DUE)

_CLAIM: Final = (
    update(outbox)
    .where(outbox.c.number.in_(_DUE.with_for_update(skip_locked=True)))
    .values(attempts=outbox.c.attempts + 1, due=bindparam("until"))
    .returning(outbox)
)

_HELD: Final = (outbox.c.number == bindparam("entry"), outbox.c.attempts == bindparam("attempt"))

_DONE: Final = delete(outbox).where(*_HELD)

_SPREAD: Final = _DONE.returning(outbox.c.created)

_POST: Final = insert(outbox).inline()

_RETRY: Final = update(outbox).where(*_HELD).values(due=bindparam("until"))

_NOTICE: Final = select(operations, TICKET).where(
    operations.c.operation_id == bindparam("of"),
    operations.c.tenant == bindparam("tenant"),
    operations.c.state == OperationState.DONE,
)


class SqlOutboxRecords:
    """The outbox in a database; see `ports.outbox.OutboxRecords`.

    Args:
        rows: read operations, with their webhooks.
        clock: of the wall.
    """

    def __init__(self, database: RecordsDatabase, rows: OperationRows, clock: Clock) -> None:
        self._database = database
        self._rows = rows
        self._clock = clock

    async def claim(self, most: int, lease: float) -> Sequence[OutboxEntry]:
        """Claim entries that are due."""
        now = self._now()
        # Mostly there is nothing, and who only looks takes the right to write from nobody.
        if await self._first(_ANY, {"now": now}) is None:
            return ()
        claiming = {"now": now, "most": most, "until": _later(now, lease)}
        claimed = await self._database.write(lambda connection: connection.execute(_CLAIM, claiming).all())
        return [
            OutboxEntry(row.number, OutboxKind(row.kind), row.operation_id, row.tenant, row.attempts, row.receiver)
            for row in sorted(claimed, key=lambda row: row.number)
        ]

    async def notice(self, entry: OutboxEntry) -> WebhookNotice | None:
        """Return what the entry of a webhook is about."""
        row = await self._first(_NOTICE, {"of": entry.operation_id, "tenant": entry.tenant})
        if row is None:
            return None
        try:
            webhook = self._rows.webhook(row)
            return None if webhook is None else WebhookNotice(self._rows.operation(row), webhook)
        except UnreadableOperationError as unreadable:
            report_unreadable(unreadable)
            return None

    async def done(self, entries: Collection[OutboxEntry]) -> None:
        """Forget entries."""
        if entries:
            done = [_held(entry) for entry in entries]
            await self._database.write(lambda connection: connection.execute(_DONE, done))

    async def spread(self, entry: OutboxEntry, receivers: Sequence[str]) -> None:
        """Put an entry for each receiver in the place of one."""
        now = self._now()

        def write(connection: Connection) -> None:
            held = connection.execute(_SPREAD, _held(entry)).first()
            if held is None:
                return
            posts = [
                {
                    "kind": entry.kind,
                    "operation_id": entry.operation_id,
                    "tenant": entry.tenant,
                    "due": now,
                    "attempts": 0,
                    "created": held.created,
                    "receiver": receiver,
                }
                for receiver in receivers
            ]
            if posts:
                connection.execute(_POST, posts)

        await self._database.write(write)

    async def retry(self, entry: OutboxEntry, after: float) -> None:
        """Let an entry be due again."""
        again = _held(entry) | {"until": _later(self._now(), after)}
        await self._database.write(lambda connection: connection.execute(_RETRY, again))

    async def _first(self, asked: Select[Any], values: Mapping[str, object]) -> AnyRow | None:
        return await self._database.read(lambda connection: connection.execute(asked, values).first())

    def _now(self) -> int:
        return micros(self._clock.today())


def _held(entry: OutboxEntry) -> dict[str, int]:
    return {"entry": entry.number, "attempt": entry.attempt}


def _later(now: int, seconds: float) -> int:
    return now + round(seconds * 1_000_000)
