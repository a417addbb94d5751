"""The OperationRecords of SQLite and PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from groundwire_server.adapters.records.audit.trail import AuditTrail
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.operations import (
    accepting,
    attempts,
    claiming,
    completing,
    ending,
    reading,
    sweeping,
)
from groundwire_server.adapters.records.operations.journal import AT_ONCE
from groundwire_server.adapters.records.operations.rows import OperationRows, UnreadableOperationError, key_of, micros
from groundwire_server.adapters.records.operations.sweeping import KeepTimes
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import Bill, Claim, Operation, OperationKey, OperationPlace, QueuedQuestion
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import (
    HistoryEntry,
    OperationCodec,
    QueueBounds,
    QueueDepth,
)

_PUT_OFF_SECONDS: Final = 600.0
"""How long an operation waits that this server cannot read: its key may be on its way."""

_UNREADABLE_AT_ONCE: Final = 20
"""Operations that one claim puts off before it says that none is due."""


_NOT_ENDED_BY_TIME: Final = frozenset({OperationState.DONE, OperationState.IN_REVIEW})
"""Of these the one has ended, and the other ends with its review."""


class SqlOperationRecords:
    """Queued answers in a database; see `ports.operations.OperationRecords`.

    Times are those of the clock, wherever the database is. One that steps makes leases, retries and expiry early or
    late, and nothing else: a claim is fenced by its attempt.

    Args:
        sealing: of questions, results and webhooks.
        codec: of questions.
        attempts: how often an operation is taken up before it is halted, and again after it was requeued.
        keep: how long what is over is kept.
    """

    def __init__(
        self,
        database: RecordsDatabase,
        sealing: Sealing,
        codec: OperationCodec,
        clock: Clock,
        *,
        attempts: int,
        keep: KeepTimes,
    ) -> None:
        self._database = database
        self._insertion = accepting.insertion(database.dialect)
        self._rows = OperationRows(sealing, codec)
        self._trail = AuditTrail(sealing)
        self._clock = clock
        self._attempts = attempts
        self._keep = keep

    async def accept(self, key: OperationKey, work: QueuedQuestion, bounds: QueueBounds) -> Operation:
        """Write an operation down."""
        rows, attempts_most = self._rows, self._attempts
        return await self._database.write(
            lambda connection: accepting.accept(connection, self._insertion, rows, key, work, bounds, attempts_most)
        )

    async def get(self, key: OperationKey) -> Operation | None:
        """Return an operation with its position."""
        now = self._now()
        found = await self._database.read(lambda connection: reading.get(connection, self._rows, key, now))
        if found is None or found.state in _NOT_ENDED_BY_TIME or micros(found.expires) > now:
            return found

        def end(connection: Connection) -> Operation | None:
            now = self._now()
            ending.end_where_overdue(connection, key, now, self._forgotten(now))
            return reading.get(connection, self._rows, key, now)

        # It is shown as ended once it has ended in the row, where no other clock can take it back.
        return await self._database.write(end)

    async def page(
        self,
        tenant: str,
        subject: str | None,
        states: Collection[OperationState],
        after: OperationPlace | None,
        most: int,
    ) -> Sequence[Operation]:
        """Return a page of operations."""
        rows, now = self._rows, self._now()
        return await self._database.read(
            lambda connection: reading.page(connection, rows, tenant, subject, states, after, most, now)
        )

    async def cancel(self, key: OperationKey) -> Operation | None:
        """End an operation with CANCELLED unless it is done."""

        def cancel(connection: Connection) -> Operation | None:
            now = self._now()
            ending.cancel(connection, self._trail, key, now, self._forgotten(now))
            return reading.get(connection, self._rows, key, now)

        return await self._database.write(cancel)

    async def delete(self, key: OperationKey) -> bool:
        """Forget an operation."""
        return await self._database.write(lambda connection: ending.forget(connection, self._trail, key, self._now()))

    async def claim(self, worker: str, lease: float) -> Claim | None:
        """Take up the next operation."""

        def take_next(connection: Connection) -> Claim | None:
            now = self._now()
            attempts.give_back_lost(connection, now)
            row = claiming.take_next(connection, worker, now, _later(now, lease))
            return None if row is None else Claim(key_of(row), row.attempts, self._rows.work(row))

        for _ in range(_UNREADABLE_AT_ONCE):
            try:
                return await self._database.write(take_next)
            except UnreadableOperationError as unreadable:
                # Rolled back, the row is as it was before.
                reading.report_unreadable(unreadable)
                await self._put_off(unreadable.operation_id)
        return None

    async def renew(self, claim: Claim, lease: float) -> bool:
        """Prolong a claim."""
        return await self._database.write(
            lambda connection: claiming.renew(connection, claim, _later(self._now(), lease))
        )

    async def complete(self, claim: Claim, result: bytes, bill: Bill, documents: Collection[str]) -> bool:
        """Record the outcome and settle the bill."""
        sealed = self._rows.sealed_result(claim.key, result)

        def complete(connection: Connection) -> bool:
            now = self._now()
            return completing.complete(connection, claim, sealed, bill, documents, now, self._forgotten(now))

        return await self._database.write(complete)

    async def retry(self, claim: Claim, cause: Cause, after: float, bill: Bill) -> bool:
        """Let an operation wait for its next attempt."""

        def retry(connection: Connection) -> bool:
            now = self._now()
            return attempts.retry(connection, claim, cause, bill, now, _later(now, after))

        return await self._database.write(retry)

    async def release(self, claim: Claim, after: float, bill: Bill) -> bool:
        """Let an operation wait without using up an attempt."""

        def release(connection: Connection) -> bool:
            now = self._now()
            return attempts.release(connection, claim, bill, now, _later(now, after) if after else AT_ONCE)

        return await self._database.write(release)

    async def refuse(self, claim: Claim, error: Reason, bill: Bill) -> bool:
        """End an operation with an error."""

        def refuse(connection: Connection) -> bool:
            now = self._now()
            return completing.refuse(connection, claim, error, bill, now, self._forgotten(now))

        return await self._database.write(refuse)

    async def requeue(self, tenant: str, operation_id: str) -> Operation | None:
        """Give a halted operation as many attempts again."""

        def requeue(connection: Connection) -> tuple[bool, Operation | None]:
            now = self._now()
            given = attempts.requeue(connection, tenant, operation_id, self._attempts, now)
            return given, reading.get_of_tenant(connection, self._rows, tenant, operation_id, now)

        given, found = await self._database.write(requeue)
        if found is not None and not given:
            raise Rejection(Reason.OPERATION_NOT_HALTED)
        return found

    async def depth(self, tenant: str | None) -> QueueDepth:
        """Return how much there is."""
        return await self._database.read(lambda connection: reading.depth(connection, tenant))

    async def sweep(self) -> int:
        """End what has expired, forget what is kept long enough."""
        changed = 0
        for step in (self._give_back_lost, self._end_overdue, self._forget):
            # In batches, so that nobody waits for long.
            while count := await self._database.write(step):
                changed += count
        await self._database.read(reading.report_newer)
        return changed

    async def history(self, after: int, most: int) -> Sequence[HistoryEntry]:
        """Return what has happened, in order."""
        dialect = self._database.dialect
        return await self._database.write(lambda connection: reading.read_history(connection, dialect, after, most))

    async def _put_off(self, operation_id: str) -> None:
        until = _later(self._now(), _PUT_OFF_SECONDS)
        await self._database.write(lambda connection: claiming.put_off(connection, operation_id, until))

    def _give_back_lost(self, connection: Connection) -> int:
        return attempts.give_back_lost(connection, self._now())

    def _end_overdue(self, connection: Connection) -> int:
        now = self._now()
        return ending.end_overdue(connection, now, self._forgotten(now))

    def _forget(self, connection: Connection) -> int:
        return sweeping.forget_kept(connection, self._keep, self._now())

    def _now(self) -> int:
        return micros(self._clock.today())

    def _forgotten(self, now: int) -> int:
        return now + self._keep.done // timedelta(microseconds=1)


def _later(now: int, seconds: float) -> int:
    return now + round(seconds * 1_000_000)
