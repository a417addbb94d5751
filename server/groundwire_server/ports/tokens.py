"""The port of token counts."""

from dataclasses import dataclass
from typing import Final, Protocol

from groundwire_server.domain.consumption import prompt_tokens
from groundwire_server.domain.generation import Prompt
from groundwire_server.domain.text.tokens import ESTIMATE

ERROR_PERCENT: Final = 15
"""How far an estimate may be below the true count."""

_FRAMING: Final = 16
"""Tokens that a provider puts around a system prompt and two turns."""


class TokenCounter(Protocol):
    """Counts what a model sees of a text; without waiting, and without failing."""

    @property
    def name(self) -> str:
        """Names the way of counting, such as `tiktoken:o200k_base` or `estimate:claude`."""
        ...

    @property
    def exact(self) -> bool:
        """Whether it is the model's own tokenizer."""
        ...

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        ...


@dataclass(frozen=True, slots=True)
class ModelTokens:
    """How the tokens of one model are counted, and how many it takes.

    Attributes:
        window: tokens of a prompt and its reply together; None has no bound.
        overhead: tokens that each call has beside its prompt, such as the schema of its reply.
    """

    counter: TokenCounter
    window: int | None = None
    overhead: int = 0

    def of_prompt(self, prompt: Prompt) -> int:
        """Return the number of tokens of a prompt."""
        return prompt_tokens(prompt, self.counter.count)

    def room(self, output_tokens: int, most: int | None = None) -> int | None:
        """Return how many tokens a prompt may have, by this counter; None where nothing bounds them.

        What an estimate may be wrong by is kept free.

        Args:
            output_tokens: are kept for the reply.
            most: tokens that a prompt may have for other reasons; None has no bound.
        """
        if self.window is None:
            return most
        room = max(0, self.window - output_tokens - self.overhead - _FRAMING)
        if not self.counter.exact:
            room = room * 100 // (100 + ERROR_PERCENT)
        return room if most is None else min(room, most)


ESTIMATED_TOKENS: Final = ModelTokens(ESTIMATE)
"""Of a model that nothing is known about."""
