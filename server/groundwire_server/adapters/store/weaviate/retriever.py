"""Searching: one call to Weaviate, whose result is reduced to one revision of each document."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from weaviate import WeaviateAsyncClient
from weaviate.collections.classes.filters import FilterReturn

from groundwire_server.adapters.store.weaviate import filters, heads
from groundwire_server.adapters.store.weaviate.by_module import ModuleSearch
from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.connection import Attributes, Operation, WeaviateConnection
from groundwire_server.adapters.store.weaviate.failures import StoreFailure
from groundwire_server.adapters.store.weaviate.objects import RETURNED
from groundwire_server.adapters.store.weaviate.options import (
    SearchField,
    SearchMode,
    SearchOptions,
    VectorSource,
    WeaviateOptions,
)
from groundwire_server.adapters.store.weaviate.properties import TERMS, TITLE_TERMS
from groundwire_server.adapters.store.weaviate.searches import ChunkSearch, CommonArguments, VectorSearch
from groundwire_server.adapters.store.weaviate.tokens import query_terms
from groundwire_server.adapters.store.weaviate.versions import Versions
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import EMPTY_VERSION
from groundwire_server.domain.evidence import Evidence, Passage, Query
from groundwire_server.domain.vector import Vector
from groundwire_server.telemetry import names

_FIELDS: Final = {SearchField.TEXT: TERMS, SearchField.TITLE: TITLE_TERMS}
_MOST_FILTERS: Final = 1024


class WeaviateRetriever:
    """The Retriever of the Weaviate store.

    Args:
        connection: to Weaviate.
        documents: the collection of documents.
        versions: of the tenants' corpora.
        options: of the store.
        vectors: what makes the vectors.
        search: the options of the route.
    """

    def __init__(
        self,
        connection: WeaviateConnection,
        documents: Objects,
        versions: Versions,
        options: WeaviateOptions,
        vectors: VectorSource,
        search: SearchOptions,
    ) -> None:
        self._connection = connection
        self._documents = documents
        self._versions = versions
        self._search = search
        self._collection = options.collection
        self._vectorized = vectors.module is not None
        fields = [f"{_FIELDS[field]}^{boost:g}" for field, boost in search.query_properties.items()]
        # The client takes as long to build a filter as to send it, and callers ask more than once.
        self._visible_to = lru_cache(maxsize=_MOST_FILTERS)(filters.visible_to)
        self._by_vector = VectorSearch(search, options.vector, fields)
        self._by_module = ModuleSearch(search, options.vector, fields)

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        """Search; see the port."""
        version = await self._versions.recent(caller.tenant, deadline)
        if version == EMPTY_VERSION:
            return Evidence(corpus_version=version)
        condition = filters.all_of(
            [self._visible_to(caller.principals), True if query.filter is None else filters.compiled(query.filter)]
        )
        terms = "" if self._search.mode is SearchMode.VECTOR else query_terms(query.text)
        meaning = None if self._search.mode is SearchMode.KEYWORD else self._meaning(query)
        if isinstance(condition, bool) or (not terms and meaning is None):
            return Evidence(corpus_version=version)
        found = await self._found(caller, query, terms, meaning, condition, deadline)
        return Evidence(await self._of_one_revision(caller, found, deadline), version)

    def _meaning(self, query: Query) -> Vector | str | None:
        """Return the question for the vector leg: its vector, or its words where Weaviate makes the vector."""
        return query.text if self._vectorized else query.vector

    async def _found(
        self,
        caller: Caller,
        query: Query,
        terms: str,
        meaning: Vector | str | None,
        condition: FilterReturn,
        deadline: Deadline,
    ) -> Sequence[Passage]:
        common: CommonArguments = {
            "limit": query.top_k,
            "auto_limit": self._search.autocut,
            "filters": condition,
            "return_properties": list(RETURNED),
        }

        async def work(client: WeaviateAsyncClient) -> Sequence[Passage]:
            handle = self._connection.handle(client, self._collection, caller.tenant, self._search.consistency)
            search = ChunkSearch(handle, terms, common, query.alpha)
            match meaning:
                case None:
                    return await self._by_vector.keyword(search)
                case str():
                    return await (self._by_module.both if terms else self._by_module.meaning)(search, meaning)
                case _:
                    return await (self._by_vector.both if terms else self._by_vector.meaning)(search, meaning)

        name = "keyword" if meaning is None else "hybrid" if terms else "vector"
        attributes = {names.GEN_AI_OPERATION: "retrieval", names.GEN_AI_DATA_SOURCE: self._collection}
        operation = Operation(f"search.{name}", self._collection, caller.tenant, attributes)
        try:
            return await self._connection.call(operation, deadline, work, _noted)
        except StoreFailure as failure:
            if self._documents.is_new_tenant(failure):
                return ()
            raise

    async def _of_one_revision(
        self, caller: Caller, found: Sequence[Passage], deadline: Deadline
    ) -> tuple[Passage, ...]:
        """Keep the current revision of a document of which two were found because it is being replaced.

        Reading which one is current costs a call, so it is read only where two were found.
        """
        seen: dict[str, set[int]] = {}
        for passage in found:
            seen.setdefault(passage.document_id, set()).add(passage.revision)
        mixed = {document: revisions for document, revisions in seen.items() if len(revisions) > 1}
        if not mixed:
            return tuple(found)
        current = await heads.revisions(self._documents, caller.tenant, mixed, deadline)
        chosen = {document: _chosen(current.get(document), revisions) for document, revisions in mixed.items()}
        return tuple(
            passage for passage in found if chosen.get(passage.document_id, passage.revision) == passage.revision
        )


def _chosen(current: int | None, present: set[int]) -> int:
    return current if current in present else max(present)


def _noted(found: Sequence[Passage]) -> Attributes:
    noted: dict[str, str | int | float] = {names.DB_RETURNED_ROWS: len(found)}
    if found and found[0].scores.fused is not None:
        noted[names.SCORE_BEST] = found[0].scores.fused
    similarities = [each.scores.vector_similarity for each in found if each.scores.vector_similarity is not None]
    if similarities:
        noted[names.SIMILARITY_BEST] = max(similarities)
    return noted
