"""Sentences with the vectors that were computed when their document was stored."""

from collections.abc import Mapping, Sequence

from weaviate.classes.query import Filter as Where

from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.current import CurrentDocuments
from groundwire_server.adapters.store.weaviate.objects import read_sentences
from groundwire_server.adapters.store.weaviate.tokens import digest
from groundwire_server.adapters.store.weaviate.versions import Versions
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Sentence

_WANTED = (p.CHUNK_ID, p.DOCUMENT, p.BODY, p.SPANS, p.SENTENCE_VECTORS)
_AT_ONCE = 500
"""The most chunks of one call; while a document is replaced, each may exist twice."""


class WeaviateSentenceVectors:
    """The SentenceVectors of the Weaviate store."""

    def __init__(self, chunks: Objects, versions: Versions, current: CurrentDocuments) -> None:
        self._chunks = chunks
        self._versions = versions
        self._current = current

    async def sentences(
        self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Sequence[Sentence]]:
        """Look sentences up; see the port."""
        version = await self._versions.recent(tenant, deadline)
        kept: dict[str, Sequence[Sentence]] = {}
        # An empty list makes a call too: one past its deadline is refused whatever its arguments.
        for start in range(0, max(len(chunk_ids), 1), _AT_ONCE):
            wanted = chunk_ids[start : start + _AT_ONCE] or [""]
            where = Where.by_property(p.CHUNK).contains_any([digest(each) for each in wanted])
            found = await self._chunks.fetch(tenant, where, _WANTED, 2 * len(wanted), deadline)
            chunks = [each for _, each in found or () if each[p.SPANS]]
            bodies = ((each[p.DOCUMENT], each[p.BODY]) for each in chunks)
            standing = await self._current.of(tenant, version, bodies, deadline)
            for each in chunks:
                if each[p.BODY] == standing[each[p.DOCUMENT]].body:
                    kept[each[p.CHUNK_ID]] = read_sentences(each)
        return kept
