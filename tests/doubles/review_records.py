"""Reviews and their audit trail in memory; they pass the suites of the databases, but for what only a database has."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter

from groundwire_server.domain.case import Case
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.operation import Claim
from groundwire_server.domain.outcome import Report
from groundwire_server.domain.question import Question
from groundwire_server.domain.review import OPEN_STATES, Review, ReviewDecision, ReviewKind, ReviewState, ReviewVerdict
from groundwire_server.domain.vocabulary import Reason, Verdict
from groundwire_server.ports.audit import AuditEntry, AuditVerification
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import FingerprintError
from groundwire_server.ports.reviews import (
    Completion,
    OpenedReview,
    ReviewOpening,
    ReviewPlace,
    ReviewSelection,
    SampleCount,
    WaitingReviews,
)

_READ = "review.read"
_WRONG = frozenset({ReviewState.EDITED, ReviewState.REJECTED})


class MemoryAuditRecords:
    """An audit trail in memory. Its digests are not keyed: a test can change entries and see it found.

    Attributes:
        entries: those of each tenant.
    """

    def __init__(self) -> None:
        self.entries: dict[str, list[AuditEntry]] = {}

    def add(self, tenant: str, at: datetime, actor: str, event: str, ticket: str, details: Mapping[str, str]) -> None:
        """Write an entry down."""
        trail = self.entries.setdefault(tenant, [])
        entry = AuditEntry(tenant, len(trail) + 1, at, actor, event, f"reviews/{ticket}", dict(details))
        trail.append(replace(entry, digest=_digest(trail[-1].digest if trail else b"", entry)))

    async def page(self, tenant: str, target: str, after: int, most: int) -> Sequence[AuditEntry]:
        """Return entries."""
        found = [each for each in self.entries.get(tenant, ()) if each.sequence > after]
        return [each for each in found if target in {"", each.target}][:most]

    async def verify(self, tenant: str, known: tuple[int, bytes] | None) -> AuditVerification:
        """Compare the digests."""
        trail = self.entries.get(tenant, [])
        last, before = trail[-1] if trail else None, b""
        for number, entry in enumerate(trail, start=1):
            noted = known is None or known[0] != number or known[1] == entry.digest
            if entry.sequence != number or entry.digest != _digest(before, entry) or not noted:
                return AuditVerification(number - 1, number, last)
            before = entry.digest
        missing = known is not None and known[0] > len(trail)
        return AuditVerification(len(trail), len(trail) + 1 if missing else None, last)


@dataclass(slots=True)
class _Kept:
    review: Review
    case: Case | None
    fingerprint: bytes
    keep: timedelta
    verdict: ReviewVerdict | None = None
    ended: datetime | None = None


class MemoryReviewRecords:
    """Reviews in memory.

    Attributes:
        trail: of what is done.
        completed: how operations ended, by their ids.
        lost: ids of operations whose claims hold no more.
        before: is called before each method, with its name; it may raise what a database would.
    """

    def __init__(self, clock: Clock, trail: MemoryAuditRecords | None = None) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}
        self.trail = trail or MemoryAuditRecords()
        self.completed: dict[str, Completion] = {}
        self.lost: set[str] = set()
        self.before: Callable[[str], None] = _nothing

    async def open(self, opening: ReviewOpening, claim: Claim | None) -> Review | None:
        """Keep a case with its review."""
        self.before("open")
        case, request_id = opening.case, opening.case.question.request_id
        if claim is not None and claim.key.operation_id in self.lost:
            return None
        for each in self._kept.values():
            mine = (each.review.tenant, each.review.subject, each.review.request_id)
            if mine != (case.tenant, case.subject, request_id):
                continue
            if opening.operation_id and each.review.operation_id and not self._forgotten(each):
                if each.fingerprint != opening.fingerprint:
                    raise FingerprintError
                return self._now(each)
            if not opening.operation_id and not each.review.operation_id and each.review.kind is opening.kind:
                return self._now(each)
        review = Review(
            tenant=case.tenant,
            ticket=opening.ticket,
            kind=opening.kind,
            state=ReviewState.PENDING,
            reason=opening.reason,
            route=case.question.route,
            subject=case.subject,
            request_id=request_id,
            trace_id=case.report.trace_id,
            created=self._clock.today(),
            expires=opening.expires,
            operation_id=opening.operation_id,
            weakest_verdict=None if case.draft is None else case.draft.weakest_verdict,
            share=opening.share,
        )
        kept = _Kept(review, case, opening.fingerprint, timedelta(seconds=opening.forget))
        self._kept[case.tenant, opening.ticket] = kept
        details = {"kind": review.kind, "trigger": review.reason.trigger, "route": review.route}
        known = {} if review.blind else {"cause": review.reason.cause}
        self._note(kept, "", "review.opened", {**details, **known})
        return review

    async def get(self, tenant: str, ticket: str) -> OpenedReview | None:
        """Return a review with its texts."""
        self.before("get")
        kept = self._kept.get((tenant, ticket))
        return None if kept is None else OpenedReview(self._now(kept), kept.case, kept.verdict)

    async def note_reading(self, tenant: str, ticket: str, reviewer: str, withheld: int) -> None:
        """Note that a reviewer has read it."""
        self.before("note_reading")
        read = [each for each in await self.trail.page(tenant, f"reviews/{ticket}", 0, 10_000) if each.event == _READ]
        if (tenant, ticket) in self._kept and reviewer not in {each.actor for each in read}:
            self._note(self._kept[tenant, ticket], reviewer, _READ, {"withheld": str(withheld)})

    async def page(
        self, tenant: str, selection: ReviewSelection, after: ReviewPlace | None, most: int, *, newest: bool = False
    ) -> Sequence[OpenedReview]:
        """Return reviews with their questions."""
        self.before("page")
        ordered = sorted(self._of(tenant), key=lambda each: _place(each.review), reverse=newest)
        if after is not None:
            last = (after.created, after.ticket)
            ordered = [
                each for each in ordered if (_place(each.review) < last if newest else _place(each.review) > last)
            ]
        shown = [(self._now(each), each.case) for each in ordered]
        return [OpenedReview(review, _cut(review, case)) for review, case in shown if selection.holds(review)][:most]

    async def count_open(self, tenant: str, most: int) -> int:
        """Return how many wait for a decision."""
        self.before("count_open")
        return min(most, sum(each.review.open for each in self._of(tenant)))

    async def waiting(self) -> WaitingReviews:
        """Return how many of all tenants wait for a decision."""
        self.before("waiting")
        found = [each.review for each in self._kept.values() if each.review.open]
        waited_for = [review.created for review in found if review.operation_id]
        return WaitingReviews(Counter(review.kind for review in found), min(waited_for, default=None))

    async def claim(self, tenant: str, ticket: str, reviewer: str, lease: float) -> Review:
        """Reserve a review."""
        self.before("claim")
        kept, now = self._waiting(tenant, ticket), self._clock.today()
        standing = self._now(kept)
        if standing.reviewer not in {"", reviewer} and standing.lease_until is not None:
            left = (standing.lease_until - now).total_seconds()
            raise _rejected(Reason.REVIEW_CLAIMED, ticket, left)
        prolonged = standing.reviewer == reviewer
        kept.review = replace(
            kept.review,
            state=ReviewState.CLAIMED,
            reviewer=reviewer,
            lease_until=now + timedelta(seconds=lease),
            version=kept.review.version + (not prolonged),
        )
        more = {"prolonged": "true"} if prolonged else {}
        self._note(kept, reviewer, "review.claimed", {"etag": kept.review.etag, **more})
        return kept.review

    async def release(self, tenant: str, ticket: str, reviewer: str) -> Review:
        """Give a review back."""
        self.before("release")
        kept = self._held(tenant, ticket, reviewer)
        kept.review = replace(
            kept.review, state=ReviewState.PENDING, reviewer="", lease_until=None, version=kept.review.version + 1
        )
        self._note(kept, reviewer, "review.released", {"etag": kept.review.etag})
        return kept.review

    async def decide(
        self,
        tenant: str,
        ticket: str,
        reviewer: str,
        verdict: ReviewVerdict,
        completion: Completion | None,
        etag: str = "",
    ) -> Review:
        """Decide a review."""
        self.before("decide")
        before = self._kept.get((tenant, ticket))
        if before is not None and before.verdict == verdict and before.review.reviewer == reviewer:
            return before.review
        kept = self._held(tenant, ticket, reviewer)
        if etag not in {"", kept.review.etag}:
            raise _rejected(Reason.REVIEW_CHANGED, ticket)
        old = kept.review.etag
        self._end(kept, verdict.decision.state, completion)
        kept.review = replace(kept.review, decided=self._clock.today())
        kept.verdict = verdict
        details = {"kind": kept.review.kind, "cause": kept.review.reason.cause, "etag": old}
        self._note(kept, reviewer, f"review.{verdict.decision.lower()}", details)
        return kept.review

    async def overdue(self, most: int) -> Sequence[OpenedReview]:
        """Return reviews whose time is over."""
        self.before("overdue")
        now = self._clock.today()
        found = [each for each in self._kept.values() if each.review.open and each.review.expires <= now]
        ordered = sorted(found, key=attrgetter("review.expires"))[:most]
        return [OpenedReview(self._now(each), each.case) for each in ordered]

    async def expire(self, tenant: str, ticket: str, completion: Completion | None) -> bool:
        """End a review whose time is over."""
        self.before("expire")
        kept = self._kept.get((tenant, ticket))
        if kept is None or not kept.review.open or kept.review.expires > self._clock.today():
            return False
        old = kept.review.etag
        self._end(kept, ReviewState.EXPIRED, completion)
        kept.review = replace(kept.review, reviewer="")
        details = {"kind": kept.review.kind, "cause": kept.review.reason.cause, "etag": old}
        self._note(kept, "", "review.expired", details)
        return True

    def withdraw(self, tenant: str, ticket: str, actor: str = "") -> None:
        """Do what a cancelled operation does to its review in a database."""
        kept = self._kept[tenant, ticket]
        self._end(kept, ReviewState.WITHDRAWN, None)
        kept.case, kept.review = None, replace(kept.review, reviewer="")
        self._note(kept, actor, "review.withdrawn", {"why": "cancelled"})

    async def changed(self, tenant: str, after: int, most: int) -> Sequence[tuple[int, str]]:
        """Return the tickets that have changed."""
        self.before("changed")
        entries = [each for each in self.trail.entries.get(tenant, ()) if each.event != _READ]
        chosen = entries[-1:] if after < 0 else [each for each in entries if each.sequence > after][:most]
        return [(each.sequence, each.target.removeprefix("reviews/")) for each in chosen]

    async def measure(
        self, tenant: str, since: datetime | None, until: datetime | None, route: str
    ) -> Sequence[SampleCount]:
        """Count samples."""
        self.before("measure")
        counts: dict[tuple[str, Verdict | None], SampleCount] = {}
        for each in sorted(self._of(tenant), key=attrgetter("review.created")):
            review = each.review
            early, late = since is not None and review.created < since, until is not None and review.created >= until
            if review.kind is not ReviewKind.SAMPLE or early or late or route not in {"", review.route}:
                continue
            key = review.route, review.weakest_verdict
            before = counts.get(key, SampleCount(*key, sampled=0, decided=0, wrong=0, share=0.0, lowest_share=1.0))
            counts[key] = replace(
                before,
                sampled=before.sampled + 1,
                decided=before.decided + (review.state in {each.state for each in ReviewDecision}),
                wrong=before.wrong + (review.state in _WRONG),
                share=review.share,
                lowest_share=min(before.lowest_share, review.share),
            )
        order = list(Verdict)
        return sorted(
            counts.values(),
            key=lambda each: (
                each.route,
                len(order) if each.weakest_verdict is None else order.index(each.weakest_verdict),
            ),
        )

    async def sweep(self) -> int:
        """Forget what was kept long enough."""
        self.before("sweep")
        gone = [place for place, kept in self._kept.items() if self._forgotten(kept)]
        for place in gone:
            del self._kept[place]
        return len(gone)

    def _of(self, tenant: str) -> list[_Kept]:
        return [kept for (owner, _), kept in self._kept.items() if owner == tenant]

    def _now(self, kept: _Kept) -> Review:
        review = kept.review
        if review.state is ReviewState.CLAIMED and (review.lease_until or review.created) <= self._clock.today():
            return replace(review, state=ReviewState.PENDING, reviewer="", lease_until=None)
        return review

    def _waiting(self, tenant: str, ticket: str) -> _Kept:
        kept = self._kept.get((tenant, ticket))
        if kept is None:
            raise _rejected(Reason.REVIEW_NOT_FOUND, ticket)
        if kept.review.state not in OPEN_STATES or kept.review.expires <= self._clock.today():
            raise _rejected(Reason.REVIEW_DECIDED, ticket)
        return kept

    def _held(self, tenant: str, ticket: str, reviewer: str) -> _Kept:
        kept = self._waiting(tenant, ticket)
        if self._now(kept).reviewer != reviewer:
            raise _rejected(Reason.REVIEW_NOT_CLAIMED, ticket)
        return kept

    def _end(self, kept: _Kept, state: ReviewState, completion: Completion | None) -> None:
        kept.review = replace(kept.review, state=state, lease_until=None, version=kept.review.version + 1)
        kept.ended = self._clock.today()
        if completion is not None and kept.review.operation_id:
            self.completed[kept.review.operation_id] = completion

    def _forgotten(self, kept: _Kept) -> bool:
        return kept.ended is not None and kept.ended + kept.keep <= self._clock.today()

    def _note(self, kept: _Kept, actor: str, event: str, details: Mapping[str, str]) -> None:
        self.trail.add(kept.review.tenant, self._clock.today(), actor, event, kept.review.ticket, details)


def _digest(before: bytes, entry: AuditEntry) -> bytes:
    return hashlib.sha256(before + repr(replace(entry, digest=b"")).encode()).digest()


def _rejected(reason: Reason, ticket: str, retry_after: float | None = None) -> Rejection:
    return Rejection(reason, metadata={"ticket": ticket}, retry_after=retry_after)


def _place(review: Review) -> tuple[datetime, str]:
    return review.created, review.ticket


def _cut(review: Review, case: Case | None) -> Case | None:
    if case is None:
        return None
    question = Question(review.route, case.question.text, review.request_id)
    return Case(review.tenant, review.subject, question, (), None, complete=True, report=Report(), asked=review.created)


def _nothing(method: str) -> None:
    del method
