"""Reranking: rating passages together with the question."""

from collections.abc import Sequence
from typing import Protocol

from groundwire_server.domain.deadline import Deadline


class Reranker(Protocol):
    """A model that rates the relevance of passages to a question. No adapter exists yet.

    A threshold of relevance holds for the rule that it was fitted to: an adapter comes with a name for calibrations.
    """

    async def rate(self, question: str, texts: Sequence[str], deadline: Deadline) -> Sequence[float] | None:
        """Return the relevance of each text to the question, 0 to 1, in order.

        None when that cannot be told by `deadline`: the order and the measures of the search stand then, for a search
        without its second opinion is better than none. It raises nothing.
        """
        ...
