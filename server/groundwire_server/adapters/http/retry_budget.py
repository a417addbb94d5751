"""How much retrying a provider is spared from when it fails."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryBudgetOptions:
    """The numbers of gRPC's retry throttling.

    Attributes:
        most: tokens at most, and in the beginning; retries are allowed while more than half of them are there.
        ratio: tokens that a success gives back; a failure takes one.
    """

    most: float = 10.0
    ratio: float = 0.1

    def __post_init__(self) -> None:
        if self.most <= 0 or self.ratio < 0:
            raise ValueError("a retry budget needs most above 0 and ratio not below 0")


class RetryBudget:
    """One provider's, shared by all of its models: in an outage, retries end after a few calls.

    Attributes:
        tokens: left.
    """

    def __init__(self, options: RetryBudgetOptions | None = None) -> None:
        self._options = options or RetryBudgetOptions()
        self.tokens = self._options.most

    @property
    def allows(self) -> bool:
        """Whether there may be a retry now."""
        return self.tokens > self._options.most / 2

    def succeeded(self) -> None:
        """A call has begun to be answered."""
        self.tokens = min(self._options.most, self.tokens + self._options.ratio)

    def failed(self) -> None:
        """A call has failed in a way that a retry may mend."""
        self.tokens = max(0.0, self.tokens - 1.0)
