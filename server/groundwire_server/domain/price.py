"""What tokens cost."""

from dataclasses import dataclass, replace
from datetime import date
from math import ceil

from groundwire_server.domain.generation import Usage


@dataclass(frozen=True, slots=True)
class Price:
    """A million tokens of one model, in units of the currency; a price of 1 is a millionth of it a token.

    Attributes:
        input: that it reads.
        output: that it writes.
        cached: that it reads from its cache.
        currency: by its code of three letters.
    """

    input: float
    output: float
    cached: float
    currency: str

    def of(self, usage: Usage) -> Usage:
        """The usage with what it costs, in millionths of the currency, rounded up."""
        fresh = usage.input_tokens - usage.cached_input_tokens
        cost = fresh * self.input + usage.cached_input_tokens * self.cached + usage.output_tokens * self.output
        # What floats add to a whole number must not make it the next.
        return replace(usage, cost_micros=ceil(round(cost, 6)), currency=self.currency)


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is set aside for a call, in millionths of the currency."""

    tenant: str
    day: date
    micros: int
