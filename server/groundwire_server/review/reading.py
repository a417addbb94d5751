"""Reading one review, as one reviewer may see it."""

import re
from dataclasses import dataclass, replace
from typing import Final

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.question import Question
from groundwire_server.domain.review import Review, ReviewDecision, ReviewKind, ReviewVerdict
from groundwire_server.domain.shortfall import below_minimum
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.reviews import OpenedReview, ReviewRecords
from groundwire_server.review.rights import EvidenceRights, VisibleEvidence, without_verdicts
from groundwire_server.review.serving import ReviewServing

_PREFIX: Final = re.compile(r"^[a-z][a-z0-9_-]{0,31}:")
"""How the subjects begin whom a ticketing system names."""


@dataclass(frozen=True, slots=True)
class ShownReview:
    """A review with those of its texts that its reader may see.

    Attributes:
        question: None where its texts were erased.
        proposed: the draft; None without one, and in lists.
        passages: the evidence, best first.
        withheld: the ranks of the passages that the reader may not see, from 1.
        complete: whether the model came to the end of its draft.
        verdict: what was decided; None before.
        decided: the text that left, or would leave.
        below_minimum: the sentences of the text that would leave, or has left, which are weaker than the route allows.
    """

    review: Review
    question: Question | None
    proposed: GroundedText | None = None
    passages: tuple[Passage, ...] = ()
    withheld: tuple[int, ...] = ()
    complete: bool = False
    verdict: ReviewVerdict | None = None
    decided: GroundedText | None = None
    below_minimum: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewReader:
    """Shows reviews to reviewers.

    Attributes:
        records: keep them.
        serving: the routes.
    """

    records: ReviewRecords
    serving: ReviewServing

    async def review(self, caller: Caller, ticket: str) -> OpenedReview:
        """Return a review of the caller's tenant, with its texts as they are kept.

        Raises:
            Rejection: REVIEW_NOT_FOUND; REVIEW_OWN where the route asks for a second person, and the caller has asked,
                or is the end user for whom an application has asked.
        """
        opened = await self.records.get(caller.tenant, ticket)
        if opened is None:
            raise review_rejected(Reason.REVIEW_NOT_FOUND, ticket)
        if self._own(opened, caller):
            raise review_rejected(Reason.REVIEW_OWN, ticket)
        return opened

    def _own(self, opened: OpenedReview, caller: Caller) -> bool:
        """Return whether another person than the caller must look at a review: the question is the caller's own.

        Where the rules of the route are gone, nobody can say that it did not ask for a second person.
        """
        review, case = opened.review, opened.case
        policy = self.serving.policy_of(review, case)
        rules = None if policy is None else policy.review
        if rules is not None and rules.reviewers and not rules.second_person:
            return False
        persons = {review.subject, "" if case is None else case.question.end_user_id} - {""}
        return _person(caller.subject) in map(_person, persons)

    async def shown(self, caller: Caller, ticket: str, by: Deadline) -> ShownReview:
        """Return a review as the caller may see it, and note in the audit trail that its texts were read.

        Raises:
            Rejection: as for `review`.
        """
        return await self.show(caller, await self.review(caller, ticket), by)

    async def show(
        self, caller: Caller, opened: OpenedReview, by: Deadline, edited: GroundedText | None = None
    ) -> ShownReview:
        """Return what the caller may see of a review.

        Args:
            caller: a reviewer of the review's tenant.
            opened: the review with its texts.
            by: until when the store may be asked.
            edited: a text that would leave in the place of the draft.
        """
        review, case = opened.review, opened.case
        if case is None:
            return ShownReview(review, None, verdict=without_text(opened.verdict))
        evidence = await EvidenceRights(self.serving.retriever).visible(caller, case, by)
        await self.records.note_reading(review.tenant, review.ticket, caller.subject, len(evidence.withheld))
        shown = self._shown(opened, case, evidence, edited)
        return _blinded(shown) if review.blind else shown

    def _shown(
        self, opened: OpenedReview, case: Case, evidence: VisibleEvidence, edited: GroundedText | None
    ) -> ShownReview:
        review, verdict = opened.review, opened.verdict
        left = edited or decided_text(opened)
        policy = self.serving.policy_of(review, case)
        judged = left or case.draft
        return ShownReview(
            review,
            case.question,
            proposed=None if case.draft is None else evidence.shown(case.draft),
            passages=evidence.passages,
            withheld=tuple(evidence.withheld.values()),
            complete=case.complete,
            verdict=without_text(verdict),
            decided=None if left is None else evidence.shown(left),
            below_minimum=() if judged is None or policy is None else below_minimum(judged, policy),
        )


def _person(subject: str) -> str:
    """Return whom a subject names: `tickets:rita`, whom a ticketing system names, may be the `rita` of a token."""
    return _PREFIX.sub("", subject)


def decided_text(opened: OpenedReview) -> GroundedText | None:
    """Return the text that a decision has let leave; None before, and where none leaves."""
    verdict = opened.verdict
    if verdict is None or opened.case is None:
        return None
    if verdict.decision is ReviewDecision.APPROVED and opened.review.kind is not ReviewKind.BLOCK:
        return opened.case.draft
    return verdict.text


def without_text(verdict: ReviewVerdict | None) -> ReviewVerdict | None:
    """Return a verdict without the reviewer's text, which is shown apart from it."""
    return None if verdict is None else replace(verdict, text=None)


def review_rejected(reason: Reason, ticket: str) -> Rejection:
    """Return what a call ends with that names a review."""
    return Rejection(reason, metadata={"ticket": ticket})


def _blinded(shown: ShownReview) -> ShownReview:
    return replace(
        shown,
        proposed=None if shown.proposed is None else without_verdicts(shown.proposed),
        decided=None if shown.decided is None else without_verdicts(shown.decided),
        below_minimum=(),
    )
