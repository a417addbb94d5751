"""The ports of feedback, and of cases that persons have judged."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import auto
from typing import Protocol

from groundwire_server.domain.case import Case
from groundwire_server.domain.feedback import AnswerFault, AnswerFeedback, Rating
from groundwire_server.domain.review import ReviewKind
from groundwire_server.domain.vocabulary import Word


class LabelSource(Word):
    """Where the label of a case comes from."""

    REVIEW = auto()
    FEEDBACK = auto()


@dataclass(frozen=True, slots=True)
class LabelledCase:
    """An answer that a person has judged.

    Attributes:
        case: with the answer that was judged.
        right: whether it was found right.
        wrong_sentences: those that were found wrong, as indexes from 0; empty where nobody said which.
        correction: the answer as it should have been; empty without one.
        labelled: when.
        kind: of the review; None for feedback.
    """

    source: LabelSource
    case: Case
    right: bool
    labelled: datetime
    wrong_sentences: tuple[int, ...] = ()
    faults: tuple[AnswerFault, ...] = ()
    correction: str = ""
    kind: ReviewKind | None = None


@dataclass(frozen=True, slots=True)
class FeedbackPlace:
    """Where feedback stands in lists."""

    said: datetime
    feedback_id: str


@dataclass(frozen=True, slots=True)
class KeptFeedback:
    """What became of feedback.

    Attributes:
        case: the answer that it is about; None where that is not kept.
        replaced: whether the same subject had said something of the same request before.
    """

    case: Case | None
    replaced: bool


class FeedbackRecords(Protocol):
    """Feedback in the database.

    Every adapter passes `tests/contract/feedback`. Every method raises RecordsError when the database cannot be asked.
    """

    async def put(self, feedback: AnswerFeedback, keep: float) -> KeptFeedback:
        """Keep feedback in the place of what the same subject said of the same request.

        Args:
            feedback: what was said; its `case_id` is not read: the case is looked up.
            keep: seconds.
        """
        ...

    async def page(
        self, tenant: str, route: str, rating: Rating | None, after: FeedbackPlace | None, most: int
    ) -> Sequence[tuple[FeedbackPlace, AnswerFeedback]]:
        """Return feedback of a tenant, the newest first, each with its place; an empty route takes all."""
        ...

    async def keep_case(self, case: Case, keep: float) -> None:
        """Keep an answer for so many seconds, so that feedback on it can become a labelled case."""
        ...

    async def case_of(self, tenant: str, subject: str, request_id: str, trace_id: str) -> Case | None:
        """Return the kept answer of a request; None where none is kept."""
        ...

    def labelled(
        self, tenant: str, since: datetime | None, until: datetime | None, route: str
    ) -> AsyncGenerator[LabelledCase, None]:
        """Yield the cases of a tenant that were judged in a time, the oldest first: those whose answer is kept."""
        ...

    async def sweep(self) -> int:
        """Forget what is kept long enough; return how many rows are gone."""
        ...
