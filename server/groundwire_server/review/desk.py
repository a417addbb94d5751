"""Sending answers for review."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from opentelemetry.trace import get_current_span

from groundwire_server.domain.case import Case
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import InReview, Outcome
from groundwire_server.domain.review import ReviewKind, ReviewReason
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import FingerprintError, RecordsError
from groundwire_server.ports.reviews import ReviewOpening, ReviewRecords
from groundwire_server.review.events import ReviewEvents
from groundwire_server.review.sampling import new_ticket
from groundwire_server.telemetry.trace_context import traceparent


class Sampling(Protocol):
    """Sends outcomes for review after they have left."""

    def sample(self, inquiry: Inquiry, case: Case, outcome: Outcome) -> None:
        """See `ReviewDesk.sample`."""
        ...


@dataclass(frozen=True, slots=True)
class RecordedReviewDesk:
    """A ReviewDesk that keeps what it is given in the records.

    Attributes:
        records: keep reviews with their operations.
        sampling: looks at outcomes that leave.
        events: announce what is opened.
        clock: of the wall.
        draw_id: returns tickets, and ids of operations.
    """

    records: ReviewRecords
    sampling: Sampling
    events: ReviewEvents
    clock: Clock
    draw_id: Callable[[], str] = new_ticket

    async def open(self, inquiry: Inquiry, case: Case, reason: ReviewReason) -> InReview:
        """Send an answer for review before it leaves; see `ReviewDesk`."""
        policy = inquiry.policy.review
        if policy is None:
            raise Failure(reason.cause)
        opening = ReviewOpening(
            self.draw_id(),
            ReviewKind.APPROVAL,
            reason,
            case,
            self.clock.today() + timedelta(seconds=policy.answer_within),
            policy.keep,
            self.draw_id() if inquiry.claim is None else inquiry.claim.key.operation_id,
            fingerprint=inquiry.fingerprint,
            traceparent=traceparent(get_current_span()),
        )
        try:
            review = await self.records.open(opening, inquiry.claim)
        except (RecordsError, FingerprintError):
            raise Failure(reason.cause) from None
        if review is None:
            raise Failure(reason.cause)
        if review.ticket == opening.ticket:
            await self.events.opened(review)
        return InReview(review.ticket, f"operations/{review.operation_id}", policy.expected_within)

    def sample(self, inquiry: Inquiry, case: Case, outcome: Outcome) -> None:
        """Send an outcome for review after it has left, or keep its case; see `ReviewDesk`."""
        self.sampling.sample(inquiry, case, outcome)
