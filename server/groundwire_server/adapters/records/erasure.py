"""Erasing queued questions, cases, recordings, and their answers: by tenant, subject, end user, and document.

Rows of a tenant or a subject are deleted, and recordings whatever is erased; of the other rows of an end user or a
document the texts and the name go, and an operation that was not done ends with ERASED. History and ledger keep
numbers; a subject's name is replaced in the ledger. Afterwards the file of SQLite is written anew, for deleted rows
stay readable in gaps of its pages.

What a worker has in hand when documents are erased may quote them: those operations wait again, and the worker's
outcome is not taken.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence, Set
from datetime import timedelta
from functools import partial
from math import isinf
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, select, text, update

from groundwire_server.adapters.records.audit.trail import AuditTrail
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.erased_names import erased_name, is_erased
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.operations.attempts import give_back_lost
from groundwire_server.adapters.records.operations.ending import AS_DONE, OPEN
from groundwire_server.adapters.records.operations.journal import ENDED, OperationChange, record, unsettled
from groundwire_server.adapters.records.operations.rows import AnyRow, micros
from groundwire_server.adapters.records.recordings.erasing import erase_some_recordings
from groundwire_server.adapters.records.reviews.erasing import CaseErasure
from groundwire_server.adapters.records.reviews.withdrawing import reviews_of
from groundwire_server.adapters.records.selecting import selected
from groundwire_server.adapters.records.tables.operations import ledger, operation_documents, operations, outbox
from groundwire_server.adapters.records.transactions import RecordsDialect
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlace,
    ErasedPlaceKind,
    Erasure,
    OneDocument,
    OneSource,
    OneSubject,
    RecordErasure,
)
from groundwire_server.domain.vocabulary import OperationState, Reason
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import RecordsError

_KINDS: Final = (
    ErasedPlaceKind.OPERATIONS,
    ErasedPlaceKind.CASES,
    ErasedPlaceKind.FEEDBACK,
    ErasedPlaceKind.RECORDINGS,
)

_BATCH: Final = 500
"""Operations that are erased in one transaction."""

_LEFT_IN_POSTGRESQL: Final = (
    "Deleted rows stay in PostgreSQL's files until it vacuums them, and in its write-ahead log and backups until those "
    "are removed; texts in them are encrypted."
)


class SqlRecordErasure:
    """The ErasableRecords of queued questions, of cases with their reviews, of feedback, and of recordings.

    Args:
        sealing: knows the names of end users in rows.
        clock: dates what is written, and says how much time is left.
        keep: how long a row is kept that says that its texts were erased.
    """

    def __init__(self, database: RecordsDatabase, sealing: Sealing, clock: Clock, keep: timedelta) -> None:
        self._database = database
        self._sealing = sealing
        self._clock = clock
        self._keep = keep
        self._cases = CaseErasure(sealing, AuditTrail(sealing))

    async def erase(self, erasure: Erasure | RecordErasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Erase operations, cases, feedback and recordings; see the port."""
        counts: Counter[ErasedPlaceKind] = Counter()
        complete = False
        note = _LEFT_IN_POSTGRESQL if self._database.dialect is RecordsDialect.POSTGRESQL else ""
        left = deadline.remaining(self._clock.now())
        try:
            async with asyncio.timeout(None if isinf(left) else left):
                await self._erase_all(erasure, counts)
            complete = True
        except TimeoutError:
            note = "The time was up: erase it again."
        except RecordsError as error:
            note = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return [ErasedPlace(kind, counts[kind], complete, note) for kind in _KINDS]

    async def _erase_all(self, erasure: Erasure | RecordErasure, counts: Counter[ErasedPlaceKind]) -> None:
        nobody = erased_name()
        erase_operations = partial(self._erase_some, erasure=erasure, nobody=nobody)
        while erased := await self._database.write(erase_operations):
            counts.update(erased)
        while texts := await self._database.write(
            lambda connection: self._cases.erase_some(connection, erasure, nobody, self._now())
        ):
            counts.update({ErasedPlaceKind.CASES: texts.cases, ErasedPlaceKind.FEEDBACK: texts.feedback})
        while recordings := await self._database.write(
            lambda connection: erase_some_recordings(connection, erasure, self._sealing)
        ):
            counts[ErasedPlaceKind.RECORDINGS] += recordings
        if self._database.dialect is RecordsDialect.SQLITE:
            await self._database.run_outside_transactions(_rewrite_file)

    def _erase_some(
        self, connection: Connection, erasure: Erasure | RecordErasure, nobody: str
    ) -> dict[ErasedPlaceKind, int]:
        """Erase a batch of operations; return how many of each kind, nothing where there is none."""
        now = self._now()
        self._take_back(connection, erasure, now)
        asked = (
            select(operations.c.operation_id, operations.c.tenant, operations.c.attempts, operations.c.state)
            .where(operations.c.tenant == erasure.tenant, self._selected(erasure))
            .order_by(operations.c.operation_id)
            .limit(_BATCH)
            .with_for_update()
        )
        found = connection.execute(asked).all()
        ids = [row.operation_id for row in found]
        connection.execute(delete(outbox).where(outbox.c.operation_id.in_(ids)))
        in_review = [row.operation_id for row in found if row.state == OperationState.IN_REVIEW]
        on_ledger = unsettled(connection, in_review)
        if isinstance(erasure.selection, EntireTenant | OneSubject):
            self._delete(connection, erasure, ids, nobody)
        else:
            self._blank(connection, found, now)
        record(connection, now, [_erased(row, on_ledger) for row in found])
        withdrawn = reviews_of(connection, erasure.tenant, in_review)
        self._cases.withdraw(connection, erasure.tenant, withdrawn, now)
        return {ErasedPlaceKind.OPERATIONS: len(found), ErasedPlaceKind.CASES: len(withdrawn)} if found else {}

    def _now(self) -> int:
        return micros(self._clock.today())

    def _take_back(self, connection: Connection, erasure: Erasure | RecordErasure, now: int) -> None:
        """Let operations in hand wait again whose outcome may hold documents that are erased."""
        if isinstance(erasure.selection, OneDocument | OneSource):
            in_hand = (operations.c.tenant == erasure.tenant, operations.c.state == OperationState.RUNNING)
            # Nothing was wrong with these attempts: as many are left as before.
            as_before = operations.c.attempts_most + 1
            connection.execute(update(operations).where(*in_hand).values(lease_until=now, attempts_most=as_before))
            while give_back_lost(connection, now):
                pass

    def _selected(self, erasure: Erasure | RecordErasure) -> ColumnElement[bool]:
        meant = selected(erasure, operations, operation_documents, self._sealing)
        if isinstance(erasure.selection, EntireTenant | OneSubject):
            return meant
        return meant | self._cases.waiting_for(erasure)

    def _delete(
        self, connection: Connection, erasure: Erasure | RecordErasure, ids: Sequence[str], nobody: str
    ) -> None:
        connection.execute(delete(operations).where(operations.c.operation_id.in_(ids)))
        own: list[ColumnElement[bool]] = [ledger.c.tenant == erasure.tenant]
        if isinstance(erasure.selection, OneSubject):
            own.append(ledger.c.subject == erasure.selection.subject)
        else:
            own.append(~is_erased(ledger.c.subject))
        connection.execute(update(ledger).where(*own).values(subject=nobody))

    def _blank(self, connection: Connection, found: Sequence[AnyRow], now: int) -> None:
        ids = [row.operation_id for row in found]
        blank: dict[str, Any] = {
            "end_user": "",
            "sealed_question": None,
            "sealed_result": None,
            "sealed_webhook": None,
            "error": Reason.ERASED,
        }
        mine = operations.c.operation_id.in_(ids)
        connection.execute(delete(operation_documents).where(operation_documents.c.operation_id.in_(ids)))
        still_open = operations.c.state.in_(OPEN)
        times = {"now": now, "forgotten": now + self._keep // timedelta(microseconds=1)}
        # First those that are not done: afterwards they are.
        connection.execute(update(operations).where(mine, still_open).values(**AS_DONE), times)
        connection.execute(update(operations).where(mine).values(**blank))


def _rewrite_file(connection: Connection) -> None:
    """Write the file of SQLite anew and empty its journal.

    Raises:
        RecordsError: BUSY while others read or write it.
    """
    connection.execute(text("VACUUM"))
    (busy, _, _) = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
    if busy:
        raise RecordsError(RecordsFault.BUSY)


def _erased(row: AnyRow, on_ledger: Set[str]) -> OperationChange:
    is_open = row.state in OPEN
    return OperationChange(
        row.tenant,
        row.operation_id,
        row.attempts,
        ("erased",),
        settles=is_open and (row.state != OperationState.IN_REVIEW or row.operation_id in on_ledger),
        lost=int(row.state == OperationState.RUNNING),
        posts=(ENDED,) if is_open else (),
    )
