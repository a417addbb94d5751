"""What one call may consume, over all that it sets off."""

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.vocabulary import Cause


class Allowance:
    """The ceiling of one call, shared by all that asks a model for it: answers, repairs, checks, the next model.

    Args:
        tokens: of input and output together, at most; None has no bound.
        cost_micros: in millionths of the currency, at most; None has no bound.
    """

    def __init__(self, tokens: int | None = None, cost_micros: int | None = None) -> None:
        self._tokens = tokens
        self._cost_micros = cost_micros
        self._used_tokens = 0
        self._used_micros = 0

    def reserve(self, most: Usage) -> None:
        """Set aside the most that asking a model once can consume.

        Raises:
            Failure: BUDGET_EXHAUSTED when that is more than the call has left.
        """
        tokens, micros = self._used_tokens + total_tokens(most), self._used_micros + most.cost_micros
        if (self._tokens is not None and tokens > self._tokens) or (
            self._cost_micros is not None and micros > self._cost_micros
        ):
            raise Failure(Cause.BUDGET_EXHAUSTED)
        self._used_tokens, self._used_micros = tokens, micros

    def settle(self, most: Usage, usage: Usage) -> None:
        """Count what was consumed in place of what had been set aside."""
        self._used_tokens += total_tokens(usage) - total_tokens(most)
        self._used_micros += usage.cost_micros - most.cost_micros


def total_tokens(usage: Usage) -> int:
    """Return the tokens of input and output together."""
    return usage.input_tokens + usage.output_tokens
