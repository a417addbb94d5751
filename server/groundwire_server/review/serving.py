"""What reviews work with, by one configuration."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.retriever import Retriever
from groundwire_server.ports.reviews import ReviewedTexts


@dataclass(frozen=True, slots=True)
class ReviewServing:
    """The routes as reviews need them: a route may be gone that a question was asked on.

    Attributes:
        policy: returns the policy of a tenant's route; None where there is none of this name.
        retriever: returns its store; None as well.
        inquiry: returns the inquiry that a question on its route is, as `RouteTable.inquiry` does.
        texts: says what of a text may leave.
        cache: keeps earlier answers that may stand in; None where none is kept.
    """

    policy: Callable[[str, str], Policy | None]
    retriever: Callable[[str, str], Retriever | None]
    inquiry: Callable[[Question, Caller, float, Deadline | None], Inquiry]
    texts: ReviewedTexts
    cache: AnswerCache | None = None

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
            return self.inquiry(asked, caller, now, by)
        except Rejection:
            return None
