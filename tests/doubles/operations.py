"""Queued answers in memory, for tests of what is around the queue."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from groundwire_server.app.parts.operation_codec import CODEC
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.operation import Operation, OperationKey, Webhook
from groundwire_server.domain.outcome import Outcome, Queued
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import QueueDepth, RecordsError, ended


@dataclass(frozen=True, slots=True)
class Submission:
    """What came with a question that was submitted."""

    fingerprint: bytes
    answer_within: float | None
    webhook: Webhook | None


class MemoryQueue:
    """An answer queue and its records, worked off by nothing but the test.

    Attributes:
        submissions: how each question came in, in order.
        questions: the questions, in the same order.
        down: the fault that the records have; None while they can be asked.
    """

    def __init__(self, clock: Clock, wakeups: "MemoryWakeups") -> None:
        self._clock = clock
        self._wakeups = wakeups
        self._rows: dict[str, Operation] = {}
        self.submissions: list[Submission] = []
        self.questions: list[Question] = []
        self.down: RecordsError | None = None

    async def submit(self, inquiry: Inquiry, cause: Cause) -> Queued:
        """Write a question down that could not be answered now."""
        operation = self._add(inquiry.question, inquiry.caller, cause)
        return Queued(operation.name, operation.position, operation.poll_after or 0.0)

    async def accept(
        self, inquiry: Inquiry, answer_within: float | None = None, webhook: Webhook | None = None
    ) -> Operation:
        """Write a question down that is to be answered later."""
        self._reach()
        caller, request_id = inquiry.caller, inquiry.question.request_id
        fingerprint = b"" if inquiry.run is None else inquiry.run.fingerprint
        for operation, before in zip(self._rows.values(), self.submissions, strict=False):
            same = (operation.key.tenant, operation.key.subject, operation.request_id)
            if same == (caller.tenant, caller.subject, request_id):
                if before.fingerprint != fingerprint:
                    raise Rejection(Reason.REQUEST_ID_REUSED, metadata={"request_id": request_id})
                return operation
        self.submissions.append(Submission(fingerprint, answer_within, webhook))
        return self._add(inquiry.question, caller, None)

    async def get(self, key: OperationKey) -> Operation | None:
        """Return an operation."""
        self._reach()
        operation = self._rows.get(key.operation_id)
        return self._placed(operation) if operation is not None and operation.key == key else None

    async def page(
        self, tenant: str, subject: str | None, states: Collection[OperationState], after: str, most: int
    ) -> Sequence[Operation]:
        """Return operations without their results."""
        self._reach()
        ids = list(self._rows)
        rest = ids[ids.index(after) + 1 :] if after in ids else ids
        return [
            replace(self._placed(row), result=None)
            for row in map(self._rows.__getitem__, rest)
            if row.key.tenant == tenant and subject in {None, row.key.subject} and (not states or row.state in states)
        ][:most]

    async def cancel(self, key: OperationKey) -> Operation | None:
        """End an operation with CANCELLED unless it is done."""
        operation = await self.get(key)
        if operation is None or operation.done:
            return operation
        return self.set(operation.name, OperationState.DONE, error=Reason.CANCELLED)

    async def delete(self, key: OperationKey) -> bool:
        """Forget an operation."""
        return await self.get(key) is not None and self._rows.pop(key.operation_id, None) is not None

    async def requeue(self, tenant: str, operation_id: str) -> Operation | None:
        """Give a halted operation as many attempts again."""
        self._reach()
        operation = self._rows.get(operation_id)
        if operation is None or operation.key.tenant != tenant:
            return None
        if operation.state is not OperationState.HALTED:
            raise Rejection(Reason.OPERATION_NOT_HALTED, metadata={"state": operation.state.value})
        return self.set(operation.name, OperationState.QUEUED)

    async def depth(self, tenant: str | None) -> QueueDepth:
        """Return how much there is."""
        rows = [row for row in self._rows.values() if tenant in {None, row.key.tenant}]
        waiting = [row.accepted for row in rows if row.state is OperationState.QUEUED]
        counts = {state: sum(row.state is state for row in rows) for state in OperationState}
        return QueueDepth(counts, min(waiting, default=None))

    def set(self, name: str, state: OperationState, **changed: Any) -> Operation:
        """Change an operation as a worker would, without a wake-up."""
        operation_id = name.removeprefix("operations/")
        at = {OperationState.RUNNING: "begun", OperationState.QUEUED: None}.get(state, "ended")
        times: dict[str, datetime] = {} if at is None else {at: self._clock.today()}
        changed = {**times, **changed}
        self._rows[operation_id] = replace(self._rows[operation_id], state=state, **changed)
        return self._rows[operation_id]

    async def answer(self, name: str, outcome: Outcome) -> None:
        """End an operation with an outcome, and wake those that wait for it."""
        operation = self.set(name, OperationState.DONE, result=CODEC.encode_outcome(outcome))
        await self._wakeups.notify(ended(operation.key.operation_id))

    def _add(self, question: Question, caller: Caller, cause: Cause | None) -> Operation:
        self.questions.append(question)
        now = self._clock.today()
        operation = Operation(
            OperationKey(caller.tenant, caller.subject, UUID(int=len(self.questions)).hex),
            OperationState.QUEUED,
            question.route,
            question.request_id,
            "ab" * 16,
            now,
            now + timedelta(hours=1),
            cause=cause,
        )
        self._rows[operation.key.operation_id] = operation
        return self._placed(operation)

    def _placed(self, operation: Operation) -> Operation:
        if operation.state is not OperationState.QUEUED:
            return operation
        waiting = [row.key for row in self._rows.values() if row.state is OperationState.QUEUED]
        return replace(operation, position=waiting.index(operation.key))

    def _reach(self) -> None:
        if self.down is not None:
            raise self.down


class MemoryWakeups:
    """Wake-ups of one process, which a test may lose."""

    def __init__(self) -> None:
        self._events: dict[str, list[asyncio.Event]] = {}
        self.lost = False

    async def notify(self, topic: str) -> None:
        """Wake those that wait for a topic."""
        if not self.lost:
            for event in self._events.get(topic, ()):
                event.set()

    @asynccontextmanager
    async def subscribed(self, topic: str) -> AsyncIterator["_Subscription"]:
        """Yield a subscription."""
        event = asyncio.Event()
        self._events.setdefault(topic, []).append(event)
        try:
            yield _Subscription(event)
        finally:
            self._events[topic].remove(event)

    @property
    def waiting(self) -> int:
        """How many subscriptions there are."""
        return sum(map(len, self._events.values()))


class _Subscription:
    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    async def wait(self, seconds: float) -> bool:
        """Return whether there was a wake-up in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
