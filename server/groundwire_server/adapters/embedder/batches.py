"""Cutting texts that are to be embedded into requests that a server takes."""

from collections.abc import Iterator, Sequence

from pydantic import Field

from groundwire_server.domain.batches import batched
from groundwire_server.domain.text.tokens import BYTES_PER_TOKEN
from groundwire_server.options import Options

_BLANK = " "
"""Stands in for an empty text, which servers refuse."""


class BatchOptions(Options):
    """Size and number of requests."""

    texts: int = Field(32, ge=1, le=2048, description="Texts per request.")
    tokens: int = Field(100_000, ge=1, le=10_000_000, description="Tokens per request, estimated.")
    bytes: int = Field(1024 * 1024, ge=1024, le=1 << 28, description="Bytes of texts per request, in UTF-8.")
    text_tokens: int = Field(
        8000, ge=1, le=1_000_000, description="Tokens of one text, estimated; the end of a longer text is cut off."
    )
    requests: int = Field(
        4,
        ge=1,
        le=1000,
        description="Requests in flight for documents that are being stored; questions do not wait for them.",
    )


def batches(texts: Sequence[str], options: BatchOptions) -> Iterator[list[str]]:
    """Yield the texts in their order, as many together as the options allow; each is made fit to be sent."""
    most = min(options.bytes, options.tokens * BYTES_PER_TOKEN)
    return batched((_fit(text, options.text_tokens * BYTES_PER_TOKEN) for text in texts), options.texts, most)


def _fit(text: str, most: int) -> tuple[str, int]:
    """Return the beginning of a text, and its bytes."""
    # A half of a surrogate pair has no form in UTF-8.
    encoded = text.encode("utf-8", "replace")[:most]
    fit = encoded.decode("utf-8", "ignore")
    return fit if fit.strip() else _BLANK, len(encoded)
