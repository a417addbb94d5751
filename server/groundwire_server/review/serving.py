"""What reviews work with, by one configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.experiments.experiment import Assignment
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.review import Review
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.answerer import Inquiries
from groundwire_server.ports.retriever import Retriever
from groundwire_server.ports.reviews import ReviewedTexts


@dataclass(frozen=True, slots=True)
class ReviewServing:
    """The routes as reviews need them: a route may be gone that a question was asked on.

    Attributes:
        policy: returns the policy of a tenant's route for the calls of some arms; None where there is no such route.
        retriever: returns its store; None as well.
        inquiries: makes inquiries of questions.
        texts: says what of a text may leave.
        cache: keeps earlier answers that may stand in; None where none is kept.
    """

    policy: Callable[[str, str, Sequence[Assignment]], Policy | None]
    retriever: Callable[[str, str], Retriever | None]
    inquiries: Inquiries
    texts: ReviewedTexts
    cache: AnswerCache | None = None

    def policy_of(self, review: Review, case: Case | None) -> Policy | None:
        """Return the policy that a review's answer came about by; None where its route is gone.

        Args:
            review: names the route.
            case: has the arms of its call; None where its texts are gone.
        """
        return self.policy(review.tenant, review.route, () if case is None else case.assignments)

    def inquiry_of(self, case: Case, caller: Caller, now: float, by: Deadline) -> Inquiry | None:
        """Return the question of a case as work on behalf of a caller; None where its route is gone.

        Args:
            case: has the question.
            caller: on whose behalf texts are checked: a reviewer, or the subject that asked.
            now: seconds on the event loop's clock.
            by: until when.
        """
        asked = replace(
            case.question, end_user_id="", mode=None, allow_queue=False, priority=Priority.INTERACTIVE, request_id=""
        )
        try:
            return self.inquiries.inquiry(asked, caller, now, by, assignments=case.assignments)
        except Rejection:
            return None
