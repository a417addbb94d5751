"""A cache of recent vectors: documents repeat each other, and an edited document repeats most of itself."""

from collections import OrderedDict
from collections.abc import Sequence

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vector import Vector
from groundwire_server.ports.embedder import Embedder

CAPACITY = 4096
"""Texts kept: 6 MB of vectors. In the Python reference a fifth of the work is repetition."""


class RecentVectors:
    """An embedder's vectors of texts, the most recent of them from a cache.

    Args:
        embedder: of the texts that are not in the cache.
        capacity: the most texts to keep.
    """

    def __init__(self, embedder: Embedder, capacity: int = CAPACITY) -> None:
        self._embedder = embedder
        self._capacity = capacity
        self._kept: OrderedDict[tuple[str, str, str], Vector] = OrderedDict()

    def forget(self, tenant: str) -> int:
        """Forget a tenant's texts and return how many there were."""
        texts = [key for key in self._kept if key[0] == tenant]
        for key in texts:
            del self._kept[key]
        return len(texts)

    async def of(self, requester: Requester, texts: Sequence[str], deadline: Deadline) -> dict[str, Vector]:
        """Return every text's vector. Tenants share no cache: the time it takes would reveal another's texts.

        Raises:
            Failure: EMBEDDER_UNAVAILABLE.
        """
        model, tenant = self._embedder.model, requester.tenant
        vectors = {text: vector for text in texts if (vector := self._kept.get((tenant, model, text))) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in vectors]
        if missing:
            vectors.update(zip(missing, await self._embedder.embed(missing, deadline, requester), strict=True))
        for text, vector in vectors.items():
            self._kept[tenant, model, text] = vector
            self._kept.move_to_end((tenant, model, text))
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
        return vectors
