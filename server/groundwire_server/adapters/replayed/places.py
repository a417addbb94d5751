"""Where a call waits, pays or is read while it is replayed."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from groundwire_server.adapters.replayed.tape import Tape
from groundwire_server.adapters.replayed.timeline import Timeline, UnrecordedError
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.event import Event, NumberedEvent
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.operation import Operation, Webhook
from groundwire_server.domain.outcome import InReview, Outcome, Queued
from groundwire_server.domain.quota import Reservation
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.review import ReviewReason
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.exchange import PortName

T = TypeVar("T")

_REPLAYED = "operations/replayed"
"""Names the operation of a call that is queued, or sent for review, in the replay alone."""

_POLL_AFTER = 1.0


class ReplayedClock:
    """The Clock of a replay.

    Args:
        timeline: of the replay.
        dates: what the calendar said, in order.
    """

    def __init__(self, timeline: Timeline, dates: Sequence[datetime]) -> None:
        self._timeline = timeline
        self._dates = list(dates)
        self._last = dates[0] if dates else datetime.fromtimestamp(0, UTC)

    def now(self) -> float:
        """Return the seconds since the call came in."""
        return self._timeline.read_clock()

    def today(self) -> datetime:
        """Return the date and time of the recording."""
        if self._dates:
            self._last = self._dates.pop(0)
        return self._last


class ReplayedLag(LoopLag):
    """How late the event loop was.

    Args:
        timeline: of the replay.
    """

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._timeline = timeline

    def worst(self, now: float) -> float:
        """Return what was recorded with the last reading of the clock."""
        del now
        return self._timeline.lag


class ReplayedBudget:
    """A Budget that has what it had; of what was not asked, enough."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    async def reserve(self, requester: Requester, most: Usage) -> Reservation:
        """Reserve nothing.

        Raises:
            Failure: that came back then.
        """
        played = self._tape.following(PortName.RESERVATION)
        if played is not None:
            await played.value()
        return Reservation()

    async def left_today(self, requester: Requester) -> float | None:
        """Return the share that was left."""
        played = self._tape.following(PortName.BUDGET_LEFT)
        left: float | None = None if played is None else await played.value()
        return left

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Charge nothing."""


class ReplayedQueue:
    """An AnswerQueue that accepts what it accepted; what it was not asked then, it accepts."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    async def submit(self, inquiry: Inquiry, cause: Cause) -> Queued:
        """Return where the question waited.

        Raises:
            Failure: that came back then.
        """
        played = self._tape.following(PortName.QUEUE)
        queued: Queued = Queued(_REPLAYED, 0, _POLL_AFTER) if played is None else await played.value()
        return queued

    async def accept(
        self, inquiry: Inquiry, answer_within: float | None = None, webhook: Webhook | None = None
    ) -> Operation:
        """Accept nothing: no call submits in a replay.

        Raises:
            UnrecordedError: always.
        """
        raise UnrecordedError(PortName.QUEUE)


class ReplayedReviewDesk:
    """A ReviewDesk that takes what it took; what it was not given then, it takes."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    async def open(self, inquiry: Inquiry, case: Case, reason: ReviewReason) -> InReview:
        """Return where the caller waited.

        Raises:
            Failure: that came back then.
        """
        played = self._tape.following(PortName.REVIEW)
        opened: InReview = InReview("", _REPLAYED) if played is None else await played.value()
        return opened

    def sample(self, inquiry: Inquiry, case: Case, outcome: Outcome) -> None:
        """Keep nothing."""


class ReplayedThreads:
    """Threads that were free when they were: the work itself is done again."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    async def run(self, requester: Requester, until: Deadline, work: Callable[[], T]) -> T:
        """Do a piece of work.

        Raises:
            Failure: that came back then; whatever the work raises.
        """
        played = self._tape.following(PortName.THREAD)
        if played is not None:
            await played.value()
        return work()


class ReplayedReader:
    """A Sink that took each event as long as its reader did.

    Args:
        tape: has what was recorded.
        digest: returns that of an event; None for one that is not compared.

    Attributes:
        events: that were sent, in order.
        differing: the numbers, from 1, of those that were others then.
    """

    def __init__(self, tape: Tape, digest: Callable[[Event], str | None]) -> None:
        self._tape = tape
        self._digest = digest
        self.events: list[Event] = []
        self.differing: list[int] = []

    async def emit(self, event: NumberedEvent) -> None:
        """Take one event."""
        self.events.append(event.event)
        played, digest = self._tape.following(PortName.READER), self._digest(event.event) or ""
        if played is None or digest != played.call.request:
            self.differing.append(len(self.events))
        if played is not None:
            self._tape.requests[played.call.order] = digest
            await played.value()
