"""Searching: a query of each index, fused by relative score, and reduced to the bodies that count."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from groundwire_server.adapters.store.pinecone import documents as d
from groundwire_server.adapters.store.pinecone import facts, filters, words
from groundwire_server.adapters.store.pinecone.documents import Description
from groundwire_server.adapters.store.pinecone.records import (
    AT_ONCE,
    MOST_FOUND,
    Conditions,
    PineconeRecords,
    SparseVector,
)
from groundwire_server.adapters.store.pinecone.state import CorpusVersions, descriptions
from groundwire_server.adapters.store.relative import fused
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import EMPTY_VERSION
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores, VisiblePassages, ordinals_around
from groundwire_server.domain.vector import Vector

_DEPTH: Final = 4
_LEAST_DEPTH: Final = 64
"""The fewest candidates of each leg: relative scores need a tail to be relative to."""
_MOST_ATTEMPTS: Final = 8


@dataclass(frozen=True, slots=True)
class _Question:
    """A search as the two indexes are asked."""

    tenant: str
    words: SparseVector | None
    vector: Vector | None
    condition: Conditions
    alpha: float


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Passages by their ids, best first, with their scores in each leg.

    Attributes:
        exhausted: whether neither leg has more.
    """

    fused: Mapping[str, float]
    keywords: Mapping[str, float]
    similarities: Mapping[str, float]
    exhausted: bool


@dataclass(slots=True)
class _Sifted:
    """What is known of the candidates' documents.

    Attributes:
        current: descriptions by key.
        ids: of the passages whose body counts, best first.
        moved: bodies that count and of which nothing was among the candidates.
    """

    current: dict[str, Description] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)


class PineconeRetriever:
    """The Retriever of the Pinecone store.

    Args:
        sparse: the index with everything but vectors.
        dense: the index with the vectors; None where there are none.
        versions: the tenants' corpus versions.
        alpha: the weight of the vector leg, 0 to 1, where a question does not say.
    """

    def __init__(
        self, sparse: PineconeRecords, dense: PineconeRecords | None, versions: CorpusVersions, alpha: float
    ) -> None:
        self._sparse = sparse
        self._dense = dense
        self._versions = versions
        self._alpha = alpha

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        """Search; see the port."""
        version = await self._versions.recent(caller.tenant, deadline)
        narrowed = True if query.filter is None else filters.compiled(query.filter)
        condition = filters.all_of([filters.visible_to(caller.principals), narrowed])
        vector = None if self._dense is None else query.vector
        asked = words.asked(query.text)
        if version == EMPTY_VERSION or isinstance(condition, bool) or (asked is None and vector is None):
            return Evidence(corpus_version=version)
        alpha = self._alpha if query.alpha is None else query.alpha
        question = _Question(caller.tenant, asked, vector, condition, alpha)
        return Evidence(await self._passages(caller, question, query.top_k, deadline), version)

    async def around(self, caller: Caller, passages: Sequence[Passage], reach: int, deadline: Deadline) -> Evidence:
        """Read neighbours by their ids, which follow from the document, its body and their ordinals; see the port.

        It takes two calls: the ids are not known without the descriptions.
        """
        version = await self._versions.recent(caller.tenant, deadline)
        keyed = [(d.document_key(passage.document_id), passage) for passage in passages]
        current = await descriptions(self._sparse, caller.tenant, sorted({key for key, _ in keyed}), deadline)
        beside: set[str] = set()
        for key, passage in keyed:
            described = current.get(key)
            if described is None or described.body is None or described.info.revision != passage.revision:
                continue
            if caller.may_see(described.info.allowed_principals):
                reached = ordinals_around(passage, reach)
                beside |= {d.passage_id(key, described.body.name, ordinal) for ordinal in reached}
        contents = await self._contents(caller.tenant, sorted(beside), deadline)
        known = {passage.chunk_id for passage in passages}
        found = (
            d.read_passage(content, current[d.located(each)[0]].info, Scores()) for each, content in contents.items()
        )
        return Evidence(tuple(passage for passage in found if passage.chunk_id not in known), version)

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        """Read the passages and the descriptions of their documents side by side; see the port."""
        keys = sorted({d.document_key(passage.document_id) for passage in passages})
        version, current, texts = await asyncio.gather(
            self._versions.recent(caller.tenant, deadline),
            descriptions(self._sparse, caller.tenant, keys, deadline),
            self._texts(caller.tenant, [passage.chunk_id for passage in passages], deadline),
        )
        visible = frozenset(
            passage.chunk_id
            for passage in passages
            if (described := current.get(d.document_key(passage.document_id))) is not None
            and described.body is not None
            and described.revision == passage.revision
            and caller.may_see(described.info.allowed_principals)
            and texts.get((described.key, described.body.name, passage.chunk_id)) == passage.text
        )
        return VisiblePassages(visible, version)

    async def _texts(
        self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline
    ) -> Mapping[tuple[str, str, str], str]:
        """Return the texts of chunks by the document's key, the body and the chunk's id, of each body that has them."""
        found: dict[tuple[str, str, str], str] = {}
        # While a document is replaced, each may exist twice.
        some = AT_ONCE // 2
        for start in range(0, len(chunk_ids), some):
            wanted = [facts.digest(each) for each in chunk_ids[start : start + some]]
            matches = await self._sparse.query(tenant, words.MARK, AT_ONCE, {d.CHUNK: {"$in": wanted}}, deadline)
            for each in matches:
                chunk_id, text = d.text_of(each.metadata)
                found[*d.located(each.id), chunk_id] = text
        return found

    async def _passages(
        self, caller: Caller, question: _Question, top_k: int, deadline: Deadline
    ) -> tuple[Passage, ...]:
        depth = min(max(top_k * _DEPTH, _LEAST_DEPTH), MOST_FOUND)
        moved: set[str] = set()
        for attempt in range(1, _MOST_ATTEMPTS + 1):
            found = await self._candidates(question, depth, deadline)
            sifted = await self._sift(caller, found, top_k, deadline)
            # A body that came to count since the search is found by the next one; one that is seen again has nothing
            # that the question asks for.
            if sifted.moved - moved and attempt < _MOST_ATTEMPTS:
                moved |= sifted.moved
                continue
            passages = await self._read(question, found, sifted, deadline)
            full = len(passages) >= top_k or found.exhausted or depth == MOST_FOUND
            if full or attempt == _MOST_ATTEMPTS:
                return passages
            depth = min(depth * _DEPTH, MOST_FOUND)
        raise AssertionError("a search has at least one attempt")

    async def _candidates(self, question: _Question, depth: int, deadline: Deadline) -> _Candidates:
        keywords, similarities = await asyncio.gather(
            self._leg(self._sparse, question.words, question, depth, deadline),
            self._leg(self._dense, question.vector, question, depth, deadline),
        )
        exhausted = len(keywords) < depth and len(similarities) < depth
        combined = fused(
            None if question.vector is None else similarities,
            None if question.words is None else keywords,
            question.alpha,
        )
        return _Candidates(combined, keywords, similarities, exhausted)

    async def _leg(
        self,
        records: PineconeRecords | None,
        wanted: SparseVector | Vector | None,
        question: _Question,
        depth: int,
        deadline: Deadline,
    ) -> dict[str, float]:
        if records is None or wanted is None:
            return {}
        found = await records.query(question.tenant, wanted, depth, question.condition, deadline, metadata=False)
        if isinstance(wanted, SparseVector):
            # What shares no word is no result, however it came to be among them.
            return {each.id: each.score for each in found if each.score > 0}
        return {each.id: min(max(each.score, -1.0), 1.0) for each in found}

    async def _sift(self, caller: Caller, found: _Candidates, top_k: int, deadline: Deadline) -> _Sifted:
        """Keep the best passages whose body counts, and whose document the caller may see."""
        sifted = _Sifted()
        ids = list(found.fused)
        bodies = {d.located(each)[1] for each in ids}
        for start in range(0, len(ids), top_k):
            if len(sifted.ids) >= top_k:
                break
            some = ids[start : start + top_k]
            keys = {d.located(each)[0] for each in some} - sifted.current.keys()
            sifted.current |= await descriptions(self._sparse, caller.tenant, sorted(keys), deadline)
            for each in some:
                key, body = d.located(each)
                described = sifted.current.get(key)
                if described is None or described.body is None:
                    continue
                if not caller.may_see(described.info.allowed_principals):
                    continue
                if described.body.name == body:
                    sifted.ids.append(each)
                elif described.body.name not in bodies and described.body.passages:
                    sifted.moved.add(described.body.name)
        del sifted.ids[top_k:]
        return sifted

    async def _read(
        self, question: _Question, found: _Candidates, sifted: _Sifted, deadline: Deadline
    ) -> tuple[Passage, ...]:
        unmeasured = [each for each in sifted.ids if each not in found.similarities]
        contents, similarities = await asyncio.gather(
            self._contents(question.tenant, sifted.ids, deadline), self._similarities(question, unmeasured, deadline)
        )
        similarities |= found.similarities
        return tuple(
            d.read_passage(
                contents[each],
                sifted.current[d.located(each)[0]].info,
                Scores(similarities.get(each), found.keywords.get(each), min(found.fused[each], 1.0)),
            )
            for each in sifted.ids
            if each in contents
        )

    async def _contents(self, tenant: str, ids: Sequence[str], deadline: Deadline) -> dict[str, Mapping[str, object]]:
        found: dict[str, Mapping[str, object]] = {}
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            matches = await self._sparse.query(tenant, words.MARK, len(some), _referring(some), deadline)
            found |= {each.id: each.metadata for each in matches}
        return found

    async def _similarities(self, question: _Question, ids: Sequence[str], deadline: Deadline) -> dict[str, float]:
        """Return the cosines of passages that only their words have found; those without a vector are left out."""
        if not ids or self._dense is None or question.vector is None:
            return {}
        vector = question.vector
        found = await self._dense.query(
            question.tenant, vector.tolist(), len(ids), _referring(ids), deadline, metadata=False
        )
        return {each.id: min(max(each.score, -1.0), 1.0) for each in found}


def _referring(ids: Sequence[str]) -> Conditions:
    return {d.REFERENCE: {"$in": [d.reference(each) for each in ids]}}
