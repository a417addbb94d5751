"""What is asked."""

from dataclasses import dataclass

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.filters import Filter
from groundwire_server.domain.vocabulary import StreamMode


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation."""

    by_user: bool
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its conditions.

    Attributes:
        route: the use it belongs to.
        text: the question.
        request_id: names the call within tenant and subject.
        top_k: the most passages to consider; None takes the route's.
        provided: the caller's own passages, used in place of a search.
        mode: when text may leave; None takes the route's.
    """

    route: str
    text: str
    request_id: str
    turns: tuple[Turn, ...] = ()
    top_k: int | None = None
    filter: Filter | None = None
    provided: tuple[Passage, ...] = ()
    allow_queue: bool = False
    end_user_id: str = ""
    mode: StreamMode | None = None
