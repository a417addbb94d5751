"""Sentences with the vectors that were computed when their document was stored."""

from collections.abc import Mapping, Sequence

from groundwire_server.adapters.store.pinecone import documents as d
from groundwire_server.adapters.store.pinecone import facts, words
from groundwire_server.adapters.store.pinecone.documents import Kind
from groundwire_server.adapters.store.pinecone.records import AT_ONCE, Match, PineconeRecords
from groundwire_server.adapters.store.pinecone.state import descriptions, pieces
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Sentence


class PineconeSentenceVectors:
    """The SentenceVectors of the Pinecone store, over the sparse index."""

    def __init__(self, sparse: PineconeRecords) -> None:
        self._sparse = sparse

    async def sentences(
        self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Sequence[Sentence]]:
        """Look sentences up; see the port."""
        found: dict[str, Sequence[Sentence]] = {}
        # An empty list makes a call too: one past its deadline is refused whatever its arguments.
        for start in range(0, max(len(chunk_ids), 1), AT_ONCE):
            found |= await self._some(tenant, chunk_ids[start : start + AT_ONCE] or [""], deadline)
        return found

    async def _some(self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline) -> dict[str, Sequence[Sentence]]:
        condition = {d.CHUNK: {"$in": [facts.digest(each) for each in chunk_ids]}}
        # While a document is replaced, each may exist twice.
        found = await self._sparse.query(tenant, words.MARK, 2 * AT_ONCE, condition, deadline)
        wanted = [each for each in found if d.sentence_pieces(each.metadata)]
        if not wanted:
            return {}
        keys = list({d.located(each.id)[0] for each in wanted})
        current = await descriptions(self._sparse, tenant, keys, deadline)
        by_body: dict[str, list[Match]] = {}
        for each in wanted:
            key, body = d.located(each.id)
            described = current.get(key)
            if described is not None and described.body is not None and described.body.name == body:
                by_body.setdefault(body, []).append(each)
        sentences: dict[str, Sequence[Sentence]] = {}
        for body, passages in by_body.items():
            sentences |= await self._of_body(tenant, body, passages, deadline)
        return sentences

    async def _of_body(
        self, tenant: str, body: str, passages: Sequence[Match], deadline: Deadline
    ) -> dict[str, Sequence[Sentence]]:
        ranges = {d.chunk_id_of(each.metadata): d.sentence_pieces(each.metadata) for each in passages}
        numbers = sorted(number for places in ranges.values() for number in places)
        found = await pieces(self._sparse, tenant, body, Kind.SENTENCES, numbers, deadline)
        return {
            chunk_id: d.read_sentences("".join(found[number] for number in places))
            for chunk_id, places in ranges.items()
            if all(number in found for number in places)
        }
