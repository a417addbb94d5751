"""The port of token counts."""

from typing import Protocol


class TokenCounter(Protocol):
    """Counts what a model sees of a text; without waiting, and without failing."""

    @property
    def name(self) -> str:
        """Names the way of counting, such as `tiktoken:o200k_base` or `estimate`."""
        ...

    @property
    def exact(self) -> bool:
        """Whether it is the model's own tokenizer."""
        ...

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        ...
