"""A store without an engine: obviously right, slow, and scriptable."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import gt, lt

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
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Cause

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_PURGED = 3


@dataclass(frozen=True, slots=True)
class _Kept:
    document: Document
    chunks: tuple[Chunk, ...]
    info: DocumentInfo


class SearchAlone:
    """The part of a Retriever that a test of something else leaves out."""

    async def around(self, caller: Caller, passages: Sequence[Passage], reach: int, deadline: Deadline) -> Evidence:
        return Evidence()

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        raise AssertionError


class MemoryStore:
    """A Retriever, a Corpus and SentenceVectors in dictionaries.

    It refuses a deadline that has passed and holds itself to none, so that callers must.

    Attributes:
        delay: seconds that every call takes.
        failures: raised by the next calls, one each.
        deadlines: those of every call that began.
        began: is set when a call begins.
        cancelled: how many calls were cancelled while they ran.
    """

    def __init__(self) -> None:
        self.delay = 0.0
        self.failures: list[Failure] = []
        self.deadlines: list[Deadline] = []
        self.began = asyncio.Event()
        self.cancelled = 0
        self._kept: dict[str, dict[str, _Kept]] = {}
        self._revisions: dict[tuple[str, str], int] = {}
        self._changes: dict[str, int] = {}

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        async with self._call(deadline):
            asked = content_words(query.text)
            found = [
                _passage(kept, chunk, _scores(query, asked, chunk))
                for kept in self._visible(caller).values()
                if query.filter is None or matches(query.filter, kept.document.metadata)
                for chunk in kept.chunks
            ]
            found = [passage for passage in found if passage.scores.fused is not None]
            found.sort(key=lambda passage: -(passage.scores.fused or 0.0))
            return Evidence(tuple(found[: query.top_k]), self._version(caller))

    async def around(self, caller: Caller, passages: Sequence[Passage], reach: int, deadline: Deadline) -> Evidence:
        async with self._call(deadline):
            known = {passage.chunk_id for passage in passages}
            visible = self._visible(caller)
            beside = {
                chunk.chunk_id: _passage(kept, chunk, Scores())
                for passage in passages
                if (kept := visible.get(passage.document_id)) is not None and kept.info.revision == passage.revision
                for chunk in kept.chunks
                if chunk.ordinal in ordinals_around(passage, reach) and chunk.chunk_id not in known
            }
            return Evidence(tuple(beside.values()), self._version(caller))

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        async with self._call(deadline):
            visible = self._visible(caller)
            same = frozenset(
                passage.chunk_id
                for passage in passages
                if (kept := visible.get(passage.document_id)) is not None
                and kept.info.revision == passage.revision
                and any((chunk.chunk_id, chunk.text) == (passage.chunk_id, passage.text) for chunk in kept.chunks)
            )
            return VisiblePassages(same, self._version(caller))

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
        async with self._call(deadline):
            tenant = self._kept.setdefault(caller.tenant, {})
            held = tenant.get(document.document_id)
            if held is not None and held.info.content_hash == content_hash:
                info = held.info
                return Stored(PutState.UNCHANGED, info.revision, info.chunk_count, self._version(caller))
            check_revision(document.document_id, expected_revision, held.info.revision if held else 0)
            key = (caller.tenant, document.document_id)
            revision = self._revisions[key] = self._revisions.get(key, 0) + 1
            info = DocumentInfo(
                document.document_id,
                document.title,
                document.source_uri,
                document.metadata,
                document.allowed_principals,
                revision,
                content_hash,
                len(chunks),
                len(document.text.encode()),
                _EPOCH + timedelta(seconds=sum(self._revisions.values())),
                document.text_format,
            )
            tenant[document.document_id] = _Kept(document, tuple(chunks), info)
            state = PutState.CREATED if held is None else PutState.UPDATED
            return Stored(state, revision, len(chunks), self._changed(caller))

    async def info(self, caller: Caller, document_id: str, deadline: Deadline) -> DocumentInfo | None:
        async with self._call(deadline):
            kept = self._visible(caller).get(document_id)
            return kept.info if kept else None

    async def text(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        async with self._call(deadline):
            kept = self._visible(caller).get(document_id)
            return kept.document.text if kept else None

    async def page(
        self, caller: Caller, listing: Listing, after: Position | None, limit: int, deadline: Deadline
    ) -> Sequence[DocumentInfo]:
        def place(document: DocumentInfo | Position) -> tuple[float, str]:
            by_time = listing.order is not DocumentOrder.ID
            return document.updated.timestamp() if by_time else 0.0, document.document_id

        async with self._call(deadline):
            listed = sorted(
                self._matching(caller, listing.filter), key=place, reverse=listing.order is DocumentOrder.NEWEST
            )
            if after is not None:
                beyond = lt if listing.order is DocumentOrder.NEWEST else gt
                listed = [info for info in listed if beyond(place(info), place(after))]
            return listed[:limit]

    async def count(self, caller: Caller, condition: Filter, deadline: Deadline) -> int:
        async with self._call(deadline):
            return len(self._matching(caller, condition))

    async def delete(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        async with self._call(deadline):
            if document_id not in self._visible(caller):
                return None
            del self._kept[caller.tenant][document_id]
            return self._changed(caller)

    async def purge(self, caller: Caller, condition: Filter, deadline: Deadline) -> Removed | None:
        async with self._call(deadline):
            doomed = self._matching(caller, condition)[:_PURGED]
            for info in doomed:
                del self._kept[caller.tenant][info.document_id]
            return Removed(len(doomed), self._changed(caller)) if doomed else None

    async def version(self, caller: Caller, deadline: Deadline) -> str:
        async with self._call(deadline):
            return self._version(caller)

    async def sentences(
        self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Sequence[Sentence]]:
        async with self._call(deadline):
            chunks = [chunk for kept in self._kept.get(tenant, {}).values() for chunk in kept.chunks]
            return {
                chunk.chunk_id: chunk.sentences for chunk in chunks if chunk.sentences and chunk.chunk_id in chunk_ids
            }

    @asynccontextmanager
    async def _call(self, deadline: Deadline) -> AsyncIterator[None]:
        if not deadline.remaining(asyncio.get_running_loop().time()):
            raise Failure(Cause.STORE_TIMEOUT)
        self.deadlines.append(deadline)
        self.began.set()
        if self.failures:
            raise self.failures.pop(0)
        try:
            await asyncio.sleep(self.delay)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        yield

    def _visible(self, caller: Caller) -> dict[str, _Kept]:
        tenant = self._kept.get(caller.tenant, {})
        return {name: kept for name, kept in tenant.items() if caller.may_see(kept.document.allowed_principals)}

    def _matching(self, caller: Caller, condition: Filter | None) -> list[DocumentInfo]:
        infos = [kept.info for kept in self._visible(caller).values()]
        return [info for info in infos if condition is None or matches(condition, info.metadata)]

    def _changed(self, caller: Caller) -> str:
        self._changes[caller.tenant] = self._changes.get(caller.tenant, 0) + 1
        return self._version(caller)

    def _version(self, caller: Caller) -> str:
        return f"{caller.tenant}-{self._changes.get(caller.tenant, 0)}"


def _scores(query: Query, asked: frozenset[str], chunk: Chunk) -> Scores:
    """Score each leg that found the chunk; `fused` is None when none did."""
    shared = len(asked & content_words(chunk.text))
    by_keyword = shared / len(asked) if shared else 0.0
    if query.vector is None:
        return Scores(None, float(shared) or None, by_keyword or None)
    cosine = None if chunk.vector is None else _cosine(query.vector, chunk.vector)
    by_vector = 0.0 if cosine is None else (1.0 + cosine) / 2.0
    alpha = 0.5 if query.alpha is None else query.alpha
    fused = (1 - alpha) * by_keyword + alpha * by_vector
    return Scores(cosine, float(shared) or None, fused if shared or cosine is not None else None)


def _cosine(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _passage(kept: _Kept, chunk: Chunk, scores: Scores) -> Passage:
    document = kept.document
    return Passage(
        chunk.chunk_id,
        chunk.text,
        document.document_id,
        document.title,
        document.source_uri,
        chunk.ordinal,
        kept.info.revision,
        document.metadata,
        document.allowed_principals,
        scores,
        chunk.place,
    )
