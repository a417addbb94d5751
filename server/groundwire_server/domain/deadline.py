"""Time as a value: one absolute instant, divided over the stages."""

from dataclasses import dataclass
from math import inf

VALIDATION_LEAST = 0.030
RESERVE_SHARE = 0.05
RESERVE_LEAST = 0.025
RESERVE_MOST = 0.250
RESERVE_LAGS = 1.5
"""Times that the event loop's lag is kept beside the least: what ends with many others waits for most of them."""
RESERVE_LIMIT = 0.5
"""The share of a call's time that no reserve exceeds."""


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    """An instant on the event loop's clock, in seconds."""

    at: float

    def remaining(self, now: float) -> float:
        """Seconds left; never negative."""
        return max(0.0, self.at - now)

    def reply_by(self, arrived: float, lag: float = 0.0) -> "Deadline":
        """Return when a reply must be ready to reach its caller in time: 5 % of the time earlier, 25 to 250 ms.

        Args:
            arrived: when the call came in, on the loop's clock.
            lag: how late the event loop is, in seconds; the reserve is longer where it is late, up to half of the time.
        """
        time = self.at - arrived
        reserve = min(max(time * RESERVE_SHARE, RESERVE_LEAST), RESERVE_MOST)
        if lag:
            reserve = max(reserve, min(RESERVE_LEAST + lag * RESERVE_LAGS, time * RESERVE_LIMIT))
        return Deadline(self.at - reserve)


NEVER = Deadline(inf)
"""For work that must run whatever the time, such as deciding an outcome."""


@dataclass(frozen=True, slots=True)
class TimePlan:
    """How one call's time is divided.

    Attributes:
        arrived: when the call came in, on the loop's clock.
        deadline: when the caller stops listening.
        retrieval_share: what a search has of what is left, 0 to 1.
        retrieval_max: seconds a search has at most.
        first_token_share: what a model has of what is left until its first text where another could be asked, 0 to 1.
        search_alone: whether nothing follows the search.
        lag: how late the event loop is, in seconds.
    """

    arrived: float
    deadline: Deadline
    retrieval_share: float
    retrieval_max: float
    first_token_share: float
    search_alone: bool = False
    lag: float = 0.0

    @property
    def answer_by(self) -> Deadline:
        """When the outcome is decided, so that it still reaches the caller."""
        return self.deadline.reply_by(self.arrived, self.lag)

    @property
    def generate_by(self) -> Deadline:
        """When a model must have finished, so that 30 ms are left to validate what it wrote."""
        return Deadline(self.answer_by.at - VALIDATION_LEAST)

    def first_token_by(self, now: float) -> Deadline:
        """When a model that is asked now must have begun, so that another can write an answer in what is left."""
        return Deadline(now + self.generate_by.remaining(now) * self.first_token_share)

    def retrieve_by(self, now: float) -> Deadline:
        """When a search that begins now must have finished: at its share of what is left, within its most.

        A search that nothing follows may use it all.
        """
        if self.search_alone:
            return self.answer_by
        return Deadline(now + min(self.answer_by.remaining(now) * self.retrieval_share, self.retrieval_max))
