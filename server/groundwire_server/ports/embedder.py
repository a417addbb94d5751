"""Turning text into vectors."""

from collections.abc import Sequence
from typing import Protocol

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.vector import Vector


class Embedder(Protocol):
    """One embedding model.

    Every adapter passes `tests/contract/test_embedder.py`.
    """

    @property
    def model(self) -> str:
        """Names the model and its version: vectors of different names are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        ...

    async def embed(self, texts: Sequence[str], deadline: Deadline) -> Sequence[Vector]:
        """Return one unit vector a text, in order, by `deadline`.

        Raises:
            Failure: EMBEDDER_UNAVAILABLE.
        """
        ...
