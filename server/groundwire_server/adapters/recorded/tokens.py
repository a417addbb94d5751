"""Counts of tokens while a call is recorded."""

from hashlib import blake2b
from typing import Final

from groundwire_server.domain.text.tokens import ESTIMATES
from groundwire_server.ports.exchange import TokensPart
from groundwire_server.ports.tokens import ModelTokens, TokenCounter

_DIGEST_BYTES: Final = 8

KNOWN_ESTIMATES: Final = {each.name: each for each in ESTIMATES.values()}
"""Counters that need nothing but the text, by their names."""


class RecordedCounter:
    """A TokenCounter of a call that is recorded.

    Attributes:
        name: names the way of counting.
        exact: whether it is the model's own tokenizer.
        counts: of all texts so far, by their digests.
    """

    def __init__(self, inner: TokenCounter) -> None:
        self._inner = inner
        self.name = inner.name
        self.exact = inner.exact
        self.counts: dict[str, int] = {}

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        count = self._inner.count(text)
        self.counts[text_digest(text)] = count
        return count


def recorded_tokens(tokens: ModelTokens) -> ModelTokens:
    """Return how the tokens of a model are counted, with its counts noted where a text is not enough to know them."""
    if tokens.counter.name in KNOWN_ESTIMATES:
        return tokens
    return ModelTokens(RecordedCounter(tokens.counter), tokens.window, tokens.overhead)


def tokens_part(tokens: ModelTokens) -> TokensPart:
    """Return how the tokens of a model were counted."""
    counter = tokens.counter
    counts = counter.counts if isinstance(counter, RecordedCounter) else {}
    return TokensPart(counter.name, counter.exact, tokens.window, tokens.overhead, counts)


def text_digest(text: str) -> str:
    """Return a short digest of a text, which may hold lone surrogates."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()
