"""Reviewers at work over doubles: records in memory, a store and checks that a test controls, one virtual clock."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from groundwire_server.adapters.wakeups.memory import MemoryWakeups
from groundwire_server.domain.answer import GroundedText, MaskedSpan, Span
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage, VisiblePassages
from groundwire_server.domain.experiments.experiment import Assignment
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.inquiry import Inquiry, RunRequest
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from groundwire_server.domain.review import Review, ReviewDecision, ReviewKind, ReviewReason, ReviewTrigger
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.vocabulary import Cause, Reason, Verdict
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.operations import OperationCodec
from groundwire_server.ports.reviews import OpenedReview, ReviewOpening
from groundwire_server.review.completing import OperationCompleter
from groundwire_server.review.deciding import DecisionRequest, ReviewDecisions
from groundwire_server.review.edits import Edit, Remarks
from groundwire_server.review.events import ReviewEvents
from groundwire_server.review.reading import ReviewReader, ShownReview
from groundwire_server.review.serving import ReviewServing
from tests.doubles.cases import answered_case, grounded
from tests.doubles.counts import Counts
from tests.doubles.policies import built_in_policy
from tests.doubles.review_records import MemoryReviewRecords
from tests.doubles.spans import Spans

RITA = Caller("acme", "rita", frozenset({"staff"}), frozenset({Role.REVIEWER}))
OTTO = replace(RITA, subject="otto")
STRANGER = replace(RITA, tenant="umbrella")
OPERATION = "5b1e" * 8
TICKET = "7f3a09c2"
BY = Deadline(1e9)
LEASE = 900.0


class LoopClock:
    """The loop's virtual time, and a day that begins with it."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def today(self) -> datetime:
        return datetime(2026, 11, 27, 12, tzinfo=UTC) + timedelta(seconds=self.now() - 1000.0)


class Texts:
    """ReviewedTexts that say of each sentence what a test says.

    Attributes:
        verdict: of every sentence.
        fails: is raised by a check.
        checked: what was checked, with its evidence.
        asked: the inquiries of the checks.
        masks: the kinds of content that are masked, by the words.
    """

    def __init__(self) -> None:
        self.verdict = Verdict.ENTAILED
        self.fails: Failure | None = None
        self.checked: list[tuple[str, tuple[Passage, ...]]] = []
        self.asked: list[Inquiry] = []
        self.hidden: frozenset[str] = frozenset()
        self.masks: dict[str, str] = {}

    def normalized(self, text: str) -> str:
        return " ".join(text.replace("\0", "").split())

    async def check(self, text: str, inquiry: Inquiry, evidence: Sequence[Passage]) -> GroundedText:
        self.checked.append((text, tuple(evidence)))
        self.asked.append(inquiry)
        if self.fails is not None:
            raise self.fails
        placed: list[MaskedSpan] = []
        for words, category in self.masks.items():
            text = text.replace(words, f"[{category}]")
            placed.append(MaskedSpan(Span.within(text, text.index("["), text.index("]") + 1), category))
        checked = grounded(*(f"{each.strip()}." for each in text.split(".") if each.strip()), verdict=self.verdict)
        return replace(checked, masks=tuple(placed))

    async def presentable(self, inquiry: Inquiry, evidence: Sequence[Passage]) -> Sequence[Passage]:
        return tuple(each for each in evidence if each.chunk_id not in self.hidden)


class Shelf:
    """A store in which every passage may be seen, but for some."""

    def __init__(self) -> None:
        self.secret: frozenset[str] = frozenset()
        self.cause: Cause | None = None

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        if self.cause is not None:
            raise Failure(self.cause)
        return VisiblePassages(frozenset(each.chunk_id for each in passages) - self.secret, "7")


def reviewed(**given: Any) -> Policy:
    """Return the policy of a route with reviewers."""
    changes = {name: given.pop(name) for name in ("fallbacks", "cache", "display_limit", "nearest") if name in given}
    return replace(built_in_policy(), review=ReviewPolicy(always=True, **given), **changes)


@dataclass
class Office:
    """Reviewers and what they work with.

    Attributes:
        policy: of the route; None where it is gone.
        ends: the outcomes that were encoded, in order.
    """

    cache: AnswerCache | None = None
    policy: Policy | None = field(default_factory=reviewed)
    clock: LoopClock = field(default_factory=LoopClock)
    texts: Texts = field(default_factory=Texts)
    shelf: Shelf = field(default_factory=Shelf)
    counts: Counts = field(default_factory=Counts)
    spans: Spans = field(default_factory=Spans)
    wakeups: MemoryWakeups = field(default_factory=MemoryWakeups)
    ends: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.records = MemoryReviewRecords(self.clock)
        shelf: Any = self.shelf
        serving = ReviewServing(
            lambda tenant, route, arms: self.policy,
            lambda tenant, route: None if self.policy is None else shelf,
            self,
            self.texts,
            self.cache,
        )
        codec = OperationCodec(lambda question: b"", lambda data: Question("", "", ""), self._encode)
        self.events = ReviewEvents(self.wakeups, self.counts)
        self.completing = OperationCompleter(serving, codec, self.clock)
        self.reading = ReviewReader(self.records, serving)
        self.decisions = ReviewDecisions(
            self.records, self.reading, self.completing, self.events, self.clock, self.spans.tracer
        )

    async def open(
        self,
        ticket: str = TICKET,
        *,
        case: Case | None = None,
        kind: ReviewKind = ReviewKind.APPROVAL,
        within: float = 3600.0,
        cause: Cause = Cause.REVIEW_REQUIRED,
    ) -> Review:
        """Open a review; one of an answer that a caller waits for has an operation."""
        operation = OPERATION if kind is ReviewKind.APPROVAL else ""
        review = await self.records.open(
            ReviewOpening(
                ticket,
                kind,
                ReviewReason(cause, ReviewTrigger.ALWAYS),
                case or answered_case(),
                self.clock.today() + timedelta(seconds=within),
                60.0,
                operation,
            ),
            None,
        )
        assert review is not None
        return review

    async def claimed(self, **given: Any) -> Review:
        """Open a review that rita holds."""
        review = await self.open(**given)
        await self.decisions.claim(RITA, review.ticket, LEASE, BY)
        return review

    async def approve(self, caller: Caller = RITA, *, etag: str = "", note: str = "") -> ShownReview:
        asked = DecisionRequest(TICKET, ReviewDecision.APPROVED, Remarks(note), etag)
        return await self.decisions.decide(caller, asked, BY)

    async def reject(self, caller: Caller = RITA, remarks: Remarks | None = None) -> ShownReview:
        asked = DecisionRequest(TICKET, ReviewDecision.REJECTED, remarks or Remarks())
        return await self.decisions.decide(caller, asked, BY)

    async def edit(self, text: str, caller: Caller = RITA, **given: Any) -> ShownReview:
        asked = DecisionRequest(TICKET, ReviewDecision.EDITED, Remarks(), edit=Edit(text, **given))
        return await self.decisions.decide(caller, asked, BY)

    async def kept(self, ticket: str = TICKET) -> OpenedReview:
        found = await self.records.get("acme", ticket)
        assert found is not None
        return found

    def _encode(self, outcome: Outcome) -> bytes:
        self.ends.append(outcome)
        return str(len(self.ends)).encode()

    def inquiry(
        self,
        question: Question,
        caller: Caller,
        arrived: float,
        deadline: Deadline | None,
        run: RunRequest | None = None,
        assignments: tuple[Assignment, ...] = (),
    ) -> Inquiry:
        """Return an inquiry of the route."""
        if self.policy is None:
            raise Rejection(Reason.ROUTE_UNKNOWN)
        return Inquiry(question, caller, self.policy, arrived, deadline or BY, run, assignments)
