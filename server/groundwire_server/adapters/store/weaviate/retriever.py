"""Searching: one call, whose answer is checked for revisions and measured for similarity."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from weaviate import WeaviateAsyncClient
from weaviate.classes.query import HybridFusion, MetadataQuery
from weaviate.collections import CollectionAsync
from weaviate.collections.classes.filters import FilterReturn
from weaviate.collections.classes.internal import Object

from groundwire_server.adapters.store.relative import relative
from groundwire_server.adapters.store.weaviate import filters, heads
from groundwire_server.adapters.store.weaviate.by_module import ModuleSearch
from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.connection import Attributes, Connection, Operation
from groundwire_server.adapters.store.weaviate.failures import StoreFailure
from groundwire_server.adapters.store.weaviate.objects import RETURNED, read_passage
from groundwire_server.adapters.store.weaviate.options import (
    SearchField,
    SearchMode,
    SearchOptions,
    VectorSource,
    WeaviateOptions,
)
from groundwire_server.adapters.store.weaviate.properties import TERMS, TITLE_TERMS
from groundwire_server.adapters.store.weaviate.scores import bounded, keyword_score
from groundwire_server.adapters.store.weaviate.tokens import query_terms
from groundwire_server.adapters.store.weaviate.versions import Versions
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import EMPTY_VERSION
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores
from groundwire_server.domain.vector import Vector
from groundwire_server.telemetry import names

_FIELDS: Final = {SearchField.TEXT: TERMS, SearchField.TITLE: TITLE_TERMS}
_RETURNED: Final = list(RETURNED)


class WeaviateRetriever:
    """The Retriever of the Weaviate store.

    Args:
        connection: to Weaviate.
        documents: what is kept about documents.
        versions: the tenants' corpus versions.
        options: of the store.
    """

    def __init__(
        self,
        connection: Connection,
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
        self._vector = options.vector
        self._fields = [f"{_FIELDS[field]}^{boost:g}" for field, boost in search.query_properties.items()]
        self._vectorized = vectors.module is not None
        self._by_module = ModuleSearch(search, self._vector, self._fields)

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        """Search; see the port."""
        version = await self._versions.recent(caller.tenant, deadline)
        if version == EMPTY_VERSION:
            return Evidence(corpus_version=version)
        condition = filters.all_of(
            [filters.visible_to(caller), True if query.filter is None else filters.compiled(query.filter)]
        )
        terms = "" if self._search.mode is SearchMode.VECTOR else query_terms(query.text)
        meaning = None if self._search.mode is SearchMode.KEYWORD else self._meaning(query)
        if isinstance(condition, bool) or (not terms and meaning is None):
            return Evidence(corpus_version=version)
        found = await self._found(caller, query.top_k, terms, meaning, condition, deadline)
        return Evidence(await self._of_one_revision(caller, found, deadline), version)

    def _meaning(self, query: Query) -> Vector | str | None:
        """The question as its leg takes it: a vector, or the words of which Weaviate makes one."""
        return query.text if self._vectorized else query.vector

    async def _found(
        self,
        caller: Caller,
        top_k: int,
        terms: str,
        meaning: Vector | str | None,
        condition: FilterReturn,
        deadline: Deadline,
    ) -> Sequence[Passage]:
        async def work(client: WeaviateAsyncClient) -> Sequence[Passage]:
            handle = self._connection.handle(client, self._collection, caller.tenant, self._search.consistency)
            match meaning:
                case None:
                    return await self._by_keyword(handle, top_k, terms, condition)
                case str() if terms:
                    return await self._by_module.both(handle, top_k, terms, meaning, condition)
                case str():
                    return await self._by_module.meaning(handle, top_k, meaning, condition)
                case _ if terms:
                    return await self._by_both(handle, top_k, terms, meaning, condition)
                case _:
                    return await self._by_vector(handle, top_k, meaning, condition)

        name = "keyword" if meaning is None else "hybrid" if terms else "vector"
        attributes = {names.GEN_AI_OPERATION: "retrieval", names.GEN_AI_DATA_SOURCE: self._collection}
        operation = Operation(f"search.{name}", self._collection, caller.tenant, attributes)
        try:
            return await self._connection.call(operation, deadline, work, _noted)
        except StoreFailure as failure:
            if self._documents.is_new_tenant(failure):
                return ()
            raise

    async def _by_keyword(
        self, handle: CollectionAsync[Any, Any], top_k: int, terms: str, condition: FilterReturn
    ) -> Sequence[Passage]:
        found = await handle.query.bm25(
            terms,
            query_properties=self._fields,
            limit=top_k,
            auto_limit=self._search.autocut,
            filters=condition,
            return_metadata=MetadataQuery(score=True),
            return_properties=_RETURNED,
        )
        scores = [each.metadata.score or 0.0 for each in found.objects]
        return [
            read_passage(each.properties, Scores(None, score, fused))
            for each, score, fused in zip(found.objects, scores, relative(scores), strict=True)
        ]

    async def _by_vector(
        self, handle: CollectionAsync[Any, Any], top_k: int, vector: Vector, condition: FilterReturn
    ) -> Sequence[Passage]:
        found = await handle.query.near_vector(
            vector.tolist(),
            target_vector=self._vector,
            distance=self._search.max_vector_distance,
            limit=top_k,
            auto_limit=self._search.autocut,
            filters=condition,
            include_vector=[self._vector],
            return_properties=_RETURNED,
        )
        similarities = self._similarities(found.objects, vector)
        stretched = relative([similarity or 0.0 for similarity in similarities])
        return [
            read_passage(each.properties, Scores(similarity, None, fused))
            for each, similarity, fused in zip(found.objects, similarities, stretched, strict=True)
        ]

    async def _by_both(
        self, handle: CollectionAsync[Any, Any], top_k: int, terms: str, vector: Vector, condition: FilterReturn
    ) -> Sequence[Passage]:
        found = await handle.query.hybrid(
            terms,
            alpha=self._search.alpha,
            vector=vector.tolist(),
            target_vector=self._vector,
            fusion_type=HybridFusion.RELATIVE_SCORE,
            max_vector_distance=self._search.max_vector_distance,
            query_properties=self._fields,
            limit=top_k,
            auto_limit=self._search.autocut,
            filters=condition,
            include_vector=[self._vector],
            return_metadata=MetadataQuery(score=True, explain_score=True),
            return_properties=_RETURNED,
        )
        return [
            read_passage(
                each.properties,
                Scores(similarity, keyword_score(each.metadata.explain_score), bounded(each.metadata.score)),
            )
            for each, similarity in zip(found.objects, self._similarities(found.objects, vector), strict=True)
        ]

    def _similarities(self, found: Sequence[Object[Any, Any]], vector: Vector) -> Sequence[float | None]:
        """The cosines of what has a vector: unit vectors, so products are enough."""
        asked = np.frombuffer(vector, np.float32)
        stored = [each.vector.get(self._vector) for each in found]
        rows: NDArray[np.float32] = np.array([each for each in stored if each], np.float32).reshape(-1, len(asked))
        products = iter((rows @ asked).tolist())
        return [next(products) if each else None for each in stored]

    async def _of_one_revision(
        self, caller: Caller, found: Sequence[Passage], deadline: Deadline
    ) -> tuple[Passage, ...]:
        """While a document is replaced both revisions can be found: the one that counts is kept.

        Asking which that is costs a call, so it is asked only when there is a choice.
        """
        seen: dict[str, set[int]] = {}
        for passage in found:
            seen.setdefault(passage.document_id, set()).add(passage.revision)
        mixed = {document: revisions for document, revisions in seen.items() if len(revisions) > 1}
        if not mixed:
            return tuple(found)
        counting = await heads.revisions(self._documents, caller.tenant, mixed, deadline)
        chosen = {document: _chosen(counting.get(document), revisions) for document, revisions in mixed.items()}
        return tuple(
            passage for passage in found if chosen.get(passage.document_id, passage.revision) == passage.revision
        )


def _chosen(counting: int | None, present: set[int]) -> int:
    return counting if counting in present else max(present)


def _noted(found: Sequence[Passage]) -> Attributes:
    noted: dict[str, str | int | float] = {names.DB_RETURNED_ROWS: len(found)}
    if found and found[0].scores.fused is not None:
        noted[names.SCORE_BEST] = found[0].scores.fused
    similarities = [each.scores.vector_similarity for each in found if each.scores.vector_similarity is not None]
    if similarities:
        noted[names.SIMILARITY_BEST] = max(similarities)
    return noted
