"""What asks to begin, as admission sees it."""

from dataclasses import dataclass
from enum import StrEnum, auto

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.requester import Requester


class Work(StrEnum):
    """The kinds of work that cost something, or are kept."""

    ANSWER = auto()
    SEARCH = auto()
    CHECK = auto()
    INGEST = auto()
    FEEDBACK = auto()


@dataclass(frozen=True, slots=True)
class Applicant:
    """A call that asks to begin.

    Attributes:
        work: what it would do.
        requester: on whose behalf.
        arrived: when the call came in, in seconds on the event loop's clock.
        deadline: when the caller stops listening, on the same clock.
    """

    work: Work
    requester: Requester
    arrived: float
    deadline: Deadline
