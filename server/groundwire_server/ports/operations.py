"""The ports of queued answers: what accepts them, what keeps them, and what wakes those that wait."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import Fault, GroundwireError
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.operation import (
    Bill,
    Claim,
    Operation,
    OperationKey,
    OperationPlace,
    QueuedQuestion,
    Webhook,
)
from groundwire_server.domain.outcome import Outcome, Queued
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason


class RecordsError(GroundwireError):
    """The database of records cannot be asked, or does not take what it is given.

    Attributes:
        fault: what is wrong with it.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class QueueFullError(GroundwireError):
    """Too much waits already.

    Attributes:
        tenant: whether of the tenant; otherwise of all.
    """

    def __init__(self, *, tenant: bool) -> None:
        super().__init__("tenant" if tenant else "all")
        self.tenant = tenant


class QuestionTooLargeError(GroundwireError):
    """The question is larger than one that may wait."""


class FingerprintError(GroundwireError):
    """Another request has the same request id."""


@dataclass(frozen=True, slots=True)
class OperationCodec:
    """Questions and outcomes to bytes and back, as the contract's messages; decoding other bytes raises ValueError."""

    encode_question: Callable[[Question], bytes]
    decode_question: Callable[[bytes], Question]
    encode_outcome: Callable[[Outcome], bytes]


class AnswerQueue(Protocol):
    """Accepts questions for later; what the pipeline and the edge see of the queue."""

    async def submit(self, inquiry: Inquiry, cause: Cause) -> Queued:
        """Write a question down that could not be answered now, and return where it waits.

        Raises:
            Failure: the same cause again, when it cannot be accepted.
        """
        ...

    async def accept(
        self, inquiry: Inquiry, answer_within: float | None = None, webhook: Webhook | None = None
    ) -> Operation:
        """Write a question down that was submitted for later, and return its operation.

        Args:
            inquiry: the question on its route; its run names the request.
            answer_within: seconds for which an answer is of use; None takes the default.
            webhook: is told when the operation is done.

        Raises:
            Rejection: when it cannot be accepted.
        """
        ...


@dataclass(frozen=True, slots=True)
class QueueBounds:
    """How much may wait, with what is halted and waits for an operator.

    Attributes:
        waiting: questions of all tenants together.
        waiting_per_tenant: of one.
        question_bytes: of one question with its turns and passages, as it is kept.
        weight: the tenant's, of its share of the workers.
    """

    waiting: int
    waiting_per_tenant: int
    question_bytes: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How much there is of each state.

    Attributes:
        oldest: when the oldest of those that wait was accepted; None where none does.
    """

    counts: dict[OperationState, int]
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that has happened to an operation, in the order of `number`: what `work/history.py` checks.

    Attributes:
        event: `accepted`, `begun`, `effect`, `billed`, `retried`, `released`, `in_review`, `halted`, `requeued`,
            `cancelled`, `expired`, `refused`, `erased`.
        attempt: the attempt that it belongs to; 0 before the first.
    """

    number: int
    operation_id: str
    event: str
    attempt: int
    at: datetime


class OperationRecords(Protocol):
    """Queued answers in the database: the row is the truth. Each method is one transaction, whole or not at all.

    Every adapter passes `tests/contract/operations`. Every method raises RecordsError when the database cannot be
    asked.
    """

    async def accept(self, key: OperationKey, work: QueuedQuestion, bounds: QueueBounds) -> Operation:
        """Write an operation down with its history, its reservation in the ledger and its outbox entry.

        Where the caller has an operation of the same request id and fingerprint, return that one.

        Raises:
            QueueFullError: when too much waits.
            QuestionTooLargeError: when the question is larger than the bounds allow.
            FingerprintError: when another request has the request id.
        """
        ...

    async def get(self, key: OperationKey) -> Operation | None:
        """Return an operation with its position; None where the subject has none of this id."""
        ...

    async def page(
        self,
        tenant: str,
        subject: str | None,
        states: Collection[OperationState],
        after: OperationPlace | None,
        most: int,
    ) -> Sequence[Operation]:
        """Return operations without their results, the oldest first.

        Args:
            tenant: whose.
            subject: whose; None takes all of the tenant.
            states: those to return; none takes all.
            after: the place of the last operation of the page before; None begins.
            most: how many.
        """
        ...

    async def cancel(self, key: OperationKey) -> Operation | None:
        """End an operation with CANCELLED unless it is done; return it as it is then, None where there is none."""
        ...

    async def delete(self, key: OperationKey) -> bool:
        """Forget an operation, and cancel it if it is not done; return False where there is none."""
        ...

    async def claim(self, worker: str, lease: float) -> Claim | None:
        """Take up the next operation: by priority, then by the tenants' fair turns; None where none is due.

        One whose lease has ended is due again.

        Args:
            worker: names the worker.
            lease: seconds after which another may take it up unless the claim is renewed.
        """
        ...

    async def renew(self, claim: Claim, lease: float) -> bool:
        """Prolong a claim; return False where it holds no more, and the work on it must end."""
        ...

    async def complete(self, claim: Claim, result: bytes, bill: Bill, documents: Collection[str]) -> bool:
        """Record the outcome and settle the bill, once; return False where the claim holds no more.

        Args:
            claim: the worker's.
            result: the outcome.
            bill: what it has consumed.
            documents: the ids of the documents that the outcome cites or shows, for erasure.
        """
        ...

    async def retry(self, claim: Claim, cause: Cause, after: float, bill: Bill) -> bool:
        """Let it wait for `after` seconds and be taken up again; halt it where its attempts are used up.

        Returns:
            False where the claim holds no more.
        """
        ...

    async def release(self, claim: Claim, after: float, bill: Bill) -> bool:
        """Let it wait for `after` seconds and be taken up again, without using up one of its attempts.

        Returns:
            False where the claim holds no more.
        """
        ...

    async def refuse(self, claim: Claim, error: Reason, bill: Bill) -> bool:
        """End it with an error; return False where the claim holds no more."""
        ...

    async def requeue(self, tenant: str, operation_id: str) -> Operation | None:
        """Give a halted operation as many attempts again; None where the tenant has none of this id.

        Raises:
            Rejection: OPERATION_NOT_HALTED.
        """
        ...

    async def depth(self, tenant: str | None) -> QueueDepth:
        """Return how much there is, of a tenant or of all."""
        ...

    async def sweep(self) -> int:
        """End what has expired, forget what is kept long enough; return how many rows changed."""
        ...

    async def history(self, after: int, most: int) -> Sequence[HistoryEntry]:
        """Return what has happened, in order, after an entry's number."""
        ...


class Subscription(Protocol):
    """Waits for wake-ups of one topic."""

    async def wait(self, seconds: float) -> bool:
        """Return True once there was a wake-up since the last call, False when the time is up first."""
        ...


class Wakeups(Protocol):
    """Tells processes that there is something to look at. They carry nothing: one that is lost costs time alone.

    Every adapter passes `tests/contract/test_wakeups.py`.
    """

    async def notify(self, topic: str) -> None:
        """Wake those that wait for a topic. It never fails: a broker that is gone is reported, and asked again."""
        ...

    def subscribed(self, topic: str) -> AbstractAsyncContextManager[Subscription]:
        """Return a subscription to a topic, for as long as it is entered."""
        ...


WORK: str = "work"
"""The topic of operations that are due."""


def ended(operation_id: str) -> str:
    """Return the topic of changes of one operation."""
    return f"operation:{operation_id}"


class Rights(Protocol):
    """Looks up what a caller may do now, after the call in which it proved who it is."""

    async def renewed(self, caller: Caller, *, frozen: bool) -> Caller | None:
        """Return the caller with the principals and roles that it has now; None where it may not ask any more.

        Args:
            caller: as it was when it asked.
            frozen: whether the rights of then count where nothing can be looked up.
        """
        ...
