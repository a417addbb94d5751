"""Searching: one call to Weaviate, whose result is reduced to what counts; see `current.py`."""

import asyncio
from collections.abc import Sequence, Set
from functools import lru_cache
from typing import Final

from weaviate import WeaviateAsyncClient
from weaviate.classes.query import Filter as Where
from weaviate.collections.classes.filters import FilterReturn

from groundwire_server.adapters.store.terms import query_terms
from groundwire_server.adapters.store.weaviate import filters, heads, tokens
from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.by_module import ModuleSearch
from groundwire_server.adapters.store.weaviate.collections import Objects, by_ids
from groundwire_server.adapters.store.weaviate.connection import Attributes, WeaviateCall, WeaviateConnection
from groundwire_server.adapters.store.weaviate.current import Counted, CurrentDocuments
from groundwire_server.adapters.store.weaviate.failures import StoreFailure
from groundwire_server.adapters.store.weaviate.objects import (
    RETURNED,
    FoundPassage,
    chunk_key,
    document_key,
    read_passage,
)
from groundwire_server.adapters.store.weaviate.options import (
    SearchField,
    SearchMode,
    SearchOptions,
    VectorSource,
    WeaviateOptions,
)
from groundwire_server.adapters.store.weaviate.searches import ChunkSearch, CommonArguments, VectorSearch
from groundwire_server.adapters.store.weaviate.versions import Versions
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import EMPTY_VERSION
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores, VisiblePassages, ordinals_around
from groundwire_server.domain.vector import Vector
from groundwire_server.telemetry import names

_COMPARED: Final = (p.CHUNK_ID, p.DOCUMENT, p.BODY, p.TEXT)
_FIELDS: Final = {SearchField.TEXT: p.TERMS, SearchField.TITLE: p.TITLE_TERMS}
_MOST_FILTERS: Final = 1024
_MOST_SEARCHES: Final = 5
"""For one question, while documents change; each leaves out what did not count in the one before."""


class WeaviateRetriever:
    """The Retriever of the Weaviate store.

    Args:
        connection: to Weaviate.
        chunks: the collection of chunks.
        documents: the collection of documents.
        versions: of the tenants' corpora.
        current: says which passages count.
        options: of the store.
        vectors: what makes the vectors.
        search: the options of the route.
    """

    def __init__(
        self,
        connection: WeaviateConnection,
        chunks: Objects,
        documents: Objects,
        versions: Versions,
        current: CurrentDocuments,
        options: WeaviateOptions,
        vectors: VectorSource,
        search: SearchOptions,
    ) -> None:
        self._connection = connection
        self._chunks = chunks
        self._documents = documents
        self._versions = versions
        self._current = current
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
        terms = "" if self._search.mode is SearchMode.VECTOR else " ".join(query_terms(query.text))
        meaning = None if self._search.mode is SearchMode.KEYWORD else self._meaning(query)
        if isinstance(condition, bool) or (not terms and meaning is None):
            return Evidence(corpus_version=version)
        counted = Counted()
        without: set[tuple[str, str]] = set()
        for _ in range(_MOST_SEARCHES):
            narrowed = _without(condition, without)
            found = await self._found(caller, query, terms, meaning, narrowed, deadline)
            counted = await self._current.counted(caller, version, found, deadline)
            if not counted.others:
                break
            # They have taken the place of passages that count, and their scores are part of the scale. What did not
            # count a moment ago may have taken effect since.
            without = (without | counted.others) - counted.named
        overtaken = bool(counted.forbidden) and await self._overtaken(caller, version, counted.forbidden, deadline)
        return Evidence(tuple(counted.passages), version, overtaken)

    async def around(self, caller: Caller, passages: Sequence[Passage], reach: int, deadline: Deadline) -> Evidence:
        """Read neighbours by their ids, which follow from the document, its body and their ordinals; see the port."""
        version = await self._versions.recent(caller.tenant, deadline)
        keyed = [(document_key(passage.document_id), passage) for passage in passages]
        standing = await self._current.under(caller.tenant, version, {key for key, _ in keyed}, deadline)
        beside = {
            chunk_key(key, standing[key].body, ordinal)
            for key, passage in keyed
            if passage.revision == standing[key].revision
            for ordinal in ordinals_around(passage, reach)
        }
        if not beside:
            return Evidence(corpus_version=version)
        found = await self._chunks.fetch(caller.tenant, by_ids(sorted(beside)), RETURNED, len(beside), deadline)
        read = [read_passage(properties, Scores()) for _, properties in found or ()]
        known = {passage.chunk_id for passage in passages}
        others = [each for each in read if each.passage.chunk_id not in known]
        counted = await self._current.counted(caller, version, others, deadline)
        revisions = {(passage.document_id, passage.revision) for passage in passages}
        same = (each for each in counted.passages if (each.document_id, each.revision) in revisions)
        overtaken = bool(counted.forbidden) and await self._overtaken(caller, version, counted.forbidden, deadline)
        return Evidence(tuple(same), version, overtaken)

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        """Read the passages and the descriptions of their documents side by side; see the port.

        The description decides, and a body never changes: the order of the two calls does not matter.
        """
        if not passages:
            return VisiblePassages(corpus_version=await self._versions.recent(caller.tenant, deadline))
        keys = {document_key(passage.document_id) for passage in passages}
        where = Where.by_property(p.CHUNK).contains_any([tokens.digest(passage.chunk_id) for passage in passages])
        # While a document is replaced, each passage may exist twice.
        version, described, found = await asyncio.gather(
            self._versions.recent(caller.tenant, deadline),
            heads.current(self._documents, caller.tenant, sorted(keys), deadline),
            self._chunks.fetch(caller.tenant, where, _COMPARED, 2 * len(passages), deadline),
        )
        standing = {
            (each[p.DOCUMENT], each[p.CHUNK_ID], each[p.TEXT])
            for _, each in found or ()
            if (head := described.get(each[p.DOCUMENT])) is not None and head.body == each[p.BODY]
        }
        visible = frozenset(
            passage.chunk_id
            for passage in passages
            if (head := described.get(document_key(passage.document_id))) is not None
            and head.revision == passage.revision
            and caller.may_see(head.info.allowed_principals)
            and (head.key, passage.chunk_id, passage.text) in standing
        )
        return VisiblePassages(visible, version)

    async def _overtaken(self, caller: Caller, version: str, document_ids: Sequence[str], deadline: Deadline) -> bool:
        """Return whether documents have changed since a version, or are being changed."""
        state = await heads.state(self._documents, self._versions, caller.tenant, document_ids, deadline)
        return state.version != version or bool(state.pending)

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
    ) -> Sequence[FoundPassage]:
        common: CommonArguments = {
            "limit": query.top_k,
            "auto_limit": self._search.autocut,
            "filters": condition,
            "return_properties": list(RETURNED),
        }

        async def work(client: WeaviateAsyncClient) -> Sequence[FoundPassage]:
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
        operation = WeaviateCall(f"search.{name}", self._collection, caller.tenant, attributes)
        try:
            return await self._connection.call(operation, deadline, work, _noted)
        except StoreFailure as failure:
            if self._documents.is_new_tenant(failure):
                return ()
            raise


def _without(condition: FilterReturn, bodies: Set[tuple[str, str]]) -> FilterReturn:
    if not bodies:
        return condition
    return Where.all_of([condition, *(Where.not_(filters.of_body(*each)) for each in sorted(bodies))])


def _noted(found: Sequence[FoundPassage]) -> Attributes:
    noted: dict[str, str | int | float] = {names.DB_RETURNED_ROWS: len(found)}
    scores = [each.passage.scores for each in found]
    if scores and scores[0].fused is not None:
        noted[names.SCORE_BEST] = scores[0].fused
    similarities = [each.vector_similarity for each in scores if each.vector_similarity is not None]
    if similarities:
        noted[names.SIMILARITY_BEST] = max(similarities)
    return noted
