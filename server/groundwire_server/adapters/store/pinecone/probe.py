"""A look at the two indexes: whether they accept the key, and are what the store needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from pinecone import AsyncIndex

from groundwire_server.adapters.store.pinecone.connection import PineconeCall, PineconeIndex
from groundwire_server.adapters.store.pinecone.records import tenant_of
from groundwire_server.domain.deadline import Deadline


@dataclass(frozen=True, slots=True)
class IndexStats:
    """What an index says about itself.

    Attributes:
        kind: `dense` or `sparse`; empty where it does not say.
        metric: by which it compares; empty where it does not say.
        dimensions: the length of dense vectors; 0 where there is none.
        records: how many it has.
        tenants: who have records in it.
    """

    kind: str
    metric: str
    dimensions: int
    records: int
    tenants: Sequence[str]


class PineconeProbe:
    """Read-only calls about the indexes.

    Args:
        sparse: the index with everything but vectors.
        dense: the index with the vectors; None where there are none.
        dimensions: the length of the embedder's vectors; 0 without an embedder.
    """

    def __init__(self, sparse: PineconeIndex, dense: PineconeIndex | None, dimensions: int) -> None:
        self._sparse = sparse
        self._dense = dense
        self._dimensions = dimensions

    async def stats(self, deadline: Deadline) -> Sequence[tuple[str, IndexStats]]:
        """Return what each index says about itself, by the key of its address.

        Raises:
            PineconeFailure: when one does not answer or refuses the key.
        """
        found = [("sparse_host", await _stats(self._sparse, deadline))]
        if self._dense is not None:
            found.append(("dense_host", await _stats(self._dense, deadline)))
        return found

    async def mismatches(self, deadline: Deadline) -> Sequence[str]:
        """Return what is wrong with the indexes, a sentence each.

        Raises:
            PineconeFailure: when one does not answer or refuses the key.
        """
        return [each for key, stats in await self.stats(deadline) for each in self._wrong(key, stats)]

    async def tenants(self, deadline: Deadline) -> Sequence[str]:
        """Return the tenants that have documents.

        Raises:
            PineconeFailure: when the index does not answer or refuses the key.
        """
        return (await _stats(self._sparse, deadline)).tenants

    def _wrong(self, key: str, stats: IndexStats) -> Sequence[str]:
        if key == "sparse_host":
            return [f"{key} is an index of {stats.kind} vectors"] if stats.kind not in {"sparse", ""} else []
        wrong = [f"{key} is an index of {stats.kind} vectors"] if stats.kind not in {"dense", ""} else []
        if stats.metric not in {"cosine", "dotproduct", ""}:
            wrong.append(f"{key} compares by {stats.metric}, and not by cosine or dotproduct")
        if self._dimensions and stats.dimensions not in {self._dimensions, 0}:
            wrong.append(f"{key} has {stats.dimensions} dimensions, and the embedder {self._dimensions}")
        return wrong


async def _stats(index: PineconeIndex, deadline: Deadline) -> IndexStats:
    async def work(client: AsyncIndex, seconds: float) -> IndexStats:
        found = await client.describe_index_stats(timeout=seconds)
        return IndexStats(
            found.vector_type or "",
            found.metric or "",
            found.dimension or 0,
            found.total_vector_count,
            [tenant_of(namespace) for namespace in found.namespaces],
        )

    return await index.call(PineconeCall("describe_index_stats"), deadline, work)
