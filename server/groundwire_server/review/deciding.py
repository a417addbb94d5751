"""A person's decision: the outcome that it makes, once, and what follows it."""

from dataclasses import dataclass, replace
from typing import Final

from opentelemetry.trace import Tracer

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.review import Review, ReviewDecision, ReviewKind, ReviewState, ReviewVerdict
from groundwire_server.domain.vocabulary import Cause, Reason
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.reviews import OpenedReview, ReviewRecords
from groundwire_server.review.completing import OperationCompleter
from groundwire_server.review.edits import Edit, EditChecker, Remarks
from groundwire_server.review.events import ReviewEvents
from groundwire_server.review.outcomes import approved, mark_of
from groundwire_server.review.reading import ReviewReader, ShownReview, review_rejected
from groundwire_server.review.seeding import seed
from groundwire_server.telemetry import names

SPAN: Final = "review decide"


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """A decision that a reviewer requests.

    Attributes:
        ticket: names the review.
        decision: what is decided.
        remarks: the note and the labels that come with it.
        etag: of the review as the reviewer saw it; empty decides it as it is.
        edit: the text that is to leave; None unless the decision is EDITED.
    """

    ticket: str
    decision: ReviewDecision
    remarks: Remarks
    etag: str = ""
    edit: Edit | None = None


class ReviewDecisions:
    """Lets reviewers claim, release and decide reviews.

    Args:
        records: keep them.
        reading: shows them.
        completing: completes their operations.
        events: announce decisions.
        clock: the event loop's, and of the wall.
        tracer: opens spans.
    """

    def __init__(
        self,
        records: ReviewRecords,
        reading: ReviewReader,
        completing: OperationCompleter,
        events: ReviewEvents,
        clock: Clock,
        tracer: Tracer,
    ) -> None:
        self._records = records
        self._reading = reading
        self._completing = completing
        self._serving = completing.serving
        self._edits = EditChecker(completing.serving, clock)
        self._events = events
        self._clock = clock
        self._tracer = tracer

    async def claim(self, caller: Caller, ticket: str, lease: float, by: Deadline) -> ShownReview:
        """Reserve a review for a reviewer, or prolong the reviewer's own claim.

        Args:
            caller: the reviewer.
            ticket: names the review.
            lease: seconds for which the claim holds.
            by: until when the store may be asked what the reviewer may see.

        Raises:
            Rejection: REVIEW_NOT_FOUND, REVIEW_OWN, REVIEW_CLAIMED, REVIEW_DECIDED.
        """
        await self._reading.review(caller, ticket)
        await self._records.claim(caller.tenant, ticket, caller.subject, lease)
        await self._events.changed(caller.tenant)
        return await self._reading.shown(caller, ticket, by)

    async def release(self, caller: Caller, ticket: str, by: Deadline) -> ShownReview:
        """Give a reviewer's claim back.

        Raises:
            Rejection: REVIEW_NOT_FOUND, REVIEW_OWN, REVIEW_NOT_CLAIMED, REVIEW_DECIDED.
        """
        await self._reading.review(caller, ticket)
        await self._records.release(caller.tenant, ticket, caller.subject)
        await self._events.changed(caller.tenant)
        return await self._reading.shown(caller, ticket, by)

    async def decide(self, caller: Caller, asked: DecisionRequest, by: Deadline) -> ShownReview:
        """Decide a review and end its operation; the same decision again returns the review as it is.

        An edit that is to be validated alone decides nothing.

        Args:
            caller: the reviewer, who holds the claim.
            asked: the decision.
            by: until when texts may be checked, and the store asked.

        Raises:
            Rejection: REVIEW_NOT_FOUND, REVIEW_OWN, REVIEW_NOT_CLAIMED, REVIEW_CHANGED, REVIEW_DECIDED,
                REVIEW_NO_DRAFT; INVALID_REQUEST for sentences that the draft has not; as `EditChecker.check`.
            Failure: as `EditChecker.check`.
        """
        about = {names.TICKET: asked.ticket, names.REVIEW_DECISION: asked.decision.value}
        with self._tracer.start_as_current_span(SPAN, attributes=about, record_exception=False):
            opened = await self._reading.review(caller, asked.ticket)
            if not opened.review.open:
                return await self._again(caller, opened, asked, by)
            _check_held(opened.review, caller, asked.etag)
            asked.remarks.check(None if opened.case is None else opened.case.draft)
            text = await self._text(caller, opened, asked, by)
            if asked.edit is not None and asked.edit.validate_only:
                return await self._reading.show(caller, opened, by, edited=text)
            return await self._decided(caller, opened, asked, text, by)

    async def _text(
        self, caller: Caller, opened: OpenedReview, asked: DecisionRequest, by: Deadline
    ) -> GroundedText | None:
        """Return the text that is to leave; None for a decision by which none does.

        Raises:
            Rejection: REVIEW_NO_DRAFT; as `EditChecker.check`.
        """
        review, case = opened.review, opened.case
        if asked.edit is not None:
            if case is None:
                raise review_rejected(Reason.REVIEW_DECIDED, review.ticket)
            return await self._edits.check(asked.edit, review, case, caller, by)
        if asked.decision is not ReviewDecision.APPROVED or review.kind is ReviewKind.BLOCK:
            return None
        if case is None or case.draft is None:
            raise review_rejected(Reason.REVIEW_NO_DRAFT, review.ticket)
        return case.draft

    async def _decided(
        self, caller: Caller, opened: OpenedReview, asked: DecisionRequest, text: GroundedText | None, by: Deadline
    ) -> ShownReview:
        review, case, remarks = opened.review, opened.case, asked.remarks
        outcome = await self._outcome(review, case, asked, text, by) if review.operation_id else None
        edited = text if asked.edit is not None else None
        verdict = ReviewVerdict(asked.decision, edited, remarks.note, remarks.faults, remarks.wrong_sentences)
        completion = None if outcome is None else self._completing.completion(outcome)
        decided = await self._records.decide(
            caller.tenant, review.ticket, caller.subject, verdict, completion, asked.etag
        )
        await self._events.ended(decided)
        if outcome is not None and case is not None:
            policy = self._serving.policy_of(review, case)
            await seed(self._serving.cache, outcome, case, policy, self._clock)
        return await self._reading.shown(caller, review.ticket, by)

    async def _outcome(
        self, review: Review, case: Case | None, asked: DecisionRequest, text: GroundedText | None, by: Deadline
    ) -> Outcome:
        mark = mark_of(review, asked.decision, self._clock.today())
        if text is None or case is None:
            return await self._completing.refusal(Cause.REVIEW_REJECTED, review, case, by, mark)
        return approved(review, case, text, self._serving.policy_of(review, case), mark)

    async def _again(self, caller: Caller, opened: OpenedReview, asked: DecisionRequest, by: Deadline) -> ShownReview:
        """Return a review that the same reviewer has decided in the same way, with the same remarks.

        Raises:
            Rejection: REVIEW_DECIDED for any other.
            Failure: as `EditChecker.check`, where guards have masked the text.
        """
        if not await self._is_same(caller, opened, asked, by):
            raise review_rejected(Reason.REVIEW_DECIDED, opened.review.ticket)
        return await self._reading.show(caller, opened, by)

    async def _is_same(self, caller: Caller, opened: OpenedReview, asked: DecisionRequest, by: Deadline) -> bool:
        review, verdict = opened.review, opened.verdict
        if verdict is None or verdict.decision is not asked.decision or review.reviewer != caller.subject:
            return False
        # What is said beside it would be lost.
        if asked.remarks != Remarks(verdict.note, verdict.faults, verdict.wrong_sentences):
            return False
        if asked.edit is None:
            return True
        if verdict.text is None or opened.case is None:
            return False
        if not verdict.text.masks:
            return self._serving.texts.normalized(asked.edit.text) == verdict.text.text
        # What guards have masked was not kept.
        again = await self._edits.check(replace(asked.edit, validate_only=True), review, opened.case, caller, by)
        return again.text == verdict.text.text


def _check_held(review: Review, caller: Caller, etag: str) -> None:
    """Make sure that a decision may be worked on; the records ask again when it is written.

    Raises:
        Rejection: REVIEW_NOT_CLAIMED, REVIEW_CHANGED.
    """
    if review.state is not ReviewState.CLAIMED or review.reviewer != caller.subject:
        raise review_rejected(Reason.REVIEW_NOT_CLAIMED, review.ticket)
    if etag not in ("", review.etag):
        raise review_rejected(Reason.REVIEW_CHANGED, review.ticket)
