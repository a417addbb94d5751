"""Estimates of token counts."""

BYTES_PER_TOKEN = 4
"""UTF-8 bytes to a token: what the common English vocabularies come to. It counts other scripts a little high."""


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens a model sees: a token to four bytes of UTF-8, rounded up."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)
