"""The question."""

from dataclasses import dataclass

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.filters import Filter
from groundwire_server.domain.vocabulary import Priority, StreamMode


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation."""

    by_user: bool
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its options.

    Attributes:
        route: the name of its route.
        text: the question.
        standalone: the question without need of its turns, and without typing errors that were corrected; empty where
            the text is that.
        request_id: identifies the call within tenant and subject.
        top_k: the maximum number of passages to consider; None takes the route's.
        alpha: the weight of meaning in a search by words and meaning, 0 to 1; None takes the route's.
        task: the kind of task, in the caller's own words; empty where it names none.
        context: values that the caller knows of the question, by name, in the order of the names.
        unknown: terms of what is searched for that no document has; None where the store cannot tell.
        provided: the caller's own passages, used instead of a search.
        mode: when text may be sent; None takes the route's.
        priority: whether it waits for others when there is too much to do.
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
    priority: Priority = Priority.INTERACTIVE
    alpha: float | None = None
    standalone: str = ""
    task: str = ""
    context: tuple[tuple[str, str], ...] = ()
    unknown: frozenset[str] | None = None

    @property
    def searched(self) -> str:
        """What is searched for, and what passages and answers are compared with."""
        return self.standalone or self.text
