"""Time as a value: one absolute instant, cut over the stages."""

from dataclasses import dataclass
from math import inf

RETRIEVAL_SHARE = 0.25
RETRIEVAL_MOST = 2.0
VALIDATION_LEAST = 0.030
RESERVE_SHARE = 0.05
RESERVE_LEAST = 0.025
RESERVE_MOST = 0.250


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    """An instant on the event loop's clock, in seconds."""

    at: float

    def remaining(self, now: float) -> float:
        """Seconds left; never negative."""
        return max(0.0, self.at - now)


NEVER = Deadline(inf)
"""For work that must run whatever the time, such as deciding an outcome."""


@dataclass(frozen=True, slots=True)
class TimePlan:
    """How one call's time is cut.

    Attributes:
        arrived: when the call came in, on the loop's clock.
        deadline: when the caller stops listening.
        search_alone: whether nothing follows the search.
    """

    arrived: float
    deadline: Deadline
    search_alone: bool = False

    @property
    def answer_by(self) -> Deadline:
        """When the outcome is decided, so that it still reaches the caller: 5 % earlier, 25 to 250 ms."""
        whole = self.deadline.at - self.arrived
        reserve = min(max(whole * RESERVE_SHARE, RESERVE_LEAST), RESERVE_MOST)
        return Deadline(self.deadline.at - reserve)

    @property
    def generate_by(self) -> Deadline:
        """When a model must have finished, so that 30 ms are left to validate what it wrote."""
        return Deadline(self.answer_by.at - VALIDATION_LEAST)

    def retrieve_by(self, now: float) -> Deadline:
        """When a search that begins now must have finished: a quarter of what is left, 2 s at most.

        A search that nothing follows may use it all.
        """
        if self.search_alone:
            return self.answer_by
        return Deadline(now + min(self.answer_by.remaining(now) * RETRIEVAL_SHARE, RETRIEVAL_MOST))
