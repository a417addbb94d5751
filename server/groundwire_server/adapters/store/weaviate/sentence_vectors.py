"""Sentences with the vectors that were computed when their document was stored."""

from collections.abc import Mapping, Sequence

from weaviate.classes.query import Filter as Where

from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.objects import read_sentences
from groundwire_server.adapters.store.weaviate.tokens import digest
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Sentence

_WANTED = (p.CHUNK_ID, p.REVISION, p.SPANS, p.SENTENCE_VECTORS)
_AT_ONCE = 500
"""The most chunks of one call; while a document is replaced, each may exist twice."""


class WeaviateSentenceVectors:
    """The SentenceVectors of the Weaviate store."""

    def __init__(self, chunks: Objects) -> None:
        self._chunks = chunks

    async def sentences(
        self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Sequence[Sentence]]:
        """Look sentences up; see the port."""
        newest: dict[str, tuple[int, Sequence[Sentence]]] = {}
        # An empty list makes a call too: one past its deadline is refused whatever its arguments.
        for start in range(0, max(len(chunk_ids), 1), _AT_ONCE):
            wanted = chunk_ids[start : start + _AT_ONCE] or [""]
            where = Where.by_property(p.CHUNK).contains_any([digest(each) for each in wanted])
            found = await self._chunks.fetch(tenant, where, _WANTED, 2 * len(wanted), deadline)
            for _, each in found or ():
                revision = int(each[p.REVISION])
                if each[p.SPANS] and revision >= newest.get(each[p.CHUNK_ID], (0, ()))[0]:
                    newest[each[p.CHUNK_ID]] = (revision, read_sentences(each))
        return {chunk_id: sentences for chunk_id, (_, sentences) in newest.items()}
