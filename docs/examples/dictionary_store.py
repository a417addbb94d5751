"""A store in dictionaries: the three ports of a store at their smallest, gone when the process ends."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import (
    Chunk,
    Document,
    DocumentInfo,
    DocumentOrder,
    Listing,
    Position,
    PutState,
    Removed,
    Sentence,
    Stored,
    check_revision,
)
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores, VisiblePassages, ordinals_around
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.filters import Filter, matches
from groundwire_server.domain.text.words import content_words
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as it is stored."""

    document: Document
    chunks: tuple[Chunk, ...]
    info: DocumentInfo


class DictionaryStore:
    """A Retriever, a Corpus and SentenceVectors."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, dict[str, Kept]] = {}
        self._revisions: dict[tuple[str, str], int] = {}
        self._changes: dict[str, int] = {}

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        """Look at every passage that the caller may see; see the port."""
        await _in_time(deadline)
        asked = content_words(query.text)
        found = [
            _passage(kept, chunk, scores)
            for kept in self._visible(caller).values()
            if query.filter is None or matches(query.filter, kept.document.metadata)
            for chunk in kept.chunks
            if (scores := _scores(query, asked, chunk)) is not None
        ]
        found.sort(key=lambda passage: -(passage.scores.fused or 0.0))
        return Evidence(tuple(found[: query.top_k]), self._version(caller.tenant))

    async def around(self, caller: Caller, passages: Sequence[Passage], reach: int, deadline: Deadline) -> Evidence:
        """Return the passages beside some others; see the port."""
        await _in_time(deadline)
        known = {passage.chunk_id for passage in passages}
        visible = self._visible(caller)
        beside = {
            chunk.chunk_id: _passage(kept, chunk, Scores())
            for passage in passages
            if (kept := visible.get(passage.document_id)) is not None and kept.info.revision == passage.revision
            for chunk in kept.chunks
            if chunk.ordinal in ordinals_around(passage, reach) and chunk.chunk_id not in known
        }
        return Evidence(tuple(beside.values()), self._version(caller.tenant))

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        """Compare passages with what is stored; see the port."""
        await _in_time(deadline)
        visible = self._visible(caller)
        same = frozenset(
            passage.chunk_id
            for passage in passages
            if (kept := visible.get(passage.document_id)) is not None
            and kept.info.revision == passage.revision
            and any((chunk.chunk_id, chunk.text) == (passage.chunk_id, passage.text) for chunk in kept.chunks)
        )
        return VisiblePassages(same, self._version(caller.tenant))

    async def put(
        self,
        caller: Caller,
        document: Document,
        content_hash: str,
        chunks: Sequence[Chunk],
        deadline: Deadline,
        *,
        expected_revision: int | None = None,
    ) -> Stored:
        """Store a document; see the port."""
        await _in_time(deadline)
        tenant, name = caller.tenant, document.document_id
        held = self._kept.setdefault(tenant, {}).get(name)
        if held is not None and held.info.content_hash == content_hash:
            info = held.info
            return Stored(PutState.UNCHANGED, info.revision, info.chunk_count, self._version(tenant))
        check_revision(name, expected_revision, held.info.revision if held else 0)
        # Revisions go on where a deleted document left off: a number never means two texts.
        revision = self._revisions[tenant, name] = self._revisions.get((tenant, name), 0) + 1
        info = DocumentInfo(
            document_id=name,
            title=document.title,
            source_uri=document.source_uri,
            metadata=document.metadata,
            allowed_principals=document.allowed_principals,
            revision=revision,
            content_hash=content_hash,
            chunk_count=len(chunks),
            size_bytes=len(document.text.encode()),
            updated=self._clock.today(),
            text_format=document.text_format,
        )
        self._kept[tenant][name] = Kept(document, tuple(chunks), info)
        state = PutState.CREATED if held is None else PutState.UPDATED
        return Stored(state, revision, len(chunks), self._changed(tenant))

    async def info(self, caller: Caller, document_id: str, deadline: Deadline) -> DocumentInfo | None:
        """Describe a document; see the port."""
        await _in_time(deadline)
        kept = self._visible(caller).get(document_id)
        return kept.info if kept else None

    async def text(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Return a document's text; see the port."""
        await _in_time(deadline)
        kept = self._visible(caller).get(document_id)
        return kept.document.text if kept else None

    async def page(
        self, caller: Caller, listing: Listing, after: Position | None, limit: int, deadline: Deadline
    ) -> Sequence[DocumentInfo]:
        """List documents; see the port."""
        await _in_time(deadline)
        listed = [(_place(listing, info), info) for info in self._matching(caller, listing.filter)]
        listed.sort(key=lambda each: each[0], reverse=listing.order is DocumentOrder.NEWEST)
        if after is not None:
            start = _place(listing, after)
            listed = [
                each
                for each in listed
                if (each[0] < start if listing.order is DocumentOrder.NEWEST else each[0] > start)
            ]
        return [info for _, info in listed[:limit]]

    async def count(self, caller: Caller, condition: Filter, deadline: Deadline) -> int:
        """Count documents; see the port."""
        await _in_time(deadline)
        return len(self._matching(caller, condition))

    async def delete(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Remove a document; see the port."""
        await _in_time(deadline)
        if document_id not in self._visible(caller):
            return None
        del self._kept[caller.tenant][document_id]
        return self._changed(caller.tenant)

    async def purge(self, caller: Caller, condition: Filter, deadline: Deadline) -> Removed | None:
        """Remove documents, here all of them at once; see the port."""
        await _in_time(deadline)
        doomed = self._matching(caller, condition)
        for info in doomed:
            del self._kept[caller.tenant][info.document_id]
        return Removed(len(doomed), self._changed(caller.tenant)) if doomed else None

    async def version(self, caller: Caller, deadline: Deadline) -> str:
        """Return the corpus version; see the port."""
        await _in_time(deadline)
        return self._version(caller.tenant)

    async def sentences(
        self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Sequence[Sentence]]:
        """Return what is kept beside the chunks; see the port."""
        await _in_time(deadline)
        chunks = [chunk for kept in self._kept.get(tenant, {}).values() for chunk in kept.chunks]
        return {chunk.chunk_id: chunk.sentences for chunk in chunks if chunk.sentences and chunk.chunk_id in chunk_ids}

    def _visible(self, caller: Caller) -> dict[str, Kept]:
        tenant = self._kept.get(caller.tenant, {})
        return {name: kept for name, kept in tenant.items() if caller.may_see(kept.document.allowed_principals)}

    def _matching(self, caller: Caller, condition: Filter | None) -> list[DocumentInfo]:
        infos = [kept.info for kept in self._visible(caller).values()]
        return [info for info in infos if condition is None or matches(condition, info.metadata)]

    def _changed(self, tenant: str) -> str:
        self._changes[tenant] = self._changes.get(tenant, 0) + 1
        return self._version(tenant)

    def _version(self, tenant: str) -> str:
        return f"{self._changes.get(tenant, 0)}"


def _place(listing: Listing, document: DocumentInfo | Position) -> tuple[float, str]:
    by_time = listing.order is not DocumentOrder.ID
    return document.updated.timestamp() if by_time else 0.0, document.document_id


async def _in_time(deadline: Deadline) -> None:
    # Nothing below waits: without this a caller that searches in a loop would keep every other from running.
    await asyncio.sleep(0)
    if not deadline.remaining(asyncio.get_running_loop().time()):
        raise Failure(Cause.STORE_TIMEOUT)


def _scores(query: Query, words: frozenset[str], chunk: Chunk) -> Scores | None:
    """The measures of each leg that found the chunk; None when none did."""
    asked, alpha = query.vector, 0.5 if query.alpha is None else query.alpha
    shared = len(words & content_words(chunk.text))
    by_keyword = shared / len(words) if shared else 0.0
    if asked is None or chunk.vector is None:
        return Scores(keyword=shared, fused=by_keyword * (1 if asked is None else 1 - alpha)) if shared else None
    cosine = sum(a * b for a, b in zip(asked, chunk.vector, strict=True))
    return Scores(cosine, shared or None, (1 - alpha) * by_keyword + alpha * (1.0 + cosine) / 2.0)


def _passage(kept: Kept, chunk: Chunk, scores: Scores) -> Passage:
    document = kept.document
    return Passage(
        chunk_id=chunk.chunk_id,
        text=chunk.text,
        document_id=document.document_id,
        title=document.title,
        source_uri=document.source_uri,
        ordinal=chunk.ordinal,
        revision=kept.info.revision,
        metadata=document.metadata,
        allowed_principals=document.allowed_principals,
        scores=scores,
        place=chunk.place,
    )
