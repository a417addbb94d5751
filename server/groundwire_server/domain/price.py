"""The prices of tokens."""

from dataclasses import dataclass
from math import ceil

from groundwire_server.domain.generation import Usage


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a million tokens of one model, in units of the currency.

    Attributes:
        input: of input tokens.
        output: of output tokens.
        cached: of input tokens that the provider reads from its cache.
        currency: its ISO 4217 code.
    """

    input: float
    output: float
    cached: float
    currency: str

    def of(self, usage: Usage) -> Usage:
        """Return the usage with its cost, in millionths of the currency, rounded up."""
        fresh = usage.input_tokens - usage.cached_input_tokens
        cost = fresh * self.input + usage.cached_input_tokens * self.cached + usage.output_tokens * self.output
        # A float error above a whole number must not round up to the next.
        micros = ceil(round(cost, 6))
        return Usage(
            usage.input_tokens,
            usage.output_tokens,
            usage.estimated,
            usage.cached_input_tokens,
            micros,
            self.currency,
        )
