"""What people say of answers: faults, ratings, and the feedback of callers."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import auto

from groundwire_server.domain.vocabulary import Word


class AnswerFault(Word):
    """What a person finds wrong with an answer."""

    INCORRECT = auto()
    UNSUPPORTED = auto()
    INCOMPLETE = auto()
    IRRELEVANT = auto()
    OUTDATED = auto()
    UNSAFE = auto()
    UNCLEAR = auto()
    NO_ANSWER = auto()
    OTHER = auto()


class Rating(Word):
    """Whether a caller found an answer any good."""

    UP = auto()
    DOWN = auto()


@dataclass(frozen=True, slots=True)
class AnswerFeedback:
    """What a caller said of an outcome.

    Attributes:
        request_id: of the outcome.
        trace_id: of the outcome.
        route: of the outcome.
        rating: None without one.
        correction: the answer as it should have been.
        said: when, of the wall clock.
        case_id: of the answer, where it is kept; empty otherwise.
    """

    tenant: str
    subject: str
    request_id: str
    trace_id: str
    route: str
    said: datetime
    rating: Rating | None = None
    faults: tuple[AnswerFault, ...] = ()
    correction: str = field(default="", repr=False)
    comment: str = field(default="", repr=False)
    end_user_id: str = field(default="", repr=False)
    case_id: str = ""

    @property
    def right(self) -> bool | None:
        """Whether the answer was found right; None where only a comment says something.

        A fault or a correction weighs more than a thumb that is up.
        """
        if self.rating is Rating.DOWN or self.faults or self.correction:
            return False
        return None if self.rating is None else True
