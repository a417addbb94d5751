"""Counts of tokens of a call that is replayed."""

from groundwire_server.adapters.recorded.tokens import KNOWN_ESTIMATES, text_digest
from groundwire_server.domain.text.tokens import ESTIMATE
from groundwire_server.ports.exchange import TokensPart
from groundwire_server.ports.tokens import ModelTokens


class ReplayedCounter:
    """A TokenCounter that counts as was counted; a text that was not is estimated.

    Args:
        part: how tokens were counted.

    Attributes:
        name: names the way of counting.
        exact: whether it was the model's own tokenizer.
    """

    def __init__(self, part: TokensPart) -> None:
        self._counts = part.counts
        self._estimate = KNOWN_ESTIMATES.get(part.counter, ESTIMATE)
        self.name = part.counter
        self.exact = part.exact

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        found = self._counts.get(text_digest(text)) if self._counts else None
        return self._estimate.count(text) if found is None else found


def replayed_tokens(part: TokensPart) -> ModelTokens:
    """Return how the tokens of a model were counted."""
    return ModelTokens(ReplayedCounter(part), part.window, part.overhead)
