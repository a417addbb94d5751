"""Reviews of a test, by short names."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import Claim
from groundwire_server.domain.review import (
    Review,
    ReviewDecision,
    ReviewKind,
    ReviewReason,
    ReviewState,
    ReviewTrigger,
    ReviewVerdict,
)
from groundwire_server.domain.vocabulary import Cause, Reason
from groundwire_server.ports.audit import AuditRecords
from groundwire_server.ports.reviews import Completion, OpenedReview, ReviewOpening, ReviewRecords, ReviewSelection
from tests.contract.operations.queued import Queue, SteppingClock
from tests.contract.reviews.cases import case, draft

LEASE = 900.0
WITHIN = 3600.0
FORGET = 7200.0
COMPLETION = Completion(b"the outcome", ["handbook", "memo"])
APPROVED = ReviewVerdict(ReviewDecision.APPROVED, note="Fine by me.")
EDITED = ReviewVerdict(ReviewDecision.EDITED, text=draft("Um neun."), note="It was wrong.")


@dataclass(slots=True)
class Reviews:
    """What is under test, and short ways to it.

    Attributes:
        records: of reviews.
        audit: of what is done to them.
    """

    records: ReviewRecords
    audit: AuditRecords
    clock: SteppingClock

    def opening(self, ticket: str, *, waited_for: bool = True, **changes: Any) -> ReviewOpening:
        """Return a review of an answer that somebody waits for, unless told otherwise."""
        given: dict[str, Any] = {
            "ticket": ticket,
            "kind": ReviewKind.APPROVAL if waited_for else ReviewKind.SAMPLE,
            "reason": ReviewReason(Cause.REVIEW_REQUIRED, ReviewTrigger.GUARD, "secrets", "EMAIL"),
            "case": case(ticket),
            "expires": self.clock.today() + timedelta(seconds=WITHIN),
            "forget": FORGET,
            "operation_id": Queue.id_of(ticket) if waited_for else "",
            "fingerprint": b"same",
            "share": 0.0 if waited_for else 0.5,
        }
        return ReviewOpening(**(given | changes))

    async def open(self, ticket: str, claim: Claim | None = None, **changes: Any) -> Review:
        """Open a review."""
        opened = await self.records.open(self.opening(ticket, **changes), claim)
        assert opened is not None
        return opened

    async def get(self, ticket: str, tenant: str = "acme") -> OpenedReview:
        found = await self.records.get(tenant, ticket)
        assert found is not None
        return found

    async def state(self, ticket: str, tenant: str = "acme") -> ReviewState:
        return (await self.get(ticket, tenant)).review.state

    async def claim(self, ticket: str, reviewer: str = "rob", tenant: str = "acme") -> Review | Reason:
        """Claim a review; return why not where it is rejected."""
        try:
            return await self.records.claim(tenant, ticket, reviewer, LEASE)
        except Rejection as rejection:
            return rejection.reason

    async def release(self, ticket: str, reviewer: str = "rob", tenant: str = "acme") -> Review | Reason:
        try:
            return await self.records.release(tenant, ticket, reviewer)
        except Rejection as rejection:
            return rejection.reason

    async def decide(
        self,
        ticket: str,
        reviewer: str = "rob",
        verdict: ReviewVerdict = APPROVED,
        tenant: str = "acme",
        completion: Completion | None = COMPLETION,
        etag: str = "",
    ) -> Review | Reason:
        try:
            return await self.records.decide(tenant, ticket, reviewer, verdict, completion, etag)
        except Rejection as rejection:
            return rejection.reason

    async def tickets(self, tenant: str = "acme", *, newest: bool = False, **selection: Any) -> list[str]:
        """Return the tickets of a page of everything that is selected."""
        found = await self.records.page(tenant, ReviewSelection(**selection), None, 1000, newest=newest)
        return [each.review.ticket for each in found]

    async def events(self, ticket: str, tenant: str = "acme") -> list[tuple[str, str]]:
        """Return what was done to a review, each with who did it."""
        entries = await self.audit.page(tenant, f"reviews/{ticket}", 0, 10_000)
        return [(each.event.removeprefix("review."), each.actor) for each in entries]


@dataclass(slots=True)
class SqlReviews:
    """Reviews in a database, with the operations beside them."""

    reviews: Reviews
    queue: Queue
    database: RecordsDatabase

    async def in_review(self, name: str) -> Claim:
        """Let a queued question be taken up, and its answer be sent for review."""
        await self.queue.accept(name)
        claim = await self.queue.claim()
        await self.reviews.open(name, claim)
        return claim
