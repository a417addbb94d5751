"""How many retries a dependency gets when its calls fail."""

from pydantic import Field

from groundwire_server.options import Options


class RetryBudgetOptions(Options):
    """A budget of retries, so that an outage does not multiply the load."""

    tokens: float = Field(
        10.0, gt=0, le=10_000, description="Tokens of a full budget; retries are allowed while more than half are left."
    )
    ratio: float = Field(0.1, ge=0, le=1, description="Tokens that a success gives back; a failure takes one.")


class RetryBudget:
    """Tokens that failures take and successes give back, as in gRPC's retry throttling.

    All that call one provider share it: in an outage, retries end after a few calls.

    Attributes:
        tokens: left.
    """

    def __init__(self, options: RetryBudgetOptions) -> None:
        self._options = options
        self.tokens = options.tokens

    def __repr__(self) -> str:
        """Return what is left, and whether it allows a retry."""
        allowed = "retries allowed" if self.allows else "no retries"
        return f"<RetryBudget: {self.tokens:g} of {self._options.tokens:g} tokens, {allowed}>"

    @property
    def allows(self) -> bool:
        """Whether there may be a retry now."""
        return self.tokens > self._options.tokens / 2

    def succeeded(self) -> None:
        """A call has begun to be answered."""
        self.tokens = min(self._options.tokens, self.tokens + self._options.ratio)

    def failed(self) -> None:
        """A call has failed in a way that a retry may overcome."""
        self.tokens = max(0.0, self.tokens - 1.0)
