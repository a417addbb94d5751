"""A question that is answered later, as a value that any process can work on, and what becomes of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.experiments.experiment import Assignment
from groundwire_server.domain.outcome import Report
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Cause, OperationState, Reason

_POLL_FIRST: Final = 1.0
_POLL_EACH: Final = 0.5
_POLL_MOST: Final = 60.0
"""Seconds: of what is written now, more for each question ahead, and of what may take long."""


@dataclass(frozen=True, slots=True)
class OperationKey:
    """The name of an operation: its id means nothing outside its tenant and subject."""

    tenant: str
    subject: str
    operation_id: str

    @property
    def name(self) -> str:
        """The operation's name in the contract."""
        return f"operations/{self.operation_id}"


@dataclass(frozen=True, slots=True)
class OperationPlace:
    """Where an operation stands in lists; it is known although the operation is forgotten.

    Attributes:
        accepted: when, with a time zone.
    """

    accepted: datetime
    operation_id: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told when an operation is done.

    Attributes:
        include_answer: whether the answer stands in what is sent.
    """

    url: str
    include_answer: bool = False


@dataclass(frozen=True, slots=True)
class QueuedQuestion:
    """A question that is to be answered later. Times are of the wall clock: another process may work on it.

    Attributes:
        question: as it came in but for its normal form, not as a later stage has changed it.
        caller: who asked; its credential says how its rights are looked up again.
        fingerprint: a digest of the request: another request under the same request id is refused.
        cause: why it was queued; None where it was submitted.
        accepted: when.
        answer_by: until when an answer is of use.
        rights_frozen: whether the rights at submission count where nothing can be looked up.
        traceparent: the trace context of the call that it came with; empty without one.
        most_cost: the most that answering it may cost, in millionths of the currency: what the ledger reserves.
        assignments: the arms that it belongs to, whatever has become of them when it is answered.
    """

    question: Question
    caller: Caller
    fingerprint: bytes
    cause: Cause | None
    accepted: datetime
    answer_by: datetime
    rights_frozen: bool = False
    traceparent: str = ""
    webhook: Webhook | None = None
    most_cost: int = 0
    assignments: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """What is known of a queued answer.

    Attributes:
        request_id: of the call that it came with.
        trace_id: of that call.
        position: questions ahead of it while it waits.
        attempts: how often a worker has taken it up.
        cause: why the last attempt brought no answer, or why it was queued; None where it was submitted.
        begun: when a worker took it up last.
        ended: when it was done, or halted.
        expires: when it ends unless it is done, and is forgotten if it is.
        result: the outcome, as `OperationCodec` writes it; None without one.
        error: why it has none although it is done.
        ticket: names its review; empty where no person has looked at it, or the review is forgotten.
    """

    key: OperationKey
    state: OperationState
    route: str
    request_id: str
    trace_id: str
    accepted: datetime
    expires: datetime
    position: int = 0
    attempts: int = 0
    cause: Cause | None = None
    begun: datetime | None = None
    ended: datetime | None = None
    result: bytes | None = None
    error: Reason | None = None
    ticket: str = ""

    @property
    def name(self) -> str:
        """Its name in the contract."""
        return self.key.name

    @property
    def place(self) -> OperationPlace:
        """Where it stands in lists."""
        return OperationPlace(self.accepted, self.key.operation_id)

    @property
    def done(self) -> bool:
        """Whether it will not change any more."""
        return self.state is OperationState.DONE

    @property
    def poll_after(self) -> float | None:
        """Seconds to wait before asking for it again; None once it is done."""
        match self.state:
            case OperationState.DONE:
                return None
            case OperationState.QUEUED:
                return min(_POLL_FIRST + self.position * _POLL_EACH, _POLL_MOST)
            case OperationState.RUNNING:
                return _POLL_FIRST
            case _:
                return _POLL_MOST


@dataclass(frozen=True, slots=True)
class Claim:
    """An operation that a worker has taken up. Whoever takes it up next has a higher attempt, and this one no say.

    Attributes:
        attempt: counts from 1; it fences off a worker whose lease has ended.
    """

    key: OperationKey
    attempt: int
    work: QueuedQuestion


@dataclass(frozen=True, slots=True)
class Bill:
    """What answering an operation has consumed, over all models: what the ledger settles once.

    Attributes:
        cost_micros: millionths of the currency.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0

    @classmethod
    def of(cls, report: Report) -> "Bill":
        """Return what the report of an attempt says, over all models."""
        usages = [each.usage for each in report.usage]
        return cls(
            sum(usage.input_tokens for usage in usages),
            sum(usage.output_tokens for usage in usages),
            sum(usage.cost_micros for usage in usages),
        )
