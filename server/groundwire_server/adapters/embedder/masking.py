"""An embedder that is sent placeholders."""

from collections.abc import Sequence

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.vector import Vector
from groundwire_server.ports.embedder import Embedder


class MaskingEmbedder:
    """An Embedder that is sent placeholders that name the category alone.

    So a question and a passage with the same kind of words are alike, whatever the words.

    Args:
        inner: does the work.
        masker: says what it must not be sent.
    """

    def __init__(self, inner: Embedder, masker: Masker) -> None:
        self._inner = inner
        self._masker = masker

    @property
    def model(self) -> str:
        """The inner embedder's model."""
        return self._inner.model

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._inner.dimensions

    def known(self, text: str) -> float:
        """Return the share of a text that the inner embedder knows."""
        return self._inner.known(text)

    def fill(self, text: str) -> float:
        """Return how much of what the inner embedder reads a text takes."""
        return self._inner.fill(text)

    async def embed(self, texts: Sequence[str], deadline: Deadline, requester: Requester = NOBODY) -> Sequence[Vector]:
        """Return one unit vector a text; see the inner embedder."""
        return await self._inner.embed(await self._masker.fixed(texts), deadline, requester)
