"""Calls on one tenant's records in one index, of which everything else is made.

Pinecone applies a write some time after it has accepted it. Each write to a namespace has a sequence number, and each
query says up to which number it has read: a fresh query is repeated until it has read what this process wrote.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote

from pinecone import AsyncIndex, NotFoundError

from groundwire_server.adapters.store.pinecone.connection import PineconeCall, PineconeIndex
from groundwire_server.adapters.store.pinecone.options import PineconeOptions
from groundwire_server.domain.batches import batched
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.telemetry import names

Conditions = Mapping[str, Any]
"""A filter in Pinecone's language."""

MOST_FOUND: Final = 10_000
"""The most matches of one query."""
AT_ONCE: Final = 100
"""Records with their metadata in one reply, which is at most 4 MB."""

_MOST_DELETED: Final = 1_000
_BATCH_BYTES: Final = 1_900_000
"""The bytes of a write, of which Pinecone takes 2 MB."""
_BYTES_A_NUMBER: Final = 22
"""Of a vector's number as JSON."""
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
_MOST_NAMESPACES: Final = 10_000


def namespace_name(tenant: str) -> str:
    """Return the name of a tenant's namespace: its own where it has nothing but letters, digits, `_` and `-`."""
    return quote(tenant, safe="")


def tenant_of(namespace: str) -> str:
    """Return the tenant of a namespace."""
    return unquote(namespace)


@dataclass(frozen=True, slots=True)
class SparseVector:
    """The dimensions that a vector has, and their values."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PineconeRecord:
    """A record to write; it has a dense or a sparse vector, as its index wants it.

    Attributes:
        metadata: text, numbers, truth values, and lists of text.
    """

    id: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    dense: Sequence[float] = ()
    sparse: SparseVector | None = None

    @property
    def weight(self) -> int:
        """The approximate number of bytes on the wire."""
        numbers = len(self.dense) + (2 * len(self.sparse.indices) if self.sparse else 0)
        return len(self.id) + numbers * _BYTES_A_NUMBER + metadata_bytes(self.metadata)

    def as_json(self) -> dict[str, Any]:
        """Return it as the client takes it."""
        written: dict[str, Any] = {"id": self.id, "metadata": dict(self.metadata)}
        if self.dense:
            written["values"] = list(self.dense)
        if self.sparse is not None:
            written["sparse_values"] = {"indices": list(self.sparse.indices), "values": list(self.sparse.values)}
        return written


def metadata_bytes(metadata: Mapping[str, Any]) -> int:
    """Return the approximate size of a record's metadata, in bytes."""
    total = 0
    for key, value in metadata.items():
        items = value if isinstance(value, list) else [value]
        total += len(key) + 4
        total += sum(len(item.encode()) + 3 if isinstance(item, str) else _BYTES_A_NUMBER for item in items)
    return total


@dataclass(frozen=True, slots=True)
class Match:
    """A record that a query has found."""

    id: str
    score: float
    metadata: Mapping[str, Any]


class PineconeRecords:
    """One index, tenant by tenant.

    Args:
        index: makes the calls.
        options: of the store.
    """

    def __init__(self, index: PineconeIndex, options: PineconeOptions) -> None:
        self._index = index
        self._options = options
        self._written: OrderedDict[str, int] = OrderedDict()

    async def write(self, tenant: str, records: Iterable[PineconeRecord], deadline: Deadline) -> None:
        """Create or replace records; they are taken from the iterable as they are sent."""
        weighed = ((record, record.weight) for record in records)
        for batch in batched(weighed, self._options.batch_records, _BATCH_BYTES):
            await self._write_batch(tenant, batch, deadline)

    async def delete(self, tenant: str, ids: Sequence[str], deadline: Deadline) -> None:
        """Delete records by their ids; those that do not exist are left out."""
        namespace = namespace_name(tenant)

        async def work(client: AsyncIndex, seconds: float) -> None:
            try:
                await client.delete(ids=some, namespace=namespace, timeout=seconds)
            except NotFoundError:
                # Pinecone's reply where the namespace does not exist.
                return

        for start in range(0, len(ids), _MOST_DELETED):
            some = ids[start : start + _MOST_DELETED]
            attributes = {names.DB_BATCH_SIZE: len(some)}
            await self._index.call(PineconeCall("delete", tenant, attributes, Priority.BACKGROUND), deadline, work)

    async def query(
        self,
        tenant: str,
        wanted: SparseVector | Sequence[float],
        limit: int,
        conditions: Conditions,
        deadline: Deadline,
        *,
        metadata: bool = True,
        fresh: bool = False,
    ) -> Sequence[Match]:
        """Return the records that satisfy a filter and are most similar to a vector, best first.

        Args:
            tenant: whose records.
            wanted: the vector.
            limit: the most records.
            conditions: the filter.
            deadline: when they must have been found.
            metadata: whether they come with their metadata.
            fresh: whether everything that this process wrote must be found.
        """
        pause = _FIRST_PAUSE
        while True:
            found, read = await self._query_once(tenant, wanted, limit, conditions, deadline, metadata=metadata)
            # Without a number nobody can know: what was found counts.
            if not fresh or read is None or read >= self._written.get(tenant, 0):
                return found
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def settle(self, tenant: str, wanted: SparseVector | Sequence[float], deadline: Deadline) -> None:
        """Wait until queries find what this process wrote."""
        await self.query(tenant, wanted, 1, {}, deadline, metadata=False, fresh=True)

    async def all_of(self, tenant: str, conditions: Conditions, deadline: Deadline) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the metadata of all records that satisfy a filter, in no order; the newest may be missing."""
        token: str | None = None
        namespace = namespace_name(tenant)

        async def work(client: AsyncIndex, seconds: float) -> tuple[list[Mapping[str, Any]], str | None]:
            found = await client.fetch_by_metadata(
                filter=conditions, namespace=namespace, limit=AT_ONCE, pagination_token=token, timeout=seconds
            )
            following = found.pagination.next if found.pagination is not None else None
            return [each.metadata or {} for each in found.vectors.values()], following

        while True:
            page, token = await self._index.call(
                PineconeCall("fetch_by_metadata", tenant, priority=Priority.BACKGROUND),
                deadline,
                work,
                lambda got: len(got[0]),
            )
            for each in page:
                yield each
            if not token:
                return

    async def _write_batch(self, tenant: str, batch: Sequence[PineconeRecord], deadline: Deadline) -> None:
        namespace = namespace_name(tenant)
        vectors = [record.as_json() for record in batch]

        async def work(client: AsyncIndex, seconds: float) -> int | None:
            written = await client.upsert(vectors=vectors, namespace=namespace, timeout=seconds)
            return None if written.response_info is None else written.response_info.lsn_committed

        attributes = {names.DB_BATCH_SIZE: len(batch)}
        number = await self._index.call(PineconeCall("upsert", tenant, attributes, Priority.BACKGROUND), deadline, work)
        if number is not None:
            self._written[tenant] = max(number, self._written.get(tenant, 0))
            self._written.move_to_end(tenant)
            while len(self._written) > _MOST_NAMESPACES:
                self._written.popitem(last=False)

    async def _query_once(
        self,
        tenant: str,
        wanted: SparseVector | Sequence[float],
        limit: int,
        conditions: Conditions,
        deadline: Deadline,
        *,
        metadata: bool,
    ) -> tuple[Sequence[Match], int | None]:
        sparse = isinstance(wanted, SparseVector)
        vector = (
            {"sparse_vector": {"indices": list(wanted.indices), "values": list(wanted.values)}}
            if isinstance(wanted, SparseVector)
            else {"vector": list(wanted)}
        )
        namespace = namespace_name(tenant)

        async def work(client: AsyncIndex, seconds: float) -> tuple[Sequence[Match], int | None]:
            found = await client.query(
                top_k=min(limit, MOST_FOUND),
                namespace=namespace,
                filter=dict(conditions) or None,
                include_metadata=metadata,
                timeout=seconds,
                **vector,
            )
            read = None if found.response_info is None else found.response_info.lsn_reconciled
            return [Match(each.id, each.score, each.metadata or {}) for each in found.matches], read

        attributes = {names.GEN_AI_DATA_SOURCE: "sparse" if sparse else "dense"}
        return await self._index.call(
            PineconeCall("query", tenant, attributes), deadline, work, lambda got: len(got[0])
        )
