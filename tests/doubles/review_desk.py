"""A desk that takes reviews, or refuses them, and remembers what it was given."""

from groundwire_server.domain.case import Case
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import InReview, Outcome
from groundwire_server.domain.review import ReviewReason

IN_REVIEW = InReview("T-1", "operations/00112233445566778899aabbccddeeff", 3600.0)


class RecordingDesk:
    """The ReviewDesk of a test.

    Args:
        refuses: whether no review can be kept.

    Attributes:
        opened: the inquiry, the case and the reason of each review.
        samples: the inquiry, the case and the outcome of each.
    """

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.opened: list[tuple[Inquiry, Case, ReviewReason]] = []
        self.samples: list[tuple[Inquiry, Case, Outcome]] = []

    async def open(self, inquiry: Inquiry, case: Case, reason: ReviewReason) -> InReview:
        self.opened.append((inquiry, case, reason))
        if self.refuses:
            raise Failure(reason.cause)
        return IN_REVIEW

    def sample(self, inquiry: Inquiry, case: Case, outcome: Outcome) -> None:
        self.samples.append((inquiry, case, outcome))
