"""What a reviewer writes in the place of a draft: checked like any other answer, before it may leave."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.case import Case
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.feedback import AnswerFault
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.review import Review
from groundwire_server.domain.shortfall import below_minimum
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.clock import Clock
from groundwire_server.review.serving import ReviewServing


@dataclass(frozen=True, slots=True)
class Remarks:
    """The note and the labels that come with a decision.

    Attributes:
        note: for the record.
        faults: what is wrong with the draft.
        wrong_sentences: the sentences of the draft that are wrong, as indexes from 0.
    """

    note: str = field(default="", repr=False)
    faults: tuple[AnswerFault, ...] = ()
    wrong_sentences: tuple[int, ...] = ()

    def check(self, draft: GroundedText | None) -> None:
        """Make sure that it speaks of sentences that the draft has.

        Raises:
            Rejection: INVALID_REQUEST.
        """
        most = 0 if draft is None else len(draft.sentences)
        if any(index >= most for index in self.wrong_sentences):
            raise Rejection.invalid(
                "wrong_sentences", f"must be less than {most}, the number of sentences of the draft", "review.sentences"
            )


@dataclass(frozen=True, slots=True)
class Edit:
    """A text that is to leave in the place of a draft.

    Attributes:
        text: as it came in.
        validate_only: whether it is checked alone, and nothing decided.
        accept_unsupported: whether sentences may leave that are weaker than the route demands, where that is allowed.
    """

    text: str = field(repr=False)
    validate_only: bool = False
    accept_unsupported: bool = False


@dataclass(frozen=True, slots=True)
class EditChecker:
    """Checks what reviewers write.

    Attributes:
        serving: the routes.
        clock: the event loop's.
    """

    serving: ReviewServing
    clock: Clock

    async def check(self, edit: Edit, review: Review, case: Case, reviewer: Caller, by: Deadline) -> GroundedText:
        """Return a reviewer's text as it would leave.

        Args:
            edit: the text.
            review: that it decides.
            case: has the evidence that it is compared with, regardless of who may see it.
            reviewer: on whose behalf models are asked.
            by: until when it must be checked.

        Raises:
            Rejection: INVALID_REQUEST for a text without words or one that is too long, ROUTE_UNKNOWN where the route
                is gone and nothing can check it, REVIEW_TEXT_UNSUPPORTED.
            Failure: as for `ReviewedTexts.check`.
        """
        policy = self.serving.policy_of(review, case)
        inquiry = self.serving.inquiry_of(case, reviewer, self.clock.now(), by)
        if policy is None or inquiry is None:
            raise Rejection(Reason.ROUTE_UNKNOWN, metadata={"route": review.route})
        written = self._written(edit.text, policy)
        text = await self.serving.texts.check(written, inquiry, case.evidence)
        # Where no caller waits, the text leaves nowhere.
        if review.operation_id and not edit.validate_only:
            _check_support(below_minimum(text, policy), edit, policy)
        return text

    def _written(self, text: str, policy: Policy) -> str:
        """Return a text in its normal form.

        Raises:
            Rejection: INVALID_REQUEST.
        """
        written = self.serving.texts.normalized(text)
        # An answer of signs alone says nothing, and what cannot be seen would leave as an empty one.
        if not any(map(str.isalnum, written)):
            raise Rejection.invalid("text", "must hold words: it has no letter and no digit", "review.blank")
        if len(written) > policy.display_limit:
            said = f"must be at most {policy.display_limit} code points on this route; it has {len(written)}"
            raise Rejection.invalid("text", said, "review.length")
        return written


def _check_support(below: Sequence[int], edit: Edit, policy: Policy) -> None:
    allowed = policy.review is not None and policy.review.allow_unsupported and edit.accept_unsupported
    if below and not allowed:
        sentences = ",".join(map(str, below[:_NAMED]))
        raise Rejection(Reason.REVIEW_TEXT_UNSUPPORTED, metadata={"sentences": sentences})


_NAMED = 64
"""Sentences that a status names at most: its metadata has bounds."""
