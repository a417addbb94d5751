"""What a reranker is asked about passages, and what it says of them."""

from dataclasses import dataclass

from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.requester import Requester


@dataclass(frozen=True, slots=True)
class RerankRequest:
    """Texts that are to be rated together with a question.

    Attributes:
        requester: on whose behalf.
        question: as it was searched.
        texts: of the passages.
        allowance: what the call has left; None has no bound.
    """

    requester: Requester
    question: str
    texts: tuple[str, ...]
    allowance: Allowance | None = None


@dataclass(frozen=True, slots=True)
class RerankReply:
    """What a reranker says of texts.

    Attributes:
        ratings: how relevant each text is to the question, 0 to 1, in the order of the texts. What a number means is
            the reranker's own: a threshold holds for one alone.
        usage: what that consumed.
    """

    ratings: tuple[float, ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class RerankPolicy:
    """How a route's reranker is asked, and what its ratings decide.

    Attributes:
        candidates: passages to search for, of which the best remain.
        share: what a call of it has of the time that retrieval has left, 0 to 1.
        max_seconds: what it has at most.
        min_rating: passages of a lower rating are no evidence, 0 to 1; None leaves that to their relevance.
    """

    candidates: int
    share: float
    max_seconds: float
    min_rating: float | None = None

    def rate_by(self, now: float, retrieve_by: Deadline) -> Deadline:
        """Return when a call that begins now must have ended."""
        return Deadline(now + min(retrieve_by.remaining(now) * self.share, self.max_seconds))
