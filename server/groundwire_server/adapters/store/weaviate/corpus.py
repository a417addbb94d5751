"""Keeping documents where only single objects are written atomically.

A replacement goes: announce the change - write the new passages beside the old ones, under the change's name - end it:
write the document's description, which names the change, and the corpus version - delete the old passages - remove the
announcement. A removal announces, ends with a description that names no change, and deletes the passages. Nothing that
a description does not name is ever shown, so that the write of that one object is the moment of the change. A change of
the access list alone admits to the passages whom either list admits, changes the description, whose list counts as
well, and then takes away what the new list does not give.

What breaks off is found by its announcement, and finished or undone by the next change of the document, and by a sweep:
see `recovery.py`.

One process changes one document at a time. Weaviate has no way to refuse the change of another process. Each writes
under a name of its own, so their passages never mix, and the description that is written last counts. Each reads the
document again right before the end. At least one of two sees the other's announcement; it leaves its own, by which what
does not count is found later. Where a caller expects a revision, another process goes unnoticed only when it writes
between this read and the write behind it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from weaviate.classes.query import Filter as Where

from groundwire_server.adapters.store.document_locks import DocumentLocks
from groundwire_server.adapters.store.weaviate import heads
from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.changes import Change, Changes
from groundwire_server.adapters.store.weaviate.collections import Objects, by_ids
from groundwire_server.adapters.store.weaviate.objects import (
    Head,
    body_hash,
    chunk_objects,
    document_key,
    head_object,
    principals_of,
    text_key,
    tombstone,
    whole_text,
)
from groundwire_server.adapters.store.weaviate.pending import needed_by
from groundwire_server.adapters.store.weaviate.recovery import Recovery, set_access
from groundwire_server.adapters.store.weaviate.versions import Versions
from groundwire_server.domain.batches import batched
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import (
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
from groundwire_server.domain.filters import Filter, matches
from groundwire_server.ports.clock import Clock

_PURGED_DOCUMENTS: Final = 100
_PURGED_CHUNKS: Final = 10_000
"""The most that one change removes: as many objects as Weaviate deletes in one call."""


class WeaviateCorpus:
    """The Corpus of the Weaviate store.

    Args:
        chunks: the collection of chunks.
        documents: the collection of documents.
        versions: the tenants' corpus versions.
        changes: of this process.
        recovery: finishes or undoes what broke off.
        clock: dates the documents.
        vectorized: whether Weaviate makes the vectors.
    """

    def __init__(
        self,
        chunks: Objects,
        documents: Objects,
        versions: Versions,
        changes: Changes,
        recovery: Recovery,
        clock: Clock,
        *,
        vectorized: bool = False,
    ) -> None:
        self._vectorized = vectorized
        self._whole = whole_text(vectorized=vectorized)
        self._chunks = chunks
        self._documents = documents
        self._versions = versions
        self._changes = changes
        self._recovery = recovery
        self._clock = clock
        self._locks = DocumentLocks()

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
        tenant, key = caller.tenant, document_key(document.document_id)
        async with self._locks.hold(tenant, [document.document_id], deadline):
            state = await self._settled(tenant, [document.document_id], deadline)
            held = state.heads.get(key)
            if held is not None and held.live and held.info.content_hash == content_hash:
                return Stored(PutState.UNCHANGED, held.info.revision, held.info.chunk_count, state.version)
            replaced = 0 if held is None else held.revision
            check_revision(document.document_id, expected_revision, replaced)
            if held is None:
                await self._require_tenant(tenant, deadline)
            new = self._described(document, content_hash, chunks, held)
            access_alone = held is not None and held.live and held.body_hash == new.body_hash
            # One that never was is announced by its key alone.
            before = held or replace(new, body="")
            async with self._changes.begun(
                tenant, [before], deadline, written=len(chunks), access_alone=access_alone
            ) as change:
                change.contended = bool(state.pending)
                if expected_revision is not None:
                    await self._read_again(change, state, expected_revision)
                if held is not None and access_alone and not change.contended:
                    named = replace(new, body=held.body)
                    if await self._change_access(change, state, held, named, expected_revision):
                        return Stored(PutState.UPDATED, new.info.revision, new.info.chunk_count, change.version)
                new = replace(new, body=change.version)
                objects = chunk_objects(new, document, chunks, vectorized=self._vectorized)
                await self._chunks.write(tenant, objects, deadline)
                new = await self._supersede(change, state, new, expected_revision)
        stored = PutState.UPDATED if replaced else PutState.CREATED
        return Stored(stored, new.info.revision, new.info.chunk_count, change.version)

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
        async with self._locks.hold(caller.tenant, [document_id], deadline):
            state = await self._settled(caller.tenant, [document_id], deadline)
            held = state.heads.get(document_key(document_id))
            if held is None or not held.live or not caller.may_see(held.info.allowed_principals):
                return None
            return await self._remove(caller.tenant, state, [held], deadline)

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
        """Remove documents, visible or not, and what deleted ones left; return them as they were."""
        async with self._locks.hold(tenant, document_ids, deadline):
            state = await self._settled(tenant, document_ids, deadline)
            found = list(state.heads.values())
            if found:
                await self._remove(tenant, state, found, deadline)
                await self._documents.delete(tenant, by_ids([head.key for head in found]), deadline)
            return found

    async def version(self, caller: Caller, deadline: Deadline) -> str:
        """Return the corpus version; see the port."""
        return await self._versions.current(caller.tenant, deadline)

    async def _purge_batch(
        self, caller: Caller, condition: Filter, document_ids: Sequence[str], deadline: Deadline
    ) -> Removed | None:
        """Remove those of these documents that the filter still selects; None when it selects none of them."""
        async with self._locks.hold(caller.tenant, document_ids, deadline):
            state = await self._settled(caller.tenant, document_ids, deadline)
            doomed = [
                head
                for head in state.heads.values()
                if head.live and caller.may_see(head.info.allowed_principals) and matches(condition, head.info.metadata)
            ]
            if not doomed:
                return None
            version = await self._remove(caller.tenant, state, doomed, deadline)
            return Removed(len(doomed), version)

    async def _remove(self, tenant: str, state: heads.StoredState, held: Sequence[Head], deadline: Deadline) -> str:
        """Remove documents; return the corpus version after it."""
        async with self._changes.begun(tenant, held, deadline) as change:
            others = await self._others(change, state)
            await self._end(change, [tombstone(head) for head in held])
            await self._delete(change, held, others)
            await self._changes.end(change)
        return change.version

    async def _settled(self, tenant: str, document_ids: Sequence[str], deadline: Deadline) -> heads.StoredState:
        """Return what is stored of documents, with what broke off before finished or undone."""
        state = await heads.state(self._documents, self._versions, tenant, document_ids, deadline)
        broken = [each for each in state.pending if self._changes.broken_off(each)]
        if not broken:
            return state
        await self._recovery.recover(tenant, broken, deadline)
        return await heads.state(self._documents, self._versions, tenant, document_ids, deadline)

    def _described(self, document: Document, content_hash: str, chunks: Sequence[Chunk], held: Head | None) -> Head:
        """Return the description of a document that is to be stored, without its body."""
        info = DocumentInfo(
            document.document_id,
            document.title,
            document.source_uri,
            document.metadata,
            document.allowed_principals,
            held.info.revision + 1 if held else 1,
            content_hash,
            len(chunks),
            len(document.text.encode()),
            self._clock.today(),
            document.text_format,
        )
        return Head(document_key(document.document_id), info, live=True, body="", body_hash=body_hash(document, chunks))

    async def _others(self, change: Change, known: heads.StoredState) -> heads.StoredState:
        """Return documents as they are before their change takes effect, with the changes of other processes alone.

        Args:
            change: of this process, which notes whether there are any.
            known: what was stored when the change began.
        """
        ids = [each.document_id for each in change.pending]
        state = await heads.state(self._documents, self._versions, change.tenant, ids, change.deadline)
        others = [each for each in state.pending if each.change != change.version]
        moved = any(_state(state.heads.get(each.key)) != _state(known.heads.get(each.key)) for each in change.pending)
        change.contended = change.contended or moved or bool(others)
        return replace(state, pending=others)

    async def _read_again(self, change: Change, known: heads.StoredState, expected: int | None) -> heads.StoredState:
        """Return a document as it is before its change takes effect; see `_others`.

        Args:
            change: of this process.
            known: what was stored when the change began.
            expected: the revision to replace; None for any.

        Raises:
            Rejection: REVISION_MISMATCH when one is expected, and another process has changed the document since, or
                has begun to. What this one has written is removed.
        """
        (pending,) = change.pending
        state = await self._others(change, known)
        found = state.heads.get(pending.key)
        moved = _state(found) != _state(known.heads.get(pending.key))
        begun = {each.change for each in state.pending} - {each.change for each in known.pending}
        if expected is not None and (moved or begun):
            await self._recovery.undo(change.tenant, pending, change.deadline)
            # One that has only begun will make the next revision.
            stored = (0 if found is None else found.revision) + (not moved)
            raise revision_mismatch(pending.document_id, expected, stored)
        return state

    async def _change_access(
        self, change: Change, known: heads.StoredState, held: Head, new: Head, expected: int | None
    ) -> bool:
        """Change the access list alone; return False when another process changes the document at the same time.

        That one may delete the passages as soon as it has replaced them. One that begins later sees this change, and
        lets them be.
        """
        tenant, deadline = change.tenant, change.deadline
        before, after = held.info.allowed_principals, new.info.allowed_principals
        either = frozenset({EVERYBODY}) if EVERYBODY in before | after else before | after
        if either != before:
            await set_access(self._chunks, tenant, held, either, deadline)
        await self._read_again(change, known, expected)
        if change.contended:
            return False
        await self._end(change, [new])
        if either != after:
            await set_access(self._chunks, tenant, new, after, deadline)
        await self._changes.end(change)
        return True

    async def _supersede(self, change: Change, known: heads.StoredState, new: Head, expected: int | None) -> Head:
        """End a change whose passages are written, and delete what it replaces; return the description as stored."""
        others = await self._read_again(change, known, expected)
        found = others.heads.get(new.key)
        if found is not None:
            new = replace(new, info=replace(new.info, revision=found.info.revision + 1))
        await self._end(change, [new])
        await self._delete(change, [] if found is None else [found], others)
        await self._changes.end(change)
        return new

    async def _require_tenant(self, tenant: str, deadline: Deadline) -> None:
        """Create the tenant where Weaviate does not have it."""
        if await self._documents.fetch(tenant, by_ids([document_key("")]), (p.LIVE,), 1, deadline) is None:
            # An operator may have removed it: this process may still remember its version.
            self._versions.forget_tenant(tenant)
            await self._chunks.create_tenant(tenant, deadline)
            await self._documents.create_tenant(tenant, deadline)

    async def _end(self, change: Change, changed: Sequence[Head]) -> None:
        """Let a change take effect."""
        corpus = self._versions.corpus_object(change.version)
        by = self._changes.bounded(change)
        await self._documents.write(change.tenant, [corpus, *map(head_object, changed)], by)
        self._versions.note_stored(change.tenant, change.version)

    async def _delete(self, change: Change, replaced: Sequence[Head], others: heads.StoredState) -> None:
        """Delete the passages of documents as they were before a change, but those that another change still needs."""
        needed = needed_by(others.pending)
        found = [head for head in replaced if head.body and head.body not in needed]
        if found:
            documents = Where.by_property(p.DOCUMENT).contains_any([head.key for head in found])
            bodies = Where.by_property(p.BODY).contains_any(sorted({head.body for head in found}))
            await self._chunks.delete(change.tenant, Where.all_of([documents, bodies]), change.deadline)


def _state(head: Head | None) -> tuple[int, bool, str] | None:
    """Return the part of a description that every change of the document changes."""
    return None if head is None else (head.info.revision, head.live, head.body)
