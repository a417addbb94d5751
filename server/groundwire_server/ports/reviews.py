"""The ports of reviews: what sends answers for review, and what keeps reviews."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.case import Case
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.operation import Claim
from groundwire_server.domain.outcome import InReview, Outcome
from groundwire_server.domain.review import (
    Review,
    ReviewKind,
    ReviewReason,
    ReviewState,
    ReviewVerdict,
)
from groundwire_server.domain.vocabulary import Verdict


class ReviewDesk(Protocol):
    """Sends answers for review; what the pipeline sees of reviews."""

    async def open(self, inquiry: Inquiry, case: Case, reason: ReviewReason) -> InReview:
        """Send an answer for review before it leaves, and return where its caller waits.

        Where a worker answers the question, its operation waits for the decision, and the claim ends.

        Raises:
            Failure: the reason's cause again, when the review cannot be kept.
        """
        ...

    def sample(self, inquiry: Inquiry, case: Case, outcome: Outcome) -> None:
        """Send an outcome for review after it has left, or keep its case; never wait, and never fail.

        Args:
            inquiry: that was answered; its policy says how many are sampled, and how long.
            case: the answer; without a draft where a guard has forbidden one.
            outcome: what leaves.
        """
        ...


class DraftChecker(Protocol):
    """Gives the sentences of a text their verdicts, by passages that are known."""

    async def check_draft(self, text: str, inquiry: Inquiry, evidence: Sequence[Passage]) -> GroundedText:
        """Return a text with its citations and verdicts, by the inquiry's deadline.

        Args:
            text: a draft of a model, or of a reviewer.
            inquiry: the question that it answers, with the route's policy and the time.
            evidence: what it is compared with, regardless of who may see it; it is neither searched for nor screened
                again.

        Raises:
            Failure: TIME_EXHAUSTED, CAPACITY_EXHAUSTED.
        """
        ...


class ReviewedTexts(Protocol):
    """What leaves after a review, screened by the guards of answers as everything that leaves."""

    def normalized(self, text: str) -> str:
        """Return a reviewer's text in the form that a model's has: NFC, without control characters."""
        ...

    async def check(self, text: str, inquiry: Inquiry, evidence: Sequence[Passage]) -> GroundedText:
        """Return a reviewer's text as it would leave: with its verdicts, and with what guards mask.

        Args:
            text: in its normal form.
            inquiry: the question that it answers, with the route's policy and the time.
            evidence: what it is compared with.

        Raises:
            Failure: as `DraftChecker.check_draft`; ANSWER_FORBIDDEN where a guard forbids the text, GUARD_UNAVAILABLE.
        """
        ...

    async def presentable(self, inquiry: Inquiry, evidence: Sequence[Passage]) -> Sequence[Passage]:
        """Return those of some passages that may stand in the place of an answer, as they may leave."""
        ...


@dataclass(frozen=True, slots=True)
class ReviewOpening:
    """A review that is to be opened.

    Attributes:
        operation_id: of the operation that is made for its caller, or that `claim` holds; empty where nobody waits.
        expires: when it expires unless it is decided.
        forget: seconds after its end for which it is kept with its texts.
        share: the share of the route's answers that is sampled; 0 for what is no sample.
        fingerprint: of the request, for the operation; empty where there is none.
        traceparent: the trace context of the call.
    """

    ticket: str
    kind: ReviewKind
    reason: ReviewReason
    case: Case
    expires: datetime
    forget: float
    operation_id: str = ""
    share: float = 0.0
    fingerprint: bytes = b""
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class OpenedReview:
    """A review with its texts.

    Attributes:
        case: what is to be judged; None where its texts were erased.
        verdict: what was decided; None before.
    """

    review: Review
    case: Case | None
    verdict: ReviewVerdict | None = None


@dataclass(frozen=True, slots=True)
class ReviewPlace:
    """Where a review stands in lists; it is known although the review is forgotten."""

    created: datetime
    ticket: str


@dataclass(frozen=True, slots=True)
class ReviewSelection:
    """Narrows reviews to those that satisfy every condition; an empty one holds for all.

    Attributes:
        states: as the contract has them: a lapsed claim is PENDING.
        reviewer: the subject that holds the claim or has decided.
        tickets: those to look among; few.
    """

    states: frozenset[ReviewState] = frozenset()
    route: str = ""
    reviewer: str = ""
    kinds: frozenset[ReviewKind] = frozenset()
    tickets: frozenset[str] = frozenset()

    def holds(self, review: Review) -> bool:
        """Return whether a review satisfies every condition."""
        return (
            (not self.states or review.state in self.states)
            and self.route in ("", review.route)
            and self.reviewer in ("", review.reviewer)
            and (not self.kinds or review.kind in self.kinds)
            and (not self.tickets or review.ticket in self.tickets)
        )


@dataclass(frozen=True, slots=True)
class SampleCount:
    """The samples of a route whose answers have the same weakest verdict; see `SampleCounts` of the contract."""

    route: str
    weakest_verdict: Verdict | None
    sampled: int
    decided: int
    wrong: int
    share: float
    lowest_share: float


@dataclass(frozen=True, slots=True)
class WaitingReviews:
    """The reviews of all tenants that wait for a decision.

    Attributes:
        counts: how many, by kind.
        oldest: when the oldest was created for whose decision a caller waits; None where none does.
    """

    counts: Mapping[ReviewKind, int] = field(default_factory=dict)
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """How an operation ends with a review.

    Attributes:
        result: the outcome, as `OperationCodec` writes it.
        documents: the ids of the documents that it cites or shows, for erasure.
    """

    result: bytes
    documents: Collection[str]


class ReviewRecords(Protocol):
    """Reviews in the database. Each method is one transaction with its entries in the audit trail, whole or not at all.

    Every adapter passes `tests/contract/reviews`. Every method raises RecordsError when the database cannot be asked.
    """

    async def open(self, opening: ReviewOpening, claim: Claim | None) -> Review | None:
        """Keep a case with its review, and the operation that waits for it; return it as it stands.

        The same request under the same request id, tenant and subject returns the review that waits already.

        Args:
            opening: the review.
            claim: of the worker whose operation it is; its lease ends, and the operation is IN_REVIEW.

        Returns:
            The review; None where the claim holds no more.

        Raises:
            FingerprintError: when another request has the request id.
        """
        ...

    async def get(self, tenant: str, ticket: str) -> OpenedReview | None:
        """Return a review with its texts; None where the tenant has none of this ticket."""
        ...

    async def page(
        self, tenant: str, selection: ReviewSelection, after: ReviewPlace | None, most: int, *, newest: bool = False
    ) -> Sequence[OpenedReview]:
        """Return reviews in the order of their creation, with their questions: their cases are cut to that.

        Args:
            tenant: whose.
            selection: those to return.
            after: the place of the last review of the page before; None begins.
            most: how many.
            newest: whether the latest comes first.
        """
        ...

    async def count_open(self, tenant: str, most: int) -> int:
        """Return how many of a tenant wait for a decision; counts `most` at most."""
        ...

    async def waiting(self) -> WaitingReviews:
        """Return how many of all tenants wait for a decision."""
        ...

    async def note_reading(self, tenant: str, ticket: str, reviewer: str, withheld: int) -> None:
        """Write into the audit trail that a reviewer has read the texts of a review: once for each, `review.read`.

        Args:
            tenant: whose.
            ticket: names it.
            reviewer: the subject that reads.
            withheld: how many of its passages the reviewer may not see.
        """
        ...

    async def claim(self, tenant: str, ticket: str, reviewer: str, lease: float) -> Review:
        """Reserve a review for a reviewer, or prolong the reviewer's own claim, which leaves the etag as it is.

        Raises:
            Rejection: REVIEW_NOT_FOUND, REVIEW_CLAIMED with the time until the claim lapses, REVIEW_DECIDED.
        """
        ...

    async def release(self, tenant: str, ticket: str, reviewer: str) -> Review:
        """Give a reviewer's claim back.

        Raises:
            Rejection: REVIEW_NOT_FOUND, REVIEW_NOT_CLAIMED, REVIEW_DECIDED.
        """
        ...

    async def decide(
        self,
        tenant: str,
        ticket: str,
        reviewer: str,
        verdict: ReviewVerdict,
        completion: Completion | None,
        etag: str = "",
    ) -> Review:
        """Decide a review and end its operation, once, in one transaction.

        Args:
            tenant: whose.
            ticket: names it.
            reviewer: holds the claim.
            verdict: the decision.
            completion: how the operation ends; None where nobody waits.
            etag: of the review as the reviewer saw it; empty decides it as it is.

        Returns:
            The review as decided; the same decision with the same remarks again, by the same reviewer, returns it as it
            is.

        Raises:
            Rejection: REVIEW_NOT_FOUND, REVIEW_NOT_CLAIMED, REVIEW_CHANGED, REVIEW_DECIDED.
        """
        ...

    async def overdue(self, most: int) -> Sequence[OpenedReview]:
        """Return reviews of all tenants that have expired and were not ended, the longest overdue first."""
        ...

    async def expire(self, tenant: str, ticket: str, completion: Completion | None) -> bool:
        """End a review that has expired, and its operation; return False where it has ended already."""
        ...

    async def changed(self, tenant: str, after: int, most: int) -> Sequence[tuple[int, str]]:
        """Return the tickets that have changed, each with the number of its change, in order, after a number.

        The number is that of the audit trail, so that it counts across processes; -1 returns the last one alone, and
        nothing where there is none.
        """
        ...

    async def measure(
        self, tenant: str, since: datetime | None, until: datetime | None, route: str
    ) -> Sequence[SampleCount]:
        """Count the samples of a tenant that were opened in a time, of one route or, where it is empty, of all."""
        ...

    async def sweep(self) -> int:
        """Forget reviews and cases that are kept long enough; return how many rows are gone."""
        ...


def reviews_changed(tenant: str) -> str:
    """Return the topic of changes of a tenant's reviews."""
    return f"reviews:{tenant}"
