"""Counts of tokens of a call that is replayed."""

from dataclasses import replace

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
        asked: the counts of all texts so far, by their digests; none where the text is enough to know them.
    """

    def __init__(self, part: TokensPart) -> None:
        self._counts = part.counts
        self._estimate = KNOWN_ESTIMATES.get(part.counter, ESTIMATE)
        self.name = part.counter
        self.exact = part.exact
        self.asked: dict[str, int] = {}

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        if not self._counts:
            return self._estimate.count(text)
        digest = text_digest(text)
        found = self._counts.get(digest)
        self.asked[digest] = count = self._estimate.count(text) if found is None else found
        return count


def replayed_tokens(part: TokensPart) -> ModelTokens:
    """Return how the tokens of a model were counted."""
    return ModelTokens(ReplayedCounter(part), part.window, part.overhead)


def asked_part(part: TokensPart, tokens: ModelTokens) -> TokensPart:
    """Return how tokens were counted, with the counts that a replay has asked for and no others."""
    counter = tokens.counter
    return replace(part, counts=counter.asked) if isinstance(counter, ReplayedCounter) else part
