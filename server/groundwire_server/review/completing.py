"""How an operation ends with a review: the outcome, and what may be shown in the place of an answer."""

from dataclasses import dataclass, replace

from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.review import Review, ReviewMark
from groundwire_server.domain.vocabulary import Action, Cause
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.operations import OperationCodec
from groundwire_server.ports.reviews import Completion
from groundwire_server.review.outcomes import PresentablePassages, nearest, refused, selected
from groundwire_server.review.rights import EvidenceRights
from groundwire_server.review.serving import ReviewServing


@dataclass(frozen=True, slots=True)
class OperationCompleter:
    """Completes operations with the outcomes of their reviews.

    Attributes:
        serving: the routes.
        codec: writes outcomes.
        clock: the event loop's.
    """

    serving: ReviewServing
    codec: OperationCodec
    clock: Clock

    def completion(self, outcome: Outcome) -> Completion:
        """Return how an operation ends with an outcome."""
        return Completion(self.codec.encode_outcome(outcome), outcome.documents)

    async def refusal(
        self, cause: Cause, review: Review, case: Case | None, by: Deadline, mark: ReviewMark | None = None
    ) -> Outcome:
        """Return the outcome of a review that lets no answer leave.

        Args:
            cause: REVIEW_REJECTED or REVIEW_EXPIRED.
            review: that has ended.
            case: its texts; None where they are gone.
            by: until when guards may be asked about the passages that are shown.
            mark: what the caller learns of the decision; None where nobody has decided.
        """
        policy = self.serving.policy_of(review, case)
        passages = PresentablePassages()
        if case is not None and policy is not None:
            passages = await self._presentable(cause, case, policy, by)
        return refused(cause, case, policy, passages, mark)

    async def _presentable(self, cause: Cause, case: Case, policy: Policy, by: Deadline) -> PresentablePassages:
        row = policy.fallbacks.get(cause, ())
        now = self.clock.now()
        inquiry = self.serving.inquiry_of(case, Caller(case.tenant, case.subject), now, by)
        if inquiry is None:
            return PresentablePassages()
        case = await self._standing(case, by)
        texts = self.serving.texts
        shows_nearest = Action.ABSTAIN in row and policy.nearest
        return PresentablePassages(
            tuple(await texts.presentable(inquiry, nearest(case, policy))) if shows_nearest else (),
            tuple(await texts.presentable(inquiry, selected(case))) if Action.PASSAGES_ONLY in row else (),
        )

    async def _standing(self, case: Case, by: Deadline) -> Case:
        """Return a case without passages that have changed, are gone, or were closed to all who could see them.

        The principals of the subject that asked are not kept: those of the passages' own lists stand in for them.
        """
        principals = frozenset[str]().union(*(passage.allowed_principals for passage in case.evidence))
        asked = Caller(case.tenant, case.subject, principals - {EVERYBODY})
        visible = (await EvidenceRights(self.serving.retriever).visible(asked, case, by)).passages
        return replace(case, evidence=tuple(passage for passage in case.evidence if passage in visible))
