"""Which answers of a route are sent for review, and what may come of it."""

from dataclasses import dataclass, field
from typing import Final

from groundwire_server.domain.vocabulary import Confidence

DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """What a route's reviewers are shown.

    Attributes:
        always: whether every answer waits for a reviewer.
        share: the share of the answers that wait for one, 0 to 1; which they are is drawn from the request.
        min_confidence: answers of which the service is less sure wait; LOW lets all pass.
        verified_only: whether answers wait that are not verified.
        guards: the names of guards; an answer waits in whose question, passages or text one of them found something.
        sample_share: the share of the answers that leave, and are looked at afterwards, 0 to 1.
        block_share: the share of what guards forbid that is looked at afterwards, 0 to 1.
        appeals: whether a caller's appeal sends a blocked answer for review.
        answer_within: seconds in which an answer that waits must be decided.
        sample_within: seconds in which a sample must be decided to count.
        expected_within: seconds that a caller may expect to wait; None says nothing.
        second_person: whether the subject that asked, and the end user for whom it asked, may not decide.
        allow_unsupported: whether a reviewer's text may have sentences that are weaker than the route lets leave.
        seed_cache: whether an answer that was approved or edited may stand in for later calls.
        keep: seconds that a review is kept with its texts after its end.
        keep_share: the share of the answers that are kept for feedback, 0 to 1.
        keep_answers: seconds that they are kept.
        reviewers: whether there are persons who look at answers; without them answers are kept for feedback alone.
    """

    always: bool = False
    share: float = 0.0
    min_confidence: Confidence = Confidence.LOW
    verified_only: bool = False
    guards: frozenset[str] = field(default_factory=frozenset)
    sample_share: float = 0.0
    block_share: float = 0.0
    appeals: bool = False
    answer_within: float = DAY
    sample_within: float = 14 * DAY
    expected_within: float | None = None
    second_person: bool = False
    allow_unsupported: bool = False
    seed_cache: bool = False
    keep: float = 30 * DAY
    keep_share: float = 0.0
    keep_answers: float = 30 * DAY
    reviewers: bool = True

    @property
    def holds_back(self) -> bool:
        """Whether an answer that may leave otherwise may have to wait, so that no text of it leaves before."""
        return self.reviewers and (
            self.always
            or self.share > 0.0
            or self.min_confidence is not Confidence.LOW
            or self.verified_only
            or bool(self.guards)
        )
