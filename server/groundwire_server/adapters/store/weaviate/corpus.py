"""Keeping documents where only single objects are written atomically.

A replacement goes: announce it (the next corpus version, and the change in the document) - take rights away that the
new access list does not give - write the new chunks beside the old ones - delete the old ones - end it (the document as
it is now, and the new corpus version). A removal announces, deletes the chunks and ends. Until the last step the
document described is the old one. A change that breaks off stays announced in the document: the next one removes what
does not belong to the revision that counts.

One process changes one document at a time. Two processes must not change the same document at once: Weaviate has no way
to refuse the second. Where a caller expects a revision the document is read again right before it is announced and
right after. Another process goes unnoticed only when it writes between one of these reads and the write beside it.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from math import isinf
from typing import Final
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
from groundwire_server.adapters.store.weaviate.versions import Versions
from groundwire_server.domain.batches import batched
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import (
    EMPTY_VERSION,
    Chunk,
    Document,
    DocumentInfo,
    Listing,
    Position,
    PutState,
    Removed,
    Stored,
    check_revision,
    revision_mismatch,
)
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.filters import Filter, matches
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.clock import Clock

_PATCHED_AT_ONCE: Final = 10_000

_PURGED_DOCUMENTS: Final = 100
_PURGED_CHUNKS: Final = 10_000
"""The most that one change removes: as many objects as Weaviate deletes in one call."""


@dataclass(frozen=True, slots=True)
class _Change:
    """A change that has begun.

    Attributes:
        tenant: of the corpus.
        version: the corpus version that it makes.
        deadline: when it must have ended.
    """

    tenant: str
    version: str
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
        async with self._alone(caller.tenant, [document.document_id], deadline):
            held, version = await self._held(caller.tenant, document.document_id, deadline)
            if held is not None and held.live and not held.change and held.info.content_hash == content_hash:
                return Stored(PutState.UNCHANGED, held.info.revision, held.info.chunk_count, version)
            replaced = 0 if held is None else held.revision
            check_revision(document.document_id, expected_revision, replaced)
            if held is None:
                await self._require_tenant(caller.tenant, deadline)
            new = self._described(document, content_hash, chunks, held)
            async with self._changing(caller.tenant, version, deadline) as change:
                announced = _announced(_narrowed(held, new), change)
                if expected_revision is not None:
                    await self._recheck(change, new, held, expected_revision)
                await self._announce(change, [announced])
                if expected_revision is not None:
                    await self._recheck(change, new, announced, expected_revision)
                await self._replace(change, held, document, chunks, new)
        state = PutState.UPDATED if replaced else PutState.CREATED
        return Stored(state, new.info.revision, new.info.chunk_count, change.version)

    async def info(self, caller: Caller, document_id: str, deadline: Deadline) -> DocumentInfo | None:
        """Describe a document; see the port."""
        head = await heads.visible(self._documents, caller, document_id, deadline)
        return None if head is None else head.info

    async def text(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Return a document's text; see the port."""
        # A document that is replaced between the two calls is found by the second attempt.
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

    async def page(
        self, caller: Caller, listing: Listing, after: Position | None, limit: int, deadline: Deadline
    ) -> Sequence[DocumentInfo]:
        """List documents; see the port."""
        found = await heads.page(self._documents, caller, listing, after, limit, deadline)
        return [head.info for head in found]

    async def count(self, caller: Caller, condition: Filter, deadline: Deadline) -> int:
        """Count documents; see the port."""
        return await heads.count(self._documents, caller, condition, deadline)

    async def delete(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Remove a document; see the port."""
        async with self._alone(caller.tenant, [document_id], deadline):
            held, version = await self._held(caller.tenant, document_id, deadline)
            if held is None or not (held.live or held.change) or not caller.may_see(held.info.allowed_principals):
                return None
            return await self._remove(caller.tenant, version, [held], deadline)

    async def purge(self, caller: Caller, condition: Filter, deadline: Deadline) -> Removed | None:
        """Remove a batch of documents; see the port."""
        after = None
        while found := await heads.page(
            self._documents, caller, Listing(condition), after, _PURGED_DOCUMENTS, deadline
        ):
            weighed = ((head, head.info.chunk_count) for head in found)
            batch = next(batched(weighed, _PURGED_DOCUMENTS, _PURGED_CHUNKS))
            removed = await self._purge_batch(caller, condition, [head.info.document_id for head in batch], deadline)
            if removed is not None:
                return removed
            # All of them have changed since: the rest of the list may hold others.
            after = Position(batch[-1].info.document_id, batch[-1].info.updated)
        return None

    async def erase(self, tenant: str, document_ids: Sequence[str], deadline: Deadline) -> Sequence[Head]:
        """Remove documents, whoever may see them, and what deleted ones left; return them as they were."""
        async with self._alone(tenant, document_ids, deadline):
            found, corpus = await heads.with_corpus(self._documents, tenant, document_ids, deadline)
            if found:
                await self._remove(tenant, self._versions.of(corpus), found, deadline)
                await self._documents.delete(tenant, by_ids([head.key for head in found]), deadline)
            return found

    async def version(self, caller: Caller, deadline: Deadline) -> str:
        """Return the corpus version; see the port."""
        return await self._versions.current(caller.tenant, deadline)

    async def _purge_batch(
        self, caller: Caller, condition: Filter, document_ids: Sequence[str], deadline: Deadline
    ) -> Removed | None:
        """Remove those of these documents that the filter still selects; None when it selects none of them."""
        async with self._alone(caller.tenant, document_ids, deadline):
            found, corpus = await heads.with_corpus(self._documents, caller.tenant, document_ids, deadline)
            doomed = [
                head
                for head in found
                if head.live and caller.may_see(head.info.allowed_principals) and matches(condition, head.info.metadata)
            ]
            if not doomed:
                return None
            version = await self._remove(caller.tenant, self._versions.of(corpus), doomed, deadline)
            return Removed(len(doomed), version)

    async def _remove(self, tenant: str, version: str, held: Sequence[Head], deadline: Deadline) -> str:
        """Remove documents; return the corpus version after it."""
        async with self._changing(tenant, version, deadline) as change:
            # They stay live until their chunks are gone: what breaks off before can be found, and removed again.
            await self._announce(change, [_announced(head, change) for head in held])
            keys = [head.key for head in held]
            await self._chunks.delete(tenant, Where.by_property(p.DOCUMENT).contains_any(keys), deadline)
            await self._end(change, [_tombstone(head) for head in held])
        return change.version

    async def _held(self, tenant: str, document_id: str, deadline: Deadline) -> tuple[Head | None, str]:
        found, corpus = await heads.with_corpus(self._documents, tenant, [document_id], deadline)
        return next(iter(found), None), self._versions.of(corpus)

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
            document.text_format,
        )
        body = body_hash(document, chunks)
        same_body = held is not None and held.live and not held.change and held.body_hash == body
        return Head(
            document_key(document.document_id),
            info,
            live=True,
            body=held.body if held is not None and same_body else revision,
            body_hash=body,
        )

    async def _recheck(self, change: _Change, new: Head, known: Head | None, expected: int) -> None:
        """Read a document again.

        Args:
            change: of this process.
            new: what the document is to become.
            known: the document as this process read or wrote it last; None for one that never was.
            expected: the revision to replace.

        Raises:
            Rejection: REVISION_MISMATCH when another process has changed the document since, or has begun to.
        """
        found, _ = await self._held(change.tenant, new.info.document_id, change.deadline)
        if _state(found) != _state(known):
            unfinished = found is not None and bool(found.change)
            stored = 0 if found is None else found.revision + unfinished
            raise revision_mismatch(new.info.document_id, expected, stored)

    async def _replace(
        self, change: _Change, held: Head | None, document: Document, chunks: Sequence[Chunk], new: Head
    ) -> None:
        tenant, deadline = change.tenant, change.deadline
        if held is not None:
            if held.change:
                await self._remove_all_but(tenant, held.key, held.info.revision, deadline)
            if new.body == held.body:
                rights = {p.ACCESS: access(new.info.allowed_principals), p.REVISION: new.info.revision}
                await self._patch(tenant, new.key, rights, deadline)
                await self._end(change, [new])
                return
            narrowed = _narrowed(held, new).info.allowed_principals
            if held.live and narrowed != held.info.allowed_principals:
                await self._patch(tenant, new.key, {p.ACCESS: access(narrowed)}, deadline)
        objects = chunk_objects(new.key, document, new.info.revision, chunks, vectorized=self._vectorized)
        await self._chunks.write(tenant, objects, deadline)
        if held is not None:
            await self._remove_all_but(tenant, new.key, new.info.revision, deadline)
        await self._end(change, [new])

    async def _require_tenant(self, tenant: str, deadline: Deadline) -> None:
        """Create the tenant where Weaviate does not have it."""
        if await self._documents.fetch(tenant, by_ids([document_key("")]), (p.LIVE,), 1, deadline) is None:
            # An operator may have removed it: this process may still remember its version.
            self._versions.forget_tenant(tenant)
            await self._chunks.create_tenant(tenant, deadline)
            await self._documents.create_tenant(tenant, deadline)

    @asynccontextmanager
    async def _changing(self, tenant: str, version: str, deadline: Deadline) -> AsyncIterator[_Change]:
        """Announce a change of the corpus, and forget it when it has ended or has broken off."""
        change = _Change(tenant, secrets.token_urlsafe(12), deadline)
        try:
            await self._versions.begin(tenant, change.version, deadline, first=version == EMPTY_VERSION)
            yield change
        finally:
            self._versions.close(tenant, change.version)

    async def _announce(self, change: _Change, announced: Sequence[Head]) -> None:
        await self._documents.write(change.tenant, map(head_object, announced), change.deadline)

    async def _end(self, change: _Change, changed: Sequence[Head]) -> None:
        following = self._versions.ended(change.tenant, change.version)
        await self._documents.write(change.tenant, [following, *map(head_object, changed)], change.deadline)
        self._versions.note_stored(change.tenant, change.version)

    async def _remove_all_but(self, tenant: str, key: str, revision: int, deadline: Deadline) -> None:
        others = [Where.by_property(p.DOCUMENT).equal(key), Where.by_property(p.REVISION).not_equal(revision)]
        await self._chunks.delete(tenant, Where.all_of(others), deadline)

    async def _patch(self, tenant: str, key: str, properties: dict[str, object], deadline: Deadline) -> None:
        where = Where.by_property(p.DOCUMENT).equal(key)
        found = await self._chunks.fetch(tenant, where, (p.ORDINAL,), _PATCHED_AT_ONCE, deadline)
        await self._chunks.patch(tenant, [each for each, _ in found or ()], properties, deadline)

    @asynccontextmanager
    async def _alone(self, tenant: str, document_ids: Sequence[str], deadline: Deadline) -> AsyncIterator[None]:
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout_at(None if isinf(deadline.at) else deadline.at):
                    # All changes lock in one order, so that no two wait for each other.
                    for each in sorted(document_ids):
                        await held.enter_async_context(self._locks.setdefault((tenant, each), asyncio.Lock()))
            except TimeoutError:
                raise Failure(Cause.STORE_TIMEOUT) from None
            yield


def _announced(head: Head, change: _Change) -> Head:
    """Return a document with a change that has begun; without a hash it is never taken for the one to store."""
    return replace(head, info=replace(head.info, content_hash=""), change=change.version)


def _tombstone(held: Head) -> Head:
    """Return what a deleted document leaves behind."""
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
    return Head(held.key, info, live=False, body=0, body_hash="")


def _state(head: Head | None) -> tuple[int, bool, str] | None:
    """Return the part of a head that every change of the document changes."""
    return None if head is None else (head.info.revision, head.live, head.change)


def _narrowed(held: Head | None, new: Head) -> Head:
    """Return a document while a new revision replaces it: as it was, with the rights that both access lists give."""
    if held is None:
        # Only its key counts yet.
        return Head(new.key, replace(new.info, revision=0), live=False, body=0, body_hash="")
    allowed = new.info.allowed_principals
    if held.live or held.change:
        allowed = _common(held.info.allowed_principals, allowed)
    return replace(held, info=replace(held.info, allowed_principals=allowed))


def _common(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """Return the access list of the callers that both lists admit."""
    if EVERYBODY in one:
        return other
    return one if EVERYBODY in other else one & other
