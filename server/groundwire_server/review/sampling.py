"""Samples: outcomes that are sent for review after they have left, or kept so that feedback can label them.

A sample is opened in the background, once its outcome has left: no caller waits for it, and no caller is told. Where
there is no room for one, or the database is away, it is dropped and counted; a share that is measured does not suffer
from it as long as what is dropped does not depend on how good the answers are.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from groundwire_server.domain.case import Case
from groundwire_server.domain.guards.finding import FORBIDDEN
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Abstained, Blocked, InReview, Outcome, Queued
from groundwire_server.domain.review import Review, ReviewKind, ReviewReason, ReviewTrigger
from groundwire_server.domain.review_policy import DAY, ReviewPolicy
from groundwire_server.domain.share import place_in_share
from groundwire_server.domain.vocabulary import Cause, GuardAction
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.feedback import FeedbackRecords
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.reviews import ReviewOpening, ReviewRecords
from groundwire_server.telemetry import metrics

APPEAL_WITHIN: Final = DAY
"""Seconds for which a blocked question is kept where its caller may appeal."""

_PENDING_LIMIT: Final = 64
"""Samples in memory, with their passages: some megabytes at most."""

_WRITERS: Final = 2
"""Transactions at once, so that samples leave the database to calls."""

_SECONDS: Final = 10.0
"""What keeping one may take, from when its outcome left."""

_AFTER: Final = 0.05
"""Seconds before it is begun: the outcome leaves first."""

_TICKET_BYTES: Final = 16
_PERSON: Final = b"gw-sample"
"""Keeps these draws apart from all else that is drawn by the same key."""

_KEPT: Final = "kept"
_NO_ROOM: Final = "no_room"
_UNAVAILABLE: Final = "unavailable"

_log = logging.getLogger(__name__)


def new_ticket() -> str:
    """Return a ticket that nobody can guess."""
    return secrets.token_hex(_TICKET_BYTES)


def keyed_draw(key: bytes) -> Callable[[Case], float]:
    """Return what draws by the request: the same one has the same number in every process, and no caller can tell it.

    Args:
        key: at most 64 bytes.
    """

    def draw(case: Case) -> float:
        name = f"{case.tenant}\0{case.subject}\0{case.question.request_id}\0{case.report.trace_id}"
        return place_in_share(name, key, _PERSON)

    return draw


@dataclass(frozen=True, slots=True)
class AppealedBlock:
    """What a caller says was blocked by mistake.

    Attributes:
        guard: the name of the guard.
        category: the kind of content that it found.
    """

    tenant: str
    subject: str
    request_id: str
    trace_id: str
    guard: str
    category: str


@dataclass(frozen=True, slots=True)
class _Sample:
    """What becomes of one case.

    Attributes:
        opening: the review; None keeps the case alone.
        keep: seconds that the case alone is kept.
    """

    case: Case
    opening: ReviewOpening | None = None
    keep: float = 0.0

    @property
    def word(self) -> str:
        """What it is called in metrics."""
        return "feedback" if self.opening is None else self.opening.kind.lower()


class OutcomeSamples:
    """The samples of a process that are on their way to the database.

    Args:
        reviews: keep samples with their cases.
        feedback: keeps cases alone.
        clock: dates reviews.
        recorder: counts what becomes of samples.
        opened: is called with each review that was opened, to tell who watches.
        draw: returns a number from 0 to 1 for a case, by which its outcome is drawn or not.
        ticket: returns a new ticket.
        after: seconds before a sample is begun.
    """

    def __init__(
        self,
        reviews: ReviewRecords,
        feedback: FeedbackRecords,
        clock: Clock,
        recorder: Metrics,
        opened: Callable[[Review], Awaitable[None]],
        draw: Callable[[Case], float],
        *,
        ticket: Callable[[], str] = new_ticket,
        after: float = _AFTER,
    ) -> None:
        self._reviews = reviews
        self._feedback = feedback
        self._clock = clock
        self._metrics = recorder
        self._opened = opened
        self._draw = draw
        self._ticket = ticket
        self._after = after
        self._writers = asyncio.Semaphore(_WRITERS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = False

    def __repr__(self) -> str:
        """Return how many there are."""
        return f"OutcomeSamples(pending={len(self._tasks)})"

    def sample(self, inquiry: Inquiry, case: Case, outcome: Outcome) -> None:
        """Draw an outcome, and begin to keep it if it is drawn; see `ReviewDesk.sample`."""
        policy = inquiry.policy.review
        if policy is None or self._ended:
            return
        sample = self._drawn(policy, case, outcome)
        if sample is None:
            return
        route = case.report.route
        if len(self._tasks) >= _PENDING_LIMIT:
            self._metrics.add(metrics.REVIEW_SAMPLES, 1, route, sample.word, _NO_ROOM)
            return
        task = asyncio.create_task(self._keep(sample), name="sample")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def appeal(self, appealed: AppealedBlock, policy_of: Callable[[str], ReviewPolicy | None]) -> Review | None:
        """Send a blocked answer for review, where the route has appeals and the question is kept.

        Args:
            appealed: what the caller says.
            policy_of: returns the policy of a route of the caller; None where it has none.

        Returns:
            The review; None where there is none.

        Raises:
            RecordsError: when the database cannot be asked.
        """
        case = await self._feedback.case_of(appealed.tenant, appealed.subject, appealed.request_id, appealed.trace_id)
        if case is None:
            return None
        policy, cause = policy_of(case.question.route), _blocked_by(case, appealed)
        if policy is None or not policy.appeals or cause is None:
            return None
        reason = ReviewReason(cause, ReviewTrigger.APPEAL, appealed.guard, appealed.category)
        review = await self._reviews.open(self._opening(ReviewKind.BLOCK, reason, case, policy), None)
        if review is not None:
            await self._opened(review)
        return review

    async def end(self) -> None:
        """Draw no more, and wait for those on their way."""
        self._ended = True
        await self.settle()

    async def settle(self) -> None:
        """Wait for those on their way; each has its time."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _drawn(self, policy: ReviewPolicy, case: Case, outcome: Outcome) -> _Sample | None:
        """Return what becomes of an outcome; None where nothing does. What is sampled serves feedback as well."""
        match outcome.result:
            case Blocked(by):
                if self._is_among(case, policy.block_share):
                    reason = ReviewReason(outcome.cause, ReviewTrigger.SAMPLE, by.guard.name, by.category)
                    return _Sample(case, self._opening(ReviewKind.BLOCK, reason, case, policy, policy.block_share))
                return _Sample(case, keep=APPEAL_WITHIN) if policy.appeals else None
            case InReview() | Queued():
                # Whoever answers it later draws again.
                return None
            case _ if case.draft is not None and outcome.answer is not None:
                drawn = self._number(case, max(policy.sample_share, policy.keep_share))
                if drawn < policy.sample_share:
                    reason = ReviewReason(outcome.cause, ReviewTrigger.SAMPLE)
                    return _Sample(case, self._opening(ReviewKind.SAMPLE, reason, case, policy, policy.sample_share))
                return _Sample(case, keep=policy.keep_answers) if drawn < policy.keep_share else None
            case Abstained():
                return _Sample(case, keep=policy.keep_answers) if self._is_among(case, policy.keep_share) else None
            case _:
                return None

    def _is_among(self, case: Case, share: float) -> bool:
        return self._number(case, share) < share

    def _number(self, case: Case, share: float) -> float:
        """Return what is drawn for a case, or 1 where no share is given."""
        return self._draw(case) if share > 0.0 else 1.0

    def _opening(
        self, kind: ReviewKind, reason: ReviewReason, case: Case, policy: ReviewPolicy, share: float = 0.0
    ) -> ReviewOpening:
        expires = self._clock.today() + timedelta(seconds=policy.sample_within)
        return ReviewOpening(self._ticket(), kind, reason, case, expires, policy.keep, share=share)

    async def _keep(self, sample: _Sample) -> None:
        kept = _UNAVAILABLE
        try:
            async with asyncio.timeout(_SECONDS):
                await asyncio.sleep(self._after)
                async with self._writers:
                    await self._write(sample)
            kept = _KEPT
        except (RecordsError, TimeoutError):
            # Nobody waits for it, and what the database says is in its own log.
            pass
        finally:
            self._metrics.add(metrics.REVIEW_SAMPLES, 1, sample.case.report.route, sample.word, kept)

    async def _write(self, sample: _Sample) -> None:
        if sample.opening is None:
            await self._feedback.keep_case(sample.case, sample.keep)
            return
        review = await self._reviews.open(sample.opening, None)
        if review is not None:
            await self._opened(review)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("a sample has failed", extra={"error": type(error).__qualname__})


def _blocked_by(case: Case, appealed: AppealedBlock) -> Cause | None:
    """Return the cause of what a guard has blocked in a case; None where it has not."""
    for flag in case.report.flags:
        if flag.action is GuardAction.BLOCK and (flag.guard.name, flag.category) == (appealed.guard, appealed.category):
            return FORBIDDEN[flag.screen]
    return None
