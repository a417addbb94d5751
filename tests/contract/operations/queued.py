"""What the suite of OperationRecords accepts, and how it looks at what was written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from groundwire_server.adapters.records.encryption import Sealing, SealingKey
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.operations.rows import AnyRow
from groundwire_server.adapters.records.operations.sql import SqlOperationRecords
from groundwire_server.adapters.records.operations.sweeping import KeepTimes
from groundwire_server.adapters.records.tables.all import ALL_TABLES
from groundwire_server.adapters.records.tables.operations import (
    history,
    ledger,
    operation_documents,
    operations,
    outbox,
)
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import CredentialKind, CredentialReference
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import Claim, Operation, OperationKey, QueuedQuestion, Webhook
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Cause, OperationState, Priority, Reason
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import OperationCodec, OperationRecords, QueueBounds

ATTEMPTS = 3
LEASE = 30.0
ANSWER_WITHIN = 3600.0
KEEP = KeepTimes(done=timedelta(days=1), history=timedelta(days=2), ledger=timedelta(days=3))
AMPLE = QueueBounds(waiting=1_000_000, waiting_per_tenant=1_000_000, question_bytes=1_000_000)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class SteppingClock:
    """Stands still until a test lets it step, forth or back."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 27, 12, tzinfo=UTC)

    def now(self) -> float:
        return self.time.timestamp()

    def today(self) -> datetime:
        return self.time

    def step(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def _decoded(value: bytes) -> Question:
    route, request_id, text = value.decode().split("\0")
    return Question(route, text, request_id)


CODEC = OperationCodec(
    encode_question=lambda question: f"{question.route}\0{question.request_id}\0{question.text}".encode(),
    decode_question=_decoded,
    encode_outcome=lambda outcome: repr(outcome).encode(),
)


def operation_records(
    database: RecordsDatabase, clock: Clock, key: bytes = bytes(32), key_id: str = "k1"
) -> OperationRecords:
    sealing = Sealing([SealingKey(key_id, key)])
    return SqlOperationRecords(database, sealing, CODEC, clock, attempts=ATTEMPTS, keep=KEEP)


async def empty(database: RecordsDatabase) -> None:
    """Delete whatever is in the tables."""

    def empty(connection: Connection) -> None:
        for table in reversed(ALL_TABLES.sorted_tables):
            connection.execute(delete(table))

    await database.write(empty)


@dataclass(frozen=True)
class Written:
    """The rows of a database."""

    operations: Sequence[AnyRow]
    ledger: Sequence[AnyRow]
    history: Sequence[AnyRow]


class Queue:
    """Operations of a test, by short names.

    Args:
        records: under test.
        database: where they are.
    """

    def __init__(self, records: OperationRecords, database: RecordsDatabase, clock: SteppingClock) -> None:
        self.records = records
        self._database = database
        self._clock = clock

    def key(self, name: str, tenant: str = "acme", subject: str = "ann") -> OperationKey:
        return OperationKey(tenant, subject, self.id_of(name))

    @staticmethod
    def id_of(name: str) -> str:
        """Return the id of an operation's short name."""
        return name.encode().hex().rjust(32, "0")[-32:]

    def work(
        self,
        name: str,
        tenant: str = "acme",
        subject: str = "ann",
        *,
        request_id: str | None = None,
        priority: Priority = Priority.INTERACTIVE,
        cause: Cause | None = None,
        within: float = ANSWER_WITHIN,
        webhook: Webhook | None = None,
        fingerprint: bytes = b"same",
        end_user_id: str = "",
    ) -> QueuedQuestion:
        credential = CredentialReference(CredentialKind.API_KEY, "key-1", 1.5)
        now = self._clock.today()
        return QueuedQuestion(
            question=Question("default", name, request_id or name, priority=priority, end_user_id=end_user_id),
            caller=Caller(tenant, subject, frozenset({"staff"}), frozenset({Role.READER}), credential),
            fingerprint=fingerprint,
            cause=cause,
            accepted=now,
            answer_by=now + timedelta(seconds=within),
            traceparent=f"00-{TRACE}-00f067aa0ba902b7-01",
            webhook=webhook,
            most_cost=500,
        )

    async def accept(
        self, name: str, tenant: str = "acme", subject: str = "ann", *, bounds: QueueBounds = AMPLE, **given: Any
    ) -> Operation:
        work = self.work(name, tenant, subject, **given)
        return await self.records.accept(self.key(name, tenant, subject), work, bounds)

    async def fill(self, prefix: str, count: int) -> None:
        """Write operations down in bulk, as accepting them would; the texts of all but the first do not open."""
        await self.accept(f"{prefix}0")
        row = await self.row(f"{prefix}0")
        names = [f"{prefix}{number}" for number in range(1, count)]
        rows = [
            row._asdict() | {"operation_id": self.key(name).operation_id, "request_id": name, "turn": row.turn + number}
            for number, name in enumerate(names, start=1)
        ]
        (reserved,) = await self._rows(ledger, f"{prefix}0")
        booked = [reserved._asdict() | {"operation_id": each["operation_id"], "turn": each["turn"]} for each in rows]

        def write(connection: Connection) -> None:
            connection.execute(insert(operations), rows)
            connection.execute(insert(ledger), booked)

        await self._database.write(write)

    async def claim(self, worker: str = "w1", lease: float = LEASE) -> Claim:
        claim = await self.records.claim(worker, lease)
        assert claim is not None
        return claim

    async def drain(self) -> list[str]:
        """Take up all that is due, and return their texts in this order."""
        texts = []
        while claim := await self.records.claim("w1", LEASE):
            texts.append(claim.work.question.text)
        return texts

    async def requeued(self, name: str, tenant: str = "acme") -> Operation | Reason | None:
        """Requeue an operation; return why not where it is rejected."""
        try:
            return await self.records.requeue(tenant, self.key(name).operation_id)
        except Rejection as rejection:
            return rejection.reason

    async def state(self, name: str, tenant: str = "acme", subject: str = "ann") -> OperationState | None:
        found = await self.records.get(self.key(name, tenant, subject))
        return None if found is None else found.state

    async def events(self, name: str) -> list[tuple[str, int]]:
        """Return what has happened to an operation, with the attempts."""
        entries = await self.records.history(0, 10_000)
        return [(each.event, each.attempt) for each in entries if each.operation_id == self.key(name).operation_id]

    async def bill(self, name: str) -> AnyRow:
        (row,) = await self._rows(ledger, name)
        return row

    async def everything(self) -> Written:
        """Return all rows but those of the outbox."""
        return await self._database.read(
            lambda connection: Written(
                connection.execute(select(operations)).all(),
                connection.execute(select(ledger)).all(),
                connection.execute(select(history).order_by(history.c.number)).all(),
            )
        )

    async def settle(self, name: str) -> None:
        """Settle an operation's row of the ledger past its records."""
        settled = update(ledger).where(ledger.c.operation_id == self.key(name).operation_id).values(settled=1)
        await self._database.write(lambda connection: connection.execute(settled))

    async def posts(self, name: str) -> list[str]:
        """Return the kinds of an operation's entries in the outbox, in their order."""
        return [row.kind for row in await self._rows(outbox, name)]

    async def documents(self, name: str) -> list[str]:
        return sorted(row.document_id for row in await self._rows(operation_documents, name))

    async def write(self, name: str, **values: object) -> None:
        """Change an operation's row past its records."""
        changed = update(operations).where(operations.c.operation_id == self.key(name).operation_id).values(**values)
        await self._database.write(lambda connection: connection.execute(changed))

    async def row(self, name: str) -> AnyRow:
        (row,) = await self._rows(operations, name)
        return row

    async def _rows(self, table: Table, name: str) -> Sequence[AnyRow]:
        asked = select(table).where(table.c.operation_id == self.key(name).operation_id)
        if table in (outbox, history):
            asked = asked.order_by(table.c.number)
        return await self._database.read(lambda connection: connection.execute(asked).all())
