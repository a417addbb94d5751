"""Submits questions while a part of the service is killed, and checks that none was lost or billed twice."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import grpc.aio
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsStub
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import func, select

from groundwire.v1 import answer_service_pb2, question_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.operations.reading import read_history
from groundwire_server.adapters.records.tables.operations import ledger
from groundwire_server.ports.operations import HistoryEntry
from groundwire_server.work.history import HistoryEvent, HistoryReport, check_history
from tests.chaos.moments import AtKill, Submissions, states_at
from tests.chaos.stack import Stack

QUESTIONS: Final = 16
AT_ONCE: Final = 4
_ACME: Final = (("groundwire-tenant", "acme"),)
_PATIENCE: Final = 120.0
"""Seconds after which a run has failed; none that passes takes a half of it."""

_AGAIN_SECONDS: Final = 0.1

_PAUSE_SECONDS: Final = 0.1
"""The longest time from an acceptance to the kill: several questions are accepted and answered in it."""


@dataclass(frozen=True)
class ChaosReport:
    """What a run has come to.

    Attributes:
        promised: ids of operations that the client was told of.
        history: what the history comes to.
        rows: new rows of the ledger.
        settled: those of them that were settled.
        at_kill: what the operations were at when the part was killed.
    """

    promised: frozenset[str]
    history: HistoryReport
    rows: int
    settled: int
    at_kill: Counter[AtKill]


async def run(stack: Stack, victim: str, seed: int) -> ChaosReport:
    """Submit questions, kill one part at a random moment, start it again, and wait for all answers.

    Args:
        stack: running.
        victim: the name of what is killed.
        seed: of the moment.
    """
    before = await _written(stack, 0)
    chance = random.Random(f"{victim}-{seed}")
    load = _Load(stack.port, f"{victim}-{seed}", chance.randrange(QUESTIONS))
    async with asyncio.timeout(_PATIENCE):
        submitting = asyncio.create_task(load.submit_all())
        await load.due.wait()
        # Otherwise it would always be the moment at which an acceptance has ended.
        await asyncio.sleep(chance.uniform(0.0, _PAUSE_SECONDS))
        killed = datetime.now(UTC)
        stack.services[victim].kill()
        await asyncio.to_thread(stack.services[victim].start)
        await submitting
        await load.all_done()
    # All that came before had ended before: what follows is of this run alone.
    after = await _written(stack, before.last)
    promised = frozenset(operation for _, operation in load.submissions.told.values())
    history = check_history(after.entries, promised)
    at_kill = states_at(killed, load.submissions, after.entries)
    return ChaosReport(promised, history, after.rows - before.rows, after.settled - before.settled, at_kill)


@dataclass(frozen=True)
class _Written:
    """What stands in the database.

    Attributes:
        entries: of the history, after those that were read before.
    """

    entries: Sequence[HistoryEntry]
    rows: int
    settled: int

    @property
    def last(self) -> int:
        """The number of the last entry."""
        return self.entries[-1].number if self.entries else 0


async def _written(stack: Stack, after: int) -> _Written:
    async with records_database(stack.records) as database:
        dialect = database.dialect
        entries = await database.write(lambda connection: read_history(connection, dialect, after, 1_000_000))
        counted = select(func.count(), func.count(ledger.c.settled)).select_from(ledger)
        rows, settled = await database.read(lambda connection: connection.execute(counted).one())
    return _Written(entries, rows, settled)


def check(report: ChaosReport) -> None:
    """Raise AssertionError where an accepted answer was lost, or has not exactly one effect and one bill."""
    history = report.history
    assert len(report.promised) == QUESTIONS
    assert history.faults == ()
    assert history.open == frozenset()
    assert history.accepted == QUESTIONS, "a question was accepted twice"
    assert history.ends == {HistoryEvent.EFFECT: QUESTIONS}
    assert (report.rows, report.settled) == (QUESTIONS, QUESTIONS)


class _Load:
    """A client that tries again, under the same request id, until its question is accepted.

    Args:
        port: of the server.
        name: begins its request ids.
        kill_after: acceptances after which `due` is set.
    """

    def __init__(self, port: int, name: str, kill_after: int) -> None:
        self._address = f"127.0.0.1:{port}"
        self._name = name
        self._kill_after = kill_after
        self._numbers = iter(range(QUESTIONS))
        self.submissions = Submissions()
        self.due = asyncio.Event()

    async def submit_all(self) -> None:
        """Submit all questions, some at once."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._submit())

    async def all_done(self) -> None:
        """Wait until the server says that every operation has a response."""
        async with asyncio.TaskGroup() as group:
            for _, operation in self.submissions.told.values():
                group.create_task(self._done(f"operations/{operation}"))

    async def _submit(self) -> None:
        for number in self._numbers:
            if len(self.submissions.told) >= self._kill_after:
                self.due.set()
            asked = question_pb2.Question(text=f"Is anybody there, for the {number}th time?")
            name = f"{self._name}-{number}"
            request = answer_service_pb2.SubmitAnswerRequest(question=asked, request_id=name)
            self.submissions.sent[name] = datetime.now(UTC)
            operation = await self._until(AnswerServiceStub, "SubmitAnswer", request)
            self.submissions.told[name] = (datetime.now(UTC), operation.name.removeprefix("operations/"))
        self.due.set()

    async def _done(self, name: str) -> None:
        request = operations_pb2.WaitOperationRequest(name=name, timeout=Duration(seconds=2))
        operation = operations_pb2.Operation()
        while not operation.done:
            operation = await self._until(OperationsStub, "WaitOperation", request)
        assert operation.WhichOneof("result") == "response", operation

    async def _until(self, stub: type, method: str, request: object) -> operations_pb2.Operation:
        while True:
            # A channel of its own: one that has lost its server waits before it connects again.
            async with grpc.aio.insecure_channel(self._address) as channel:
                try:
                    replied: operations_pb2.Operation = await getattr(stub(channel), method)(
                        request, metadata=_ACME, timeout=5
                    )
                    return replied
                except grpc.aio.AioRpcError as error:
                    if error.code() not in _PASSING:
                        raise
            await asyncio.sleep(_AGAIN_SECONDS)


_PASSING: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})
"""Statuses of a server, or of its database, that is being started again."""
