"""Where a call waits, pays or is read while it is recorded."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from groundwire_server.adapters.recorded.recorder import ExchangeRecorder, nothing
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.event import NumberedEvent
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.operation import Operation, Webhook
from groundwire_server.domain.outcome import InReview, Outcome, Queued
from groundwire_server.domain.quota import Reservation
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.review import ReviewReason
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.budget import Budget
from groundwire_server.ports.exchange import PortName
from groundwire_server.ports.operations import AnswerQueue
from groundwire_server.ports.reviews import ReviewDesk
from groundwire_server.ports.sink import Sink
from groundwire_server.ports.threads import Threads

T = TypeVar("T")


class RecordedClock:
    """The Clock of a call that is recorded."""

    def __init__(self, recorder: ExchangeRecorder) -> None:
        self._recorder = recorder

    def now(self) -> float:
        """Return seconds on the monotonic clock."""
        return self._recorder.read_clock()

    def today(self) -> datetime:
        """Return the date and time in UTC."""
        return self._recorder.read_date()


class RecordedLag(LoopLag):
    """How late the event loop was, for a call that is recorded."""

    def __init__(self, inner: LoopLag, recorder: ExchangeRecorder) -> None:
        super().__init__()
        self._inner = inner
        self._recorder = recorder

    def worst(self, now: float) -> float:
        """Return the worst of the last one to two seconds, in seconds."""
        return self._recorder.read_lag(self._inner, now)


class RecordedBudget:
    """A Budget of a call that is recorded."""

    def __init__(self, inner: Budget, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder

    async def reserve(self, requester: Requester, most: Usage) -> Reservation:
        """Reserve the most that a call can consume.

        Raises:
            Failure: BUDGET_EXHAUSTED.
        """
        asked = self._inner.reserve(requester, most)
        return await self._recorder.ask_for(nothing, PortName.RESERVATION, asked)

    async def left_today(self, requester: Requester) -> float | None:
        """Return the share that is left of what the requester may spend in the day."""
        return await self._recorder.ask(PortName.BUDGET_LEFT, self._inner.left_today(requester))

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Charge what the call did consume."""
        self._inner.settle(reservation, usage)


class RecordedQueue:
    """The AnswerQueue of a call that is recorded."""

    def __init__(self, inner: AnswerQueue, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder

    async def submit(self, inquiry: Inquiry, cause: Cause) -> Queued:
        """Write a question down that could not be answered now.

        Raises:
            Failure: the same cause again.
        """
        return await self._recorder.ask(PortName.QUEUE, self._inner.submit(inquiry, cause))

    async def accept(
        self, inquiry: Inquiry, answer_within: float | None = None, webhook: Webhook | None = None
    ) -> Operation:
        """Write a question down that was submitted for later."""
        return await self._inner.accept(inquiry, answer_within, webhook)


class NotedReviewDesk:
    """The ReviewDesk of a call that is recorded."""

    def __init__(self, inner: ReviewDesk, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder

    async def open(self, inquiry: Inquiry, case: Case, reason: ReviewReason) -> InReview:
        """Send an answer for review before it leaves.

        Raises:
            Failure: the reason's cause again.
        """
        return await self._recorder.ask(PortName.REVIEW, self._inner.open(inquiry, case, reason))

    def sample(self, inquiry: Inquiry, case: Case, outcome: Outcome) -> None:
        """Send an outcome for review after it has left, or keep its case."""
        self._inner.sample(inquiry, case, outcome)


class RecordedThreads:
    """The Threads of a call that is recorded: when they were free is kept, and not what was done there."""

    def __init__(self, inner: Threads, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder

    async def run(self, requester: Requester, until: Deadline, work: Callable[[], T]) -> T:
        """Do a piece of work in a thread.

        Raises:
            Failure: CAPACITY_EXHAUSTED; whatever the work raises.
        """
        return await self._recorder.ask_for(nothing, PortName.THREAD, self._inner.run(requester, until, work))


class RecordedReader:
    """The Sink of a call that is recorded: how long its reader took each event, and which it was."""

    def __init__(self, inner: Sink, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder

    async def emit(self, event: NumberedEvent) -> None:
        """Take one event."""
        call = self._recorder.begin(PortName.READER)
        call.event = event.event
        await self._recorder.wait_for(call, self._inner.emit(event), nothing)
