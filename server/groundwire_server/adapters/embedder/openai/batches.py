"""Cutting what is to be embedded into requests that a server takes."""

from collections.abc import Iterator, Sequence

from groundwire_server.adapters.embedder.openai.options import BatchOptions
from groundwire_server.domain.batches import batched
from groundwire_server.domain.text.tokens import BYTES_PER_TOKEN

_BLANK = " "
"""Stands in for a text of nothing, which servers refuse."""


def batches(texts: Sequence[str], options: BatchOptions) -> Iterator[list[str]]:
    """The texts in their order, as many together as the options allow; each is made fit to be sent."""
    most = min(options.bytes, options.tokens * BYTES_PER_TOKEN)
    return batched((_fit(text, options.text_tokens * BYTES_PER_TOKEN) for text in texts), options.texts, most)


def _fit(text: str, most: int) -> tuple[str, int]:
    """The beginning of a text, and its bytes."""
    # A half of a surrogate pair has no form in UTF-8.
    encoded = text.encode("utf-8", "replace")[:most]
    fit = encoded.decode("utf-8", "ignore")
    return fit if fit.strip() else _BLANK, len(encoded)
