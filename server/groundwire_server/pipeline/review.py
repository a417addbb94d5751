"""Sending an answer for review: which answers wait for a person, and what the person is shown."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from groundwire_server.domain.answer import CheckedSegment, GroundedText, separator
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.guards.finding import ForbiddenFailure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Abstained, Answered, Blocked, Cached, Degraded, InReview, Outcome
from groundwire_server.domain.review import ReviewReason, ReviewTrigger
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.vocabulary import Action, Cause, Confidence
from groundwire_server.pipeline.caching.earlier import EarlierAnswers
from groundwire_server.pipeline.confidence import rated
from groundwire_server.pipeline.draft import DraftReader
from groundwire_server.pipeline.draft_check import checked_segment
from groundwire_server.pipeline.release import ReleaseGate
from groundwire_server.pipeline.routes import Ports, RouteReviews
from groundwire_server.pipeline.screening.answer import AnswerScreening
from groundwire_server.pipeline.stage import StageRunner


class HeldBackFailure(Failure):
    """An answer that may leave otherwise waits for a person.

    Attributes:
        answer: as it would have left.
        trigger: which rule of the route holds it back.
        guard: that found something; empty where none did.
        category: of what it found.
    """

    def __init__(self, answer: GroundedText, trigger: ReviewTrigger, guard: str = "", category: str = "") -> None:
        super().__init__(Cause.REVIEW_REQUIRED)
        self.answer = answer
        self.trigger = trigger
        self.guard = guard
        self.category = category


@dataclass(frozen=True, slots=True)
class _Written:
    """What a model wrote that no answer came of.

    Attributes:
        text: of all segments that it completed, after those that stood before it.
        complete: whether it came to the end.
        confidence: its own word; None where it has not said it.
    """

    text: str
    complete: bool
    confidence: Confidence | None


class AnswerReview:
    """The review that one call may lead to.

    Args:
        asked: the inquiry with its question normalized, and nothing else made of it.
        ports: of its route.
        run: runs the checks, and keeps the report.
        earlier: says where an answer may be kept.

    Attributes:
        found: what a search found: what a reviewer is shown where no prompt has had passages.
    """

    def __init__(self, asked: Inquiry, ports: Ports, run: StageRunner, earlier: EarlierAnswers) -> None:
        self._asked = asked
        self._ports = ports
        self._run = run
        self._earlier = earlier
        self._reviews: RouteReviews | None = ports.reviews
        self._policy: ReviewPolicy | None = asked.policy.review
        self._written: GroundedText | _Written | None = None
        self.found: Sequence[Passage] = ()

    def hold_back(self, answer: GroundedText) -> None:
        """Let an answer leave that need not wait for a person.

        Raises:
            HeldBackFailure: for any other.
        """
        failure = None if self._policy is None else self._held_back(answer, self._policy)
        if failure is not None:
            raise failure

    def failed(self, failure: Failure, before: Sequence[CheckedSegment], draft: DraftReader) -> None:
        """Record why an attempt failed, and what it wrote, for a reviewer: the last one that wrote anything counts.

        Args:
            failure: of the attempt.
            before: the segments that stood before it.
            draft: what its model wrote.
        """
        if isinstance(failure, HeldBackFailure):
            # Nothing is wrong with what the model wrote.
            self._written = failure.answer
            return
        self._run.report.attempt_failed(failure.cause)
        if self._reviews is not None and draft.segments:
            self._written = _Written(_whole(before, draft), draft.complete, draft.confidence)

    async def open(self, failure: Failure, gate: ReleaseGate) -> InReview | None:
        """Send the draft for review, and return where the caller waits; None where that is not possible.

        What a stream has shown is taken back first: it may be what must not be seen.

        Args:
            failure: why it does not leave.
            gate: of the stream.
        """
        if self._reviews is None:
            return None
        await gate.retract(failure.cause)
        draft, complete = await self._draft()
        try:
            async with asyncio.timeout_at(self._open_by().at):
                case = self._case(draft, complete=complete)
                return await self._reviews.desk.open(self._asked, case, _reason(failure))
        except (Failure, TimeoutError):
            return None

    def sample(self, outcome: Outcome, evidence: Sequence[Passage]) -> None:
        """Send an outcome for review after it has left, or keep it for feedback, as the route says.

        Args:
            outcome: that leaves.
            evidence: the passages of an earlier answer, where that is what leaves.
        """
        if self._reviews is None or self._policy is None:
            return
        match outcome.result:
            case Answered() | Abstained() | Cached() | Degraded() | Blocked():
                self.found = evidence or self.found
                whole = outcome.answer is not None and outcome.action is not Action.CUT_SHORT
                self._reviews.desk.sample(self._asked, self._case(outcome.answer, complete=whole), outcome)
            case _:
                pass

    def _held_back(self, answer: GroundedText, policy: ReviewPolicy) -> HeldBackFailure | None:
        """Return why an answer waits: what was found in it before what holds for others too."""
        if not policy.holds_back:
            return None
        flagged = next((flag for flag in self._run.report.flags if flag.guard.name in policy.guards), None)
        if flagged is not None:
            return HeldBackFailure(answer, ReviewTrigger.GUARD, flagged.guard.name, flagged.category)
        if policy.verified_only and not answer.verified:
            return HeldBackFailure(answer, ReviewTrigger.VERDICT)
        least = policy.min_confidence
        if least is not Confidence.LOW and least.and_(answer.confidence or Confidence.LOW) is not least:
            return HeldBackFailure(answer, ReviewTrigger.CONFIDENCE)
        if policy.always:
            return HeldBackFailure(answer, ReviewTrigger.ALWAYS)
        return HeldBackFailure(answer, ReviewTrigger.SHARE) if self._among(policy.share) else None

    def _among(self, share: float) -> bool:
        """Return whether the request is among a share: the same one always is, or never, and no caller can tell."""
        if not share or self._reviews is None:
            return False
        asked = self._asked
        name = f"{asked.caller.tenant}\0{asked.caller.subject}\0{asked.question.request_id}"
        return self._reviews.place(name) < share

    async def _draft(self) -> tuple[GroundedText | None, bool]:
        """Return what was written with its verdicts, and whether it is whole; none where it cannot be checked in time.

        A draft without verdicts would pass for one that nothing is to be said against.
        """
        written = self._written
        if not isinstance(written, _Written) or self._reviews is None:
            return written if isinstance(written, GroundedText) else None, written is not None
        run, asked, evidence = self._run, self._asked, self._evidence
        try:
            segment = await checked_segment(written.text, asked, evidence, self._ports, run, self._reviews.threads)
            segment = await AnswerScreening(asked, self._ports, evidence, run).masked(segment)
        except Failure:
            return None, False
        draft = GroundedText.of((segment,), written.confidence)
        return rated(asked.question.searched, draft), written.complete

    def _case(self, draft: GroundedText | None, *, complete: bool) -> Case:
        asked, run = self._asked, self._run
        seeds = draft is not None and self._policy is not None and self._policy.seed_cache
        return Case(
            asked.caller.tenant,
            asked.caller.subject,
            asked.question,
            tuple(self._evidence),
            draft,
            complete,
            run.report.build(run.now()),
            run.clock.today(),
            self._earlier.place(draft) if seeds and draft is not None else None,
            asked.assignments,
        )

    @property
    def _evidence(self) -> Sequence[Passage]:
        return self._run.report.evidence or self.found

    def _open_by(self) -> Deadline:
        """Return until when a review may be opened: where time has run out, within half of what the reply has left."""
        plan, now = self._run.plan, self._run.now()
        return max(plan.answer_by, Deadline(now + plan.deadline.remaining(now) / 2))


def _whole(before: Sequence[CheckedSegment], draft: DraftReader) -> str:
    """Return the text of what stood before an attempt with all that it wrote, but for what it said again."""
    text = "".join(segment.unmasked for segment in before)
    stood = text.casefold()
    for segment in draft.segments:
        if segment.text.strip().casefold() not in stood:
            text += separator(text, segment.text) + segment.text.strip("\n")
    return text


def _reason(failure: Failure) -> ReviewReason:
    match failure:
        case HeldBackFailure():
            return ReviewReason(failure.cause, failure.trigger, failure.guard, failure.category)
        case ForbiddenFailure():
            block = failure.block
            return ReviewReason(failure.cause, ReviewTrigger.FALLBACK, block.guard.name, block.category)
        case _:
            return ReviewReason(failure.cause, ReviewTrigger.FALLBACK)
