"""Embedding text."""

from collections.abc import Sequence
from typing import Protocol

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.vector import Vector


class Embedder(Protocol):
    """One embedding model.

    Every adapter passes `tests/contract/test_embedder.py`.
    """

    @property
    def model(self) -> str:
        """The name of the model and its version: vectors with different names are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        ...

    def known(self, text: str) -> float:
        """Return the share of a text, 0 to 1, that the model's vocabulary knows; 1 where that is not known.

        What a vocabulary does not know becomes the same placeholder: the vectors of two such texts are alike, whatever
        they say.
        """
        ...

    def fill(self, text: str) -> float:
        """Return how much of what the model reads at once a text takes: of one above 1 the end has no influence.

        It is counted in tokens, or estimated where the model's tokenizer is not at hand.
        """
        ...

    async def embed(self, texts: Sequence[str], deadline: Deadline, requester: Requester = NOBODY) -> Sequence[Vector]:
        """Return one unit vector per text, in order, by `deadline`.

        Args:
            texts: to embed.
            deadline: when there must be vectors.
            requester: on whose behalf: tenants take turns where there is more to do than can be done at once.

        Raises:
            Failure: EMBEDDER_UNAVAILABLE.
        """
        ...
