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
        written: of input tokens that the provider puts into its cache; None is as `input`.
    """

    input: float
    output: float
    cached: float
    currency: str
    written: float | None = None

    def of(self, usage: Usage) -> Usage:
        """Return the usage with its cost, in millionths of the currency, rounded up."""
        fresh = usage.input_tokens - usage.cached_input_tokens - usage.cache_written_tokens
        cost = fresh * self.input + usage.cached_input_tokens * self.cached + usage.output_tokens * self.output
        cost += usage.cache_written_tokens * (self.input if self.written is None else self.written)
        # A float error above a whole number must not round up to the next.
        micros = ceil(round(cost, 6))
        return Usage(
            usage.input_tokens,
            usage.output_tokens,
            usage.estimated,
            usage.cached_input_tokens,
            micros,
            self.currency,
            usage.cache_written_tokens,
        )
