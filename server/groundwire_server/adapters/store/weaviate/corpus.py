"""Keeping documents where nothing but a single object is written whole.

A change goes: announce it (the next corpus version, and the document as pending) - take rights away that the new
access list does not give - write the new chunks beside the old ones - delete the old ones - end it (the document as it
is now, and the new corpus version). Until the last step the document described is the old one. A change that breaks off
leaves the document pending: whoever stores it next removes what does not belong to the revision that counts.

One process changes one document at a time. Two processes must not change the same document at once: Weaviate has no way
to refuse the second.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from math import isinf
from weakref import WeakValueDictionary

from weaviate.classes.query import Filter as Where

from groundwire_server.adapters.store.weaviate import heads
from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.collections import Objects, by_ids
from groundwire_server.adapters.store.weaviate.objects import (
    Head,
    access,
    body_hash,
    chunk_objects,
    document_key,
    head_object,
    principals_of,
    text_key,
    whole_text,
)
from groundwire_server.adapters.store.weaviate.versions import EMPTY_VERSION, Versions
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Chunk, Document, DocumentInfo, PutState, Stored
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.clock import Clock

_PATCHED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class _Change:
    """A change that has begun.

    Attributes:
        tenant: whose corpus.
        first: whether the corpus has no version yet.
        version: the corpus version that it makes.
        held: the document as it was; None for one that never was.
        deadline: when it must have ended.
    """

    tenant: str
    first: bool
    version: str
    held: Head | None
    deadline: Deadline


class WeaviateCorpus:
    """The Corpus of the Weaviate store.

    Args:
        chunks: the collection of chunks.
        documents: the collection of documents.
        versions: the tenants' corpus versions.
        clock: dates the documents.
        vectorized: whether Weaviate makes the vectors.
    """

    def __init__(
        self, chunks: Objects, documents: Objects, versions: Versions, clock: Clock, *, vectorized: bool = False
    ) -> None:
        self._vectorized = vectorized
        self._whole = whole_text(vectorized=vectorized)
        self._chunks = chunks
        self._documents = documents
        self._versions = versions
        self._clock = clock
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def put(
        self, caller: Caller, document: Document, content_hash: str, chunks: Sequence[Chunk], deadline: Deadline
    ) -> Stored:
        """Store a document; see the port."""
        async with self._alone(caller.tenant, document.document_id, deadline):
            held, version = await self._held(caller.tenant, document.document_id, deadline)
            if held is not None and held.live and not held.pending and held.info.content_hash == content_hash:
                return Stored(PutState.UNCHANGED, held.info.revision, held.info.chunk_count, version)
            change = _Change(caller.tenant, version == EMPTY_VERSION, secrets.token_urlsafe(12), held, deadline)
            new = self._described(document, content_hash, chunks, held)
            try:
                await self._replace(change, document, chunks, new)
            finally:
                self._versions.forget(caller.tenant, change.version)
        state = PutState.UPDATED if held is not None and held.live else PutState.CREATED
        return Stored(state, new.info.revision, new.info.chunk_count, change.version)

    async def info(self, caller: Caller, document_id: str, deadline: Deadline) -> DocumentInfo | None:
        """Describe a document; see the port."""
        head = await heads.visible(self._documents, caller, document_id, deadline)
        return None if head is None else head.info

    async def text(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Return a document's text; see the port."""
        # It may be replaced between the two calls; the second look finds it.
        for _ in range(2):
            head = await heads.visible(self._documents, caller, document_id, deadline)
            if head is None:
                return None
            where = by_ids([text_key(head.key, head.body)])
            found = await self._chunks.fetch(caller.tenant, where, (self._whole, p.ACCESS), 1, deadline)
            if found:
                _, properties = found[0]
                return str(properties[self._whole]) if caller.may_see(principals_of(properties)) else None
        return None

    async def page(self, caller: Caller, after: str, limit: int, deadline: Deadline) -> Sequence[DocumentInfo]:
        """List documents; see the port."""
        return [head.info for head in await heads.page(self._documents, caller, after, limit, deadline)]

    async def delete(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Remove a document; see the port."""
        async with self._alone(caller.tenant, document_id, deadline):
            held, version = await self._held(caller.tenant, document_id, deadline)
            if held is None or not (held.live or held.pending) or not caller.may_see(held.info.allowed_principals):
                return None
            change = _Change(caller.tenant, version == EMPTY_VERSION, secrets.token_urlsafe(12), held, deadline)
            try:
                await self._begin(change, replace(held, live=False, pending=True))
                await self._chunks.delete(caller.tenant, Where.by_property(p.DOCUMENT).equal(held.key), deadline)
                await self._end(change, _tombstone(held))
            finally:
                self._versions.forget(caller.tenant, change.version)
            return change.version

    async def version(self, caller: Caller, deadline: Deadline) -> str:
        """Return the corpus version; see the port."""
        return await self._versions.current(caller.tenant, deadline)

    async def _held(self, tenant: str, document_id: str, deadline: Deadline) -> tuple[Head | None, str]:
        found = await heads.with_corpus(self._documents, tenant, document_id, deadline)
        held, corpus = found or (None, None)
        return held, self._versions.of(corpus)

    def _described(self, document: Document, content_hash: str, chunks: Sequence[Chunk], held: Head | None) -> Head:
        revision = held.info.revision + 1 if held else 1
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
            self._clock.today(),
        )
        body = body_hash(document, chunks)
        same_body = held is not None and held.live and not held.pending and held.body_hash == body
        return Head(
            document_key(document.document_id),
            info,
            live=True,
            pending=False,
            body=held.body if held is not None and same_body else revision,
            body_hash=body,
        )

    async def _replace(self, change: _Change, document: Document, chunks: Sequence[Chunk], new: Head) -> None:
        held, tenant, deadline = change.held, change.tenant, change.deadline
        allowed = document.allowed_principals
        if held is None:
            await self._require_tenant(tenant, deadline)
            await self._begin(change, _announced(new))
        else:
            narrowed = _common(held.info.allowed_principals, allowed) if held.live or held.pending else allowed
            info = replace(held.info, allowed_principals=narrowed, content_hash="")
            await self._begin(change, replace(held, info=info, pending=True))
            if held.pending:
                await self._remove_all_but(tenant, held.key, held.info.revision, deadline)
            if new.body == held.body:
                await self._patch(tenant, new.key, {p.ACCESS: access(allowed), p.REVISION: new.info.revision}, deadline)
                await self._end(change, new)
                return
            if held.live and narrowed != held.info.allowed_principals:
                await self._patch(tenant, new.key, {p.ACCESS: access(narrowed)}, deadline)
        objects = chunk_objects(new.key, document, new.info.revision, chunks, vectorized=self._vectorized)
        await self._chunks.write(tenant, objects, deadline)
        if held is not None:
            await self._remove_all_but(tenant, new.key, new.info.revision, deadline)
        await self._end(change, new)

    async def _require_tenant(self, tenant: str, deadline: Deadline) -> None:
        """Make the tenant where it is new. Weaviate says so only of tenants that do not exist."""
        if await self._documents.fetch(tenant, by_ids([document_key("")]), (p.LIVE,), 1, deadline) is None:
            # An operator may have removed it while this process remembers its version.
            self._versions.lost(tenant)
            await self._chunks.create_tenant(tenant, deadline)
            await self._documents.create_tenant(tenant, deadline)

    async def _begin(self, change: _Change, head: Head) -> None:
        await self._versions.begin(change.tenant, change.version, change.deadline, first=change.first)
        await self._documents.write(change.tenant, [head_object(head)], change.deadline)

    async def _end(self, change: _Change, head: Head) -> None:
        following = self._versions.ended(change.tenant, change.version)
        await self._documents.write(change.tenant, [following, head_object(head)], change.deadline)
        self._versions.announce(change.tenant, change.version)

    async def _remove_all_but(self, tenant: str, key: str, revision: int, deadline: Deadline) -> None:
        others = [Where.by_property(p.DOCUMENT).equal(key), Where.by_property(p.REVISION).not_equal(revision)]
        await self._chunks.delete(tenant, Where.all_of(others), deadline)

    async def _patch(self, tenant: str, key: str, properties: dict[str, object], deadline: Deadline) -> None:
        where = Where.by_property(p.DOCUMENT).equal(key)
        found = await self._chunks.fetch(tenant, where, (p.ORDINAL,), _PATCHED_AT_ONCE, deadline)
        await self._chunks.patch(tenant, [each for each, _ in found or ()], properties, deadline)

    @asynccontextmanager
    async def _alone(self, tenant: str, document_id: str, deadline: Deadline) -> AsyncIterator[None]:
        lock = self._locks.setdefault((tenant, document_id), asyncio.Lock())
        try:
            async with asyncio.timeout_at(None if isinf(deadline.at) else deadline.at):
                await lock.acquire()
        except TimeoutError:
            raise Failure(Cause.STORE_TIMEOUT) from None
        try:
            yield
        finally:
            lock.release()


def _announced(new: Head) -> Head:
    """A document that is about to be: only its key counts yet."""
    return replace(new, info=replace(new.info, revision=0, content_hash=""), live=False, pending=True, body=0)


def _tombstone(held: Head) -> Head:
    """What a deleted document leaves behind."""
    info = DocumentInfo(
        held.info.document_id,
        "",
        "",
        {},
        frozenset(),
        held.info.revision,
        "",
        0,
        0,
        held.info.updated,
    )
    return Head(held.key, info, live=False, pending=False, body=0, body_hash="")


def _common(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """The access list of those whom both admit."""
    if EVERYBODY in one:
        return other
    return one if EVERYBODY in other else one & other
