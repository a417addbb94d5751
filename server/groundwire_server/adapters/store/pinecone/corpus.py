"""Keeping documents where only single requests are written atomically.

A replacement goes: announce the change - write the new body beside the old one, under the change's name - end it: write
the description, which names the new body, and the corpus version in one request - delete the old body and the
announcement. A removal ends with a description that names no body. Nothing that a description does not name is ever
shown, so that the write of the description is the moment of the change. All of it goes to one namespace, in whose log
the new passages come before the description.

What breaks off is found by its announcement, and finished or undone by the next change of the document, by an erasure,
and by a sweep: see `recovery.py`.

One process changes one document at a time. Pinecone has no way to refuse the change of another process: each writes
under a name of its own, so their passages never mix, and the description that is written last counts. Where a caller
expects a revision, the document is read again right before the end.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from groundwire_server.adapters.store.document_locks import DocumentLocks
from groundwire_server.adapters.store.pinecone import documents as d
from groundwire_server.adapters.store.pinecone import words
from groundwire_server.adapters.store.pinecone.catalogue import Catalogue
from groundwire_server.adapters.store.pinecone.documents import Body, Description, Kind, RecordContents, document_key
from groundwire_server.adapters.store.pinecone.pending import PineconeChanges
from groundwire_server.adapters.store.pinecone.records import PineconeRecord, PineconeRecords
from groundwire_server.adapters.store.pinecone.state import CorpusVersions, State, descriptions, pieces, state
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
    Stored,
    check_revision,
)
from groundwire_server.domain.filters import Filter, matches
from groundwire_server.ports.clock import Clock

_PURGED: Final = 100
"""Documents that one change removes."""


class PineconeCorpus:
    """The Corpus of the Pinecone store.

    Args:
        sparse: the index with everything but vectors.
        dense: the index with the vectors; None where there are none.
        versions: the tenants' corpus versions.
        changes: announces and recovers changes.
        catalogue: the tenants' descriptions.
        clock: dates the documents.
    """

    def __init__(
        self,
        sparse: PineconeRecords,
        dense: PineconeRecords | None,
        versions: CorpusVersions,
        changes: PineconeChanges,
        catalogue: Catalogue,
        clock: Clock,
    ) -> None:
        self._sparse = sparse
        self._dense = dense
        self._versions = versions
        self._changes = changes
        self._catalogue = catalogue
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
        async with self._locks.hold(tenant, [key], deadline):
            stored = await self._settled(tenant, [key], deadline)
            held = stored.descriptions.get(key)
            if held is not None and held.live and held.info.content_hash == d.kept_hash(content_hash):
                info = held.info
                return Stored(PutState.UNCHANGED, info.revision, info.chunk_count, stored.version)
            replaced = 0 if held is None else held.revision
            check_revision(document.document_id, expected_revision, replaced)
            contents = RecordContents.of(document, chunks)
            change = self._changes.pending(key, contents.body(self._changes.new_name()), held.body if held else None)
            new = self._described(document, content_hash, contents, change.body, held)
            # Made first: what Pinecone would not keep is refused before anything is written.
            records, _ = list(contents.sparse_records(change.body)), d.description_record(new)
            async with self._changes.begun(tenant, [change], deadline):
                await self._write_body(tenant, contents, change.body, records, deadline)
                again = await state(self._sparse, tenant, [key], deadline)
                held = again.descriptions.get(key)
                if expected_revision is not None:
                    check_revision(document.document_id, expected_revision, held.revision if held else 0)
                if held is not None:
                    new = replace(new, info=replace(new.info, revision=held.info.revision + 1))
                    change = replace(change, replaced=held.body)
                version = _new_version()
                await self._sparse.write(tenant, [d.description_record(new), d.corpus_record(version)], deadline)
                await self._ended(tenant, stored.version, version, [new], deadline)
                # Where another process changes the document as well, the announcement stays: which of the two counts
                # is seen when both have ended.
                if not any(other.id != change.id for other in again.changes):
                    await self._changes.end(tenant, [change], {key: new}, deadline)
        state_of_put = PutState.UPDATED if replaced else PutState.CREATED
        return Stored(state_of_put, new.info.revision, new.info.chunk_count, version)

    async def info(self, caller: Caller, document_id: str, deadline: Deadline) -> DocumentInfo | None:
        """Describe a document; see the port."""
        found = await self._visible(caller, document_id, deadline)
        return None if found is None else found.info

    async def text(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Return a document's text; see the port."""
        # A document that is replaced between the two calls is found by the second attempt.
        for _ in range(2):
            found = await self._visible(caller, document_id, deadline)
            if found is None or found.body is None:
                return None
            wanted = range(found.body.texts)
            read = await pieces(self._sparse, caller.tenant, found.body.name, Kind.TEXT, wanted, deadline)
            if len(read) == len(wanted):
                return "".join(read[place] for place in wanted)
        return None

    async def page(
        self, caller: Caller, listing: Listing, after: Position | None, limit: int, deadline: Deadline
    ) -> Sequence[DocumentInfo]:
        """List documents; see the port."""
        newest_first = listing.order is DocumentOrder.NEWEST
        listed = sorted(
            ((_place(listing, info), info) for info in await self._matching(caller, listing.filter, deadline)),
            key=lambda each: each[0],
            reverse=newest_first,
        )
        if after is not None:
            start = _place(listing, after)
            listed = [each for each in listed if (each[0] < start if newest_first else each[0] > start)]
        return [info for _, info in listed[:limit]]

    async def count(self, caller: Caller, condition: Filter, deadline: Deadline) -> int:
        """Count documents; see the port."""
        return len(await self._matching(caller, condition, deadline))

    async def delete(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Remove a document; see the port."""
        keys = [document_key(document_id)]
        async with self._locks.hold(caller.tenant, keys, deadline):
            stored = await self._settled(caller.tenant, keys, deadline)
            doomed = [each for each in stored.descriptions.values() if _exists(caller, each)]
            return await self._remove(caller.tenant, stored, doomed, deadline) if doomed else None

    async def purge(self, caller: Caller, condition: Filter, deadline: Deadline) -> Removed | None:
        """Remove a batch of documents; see the port."""
        found = await self._matching(caller, condition, deadline)
        for start in range(0, len(found), _PURGED):
            keys = [document_key(info.document_id) for info in found[start : start + _PURGED]]
            async with self._locks.hold(caller.tenant, keys, deadline):
                stored = await self._settled(caller.tenant, keys, deadline)
                doomed = [
                    each
                    for each in stored.descriptions.values()
                    if _exists(caller, each) and matches(condition, each.info.metadata)
                ]
                if doomed:
                    return Removed(len(doomed), await self._remove(caller.tenant, stored, doomed, deadline))
        return None

    async def version(self, caller: Caller, deadline: Deadline) -> str:
        """Return the corpus version; see the port."""
        return await self._versions.current(caller.tenant, deadline)

    async def all_descriptions(self, tenant: str, deadline: Deadline) -> Collection[Description]:
        """Return what is stored about all documents of a tenant, deleted ones too, whatever their access list."""
        version = await self._versions.current(tenant, deadline)
        return await self._catalogue.of(tenant, version, deadline)

    async def erase(self, tenant: str, document_ids: Sequence[str], deadline: Deadline) -> Sequence[Description]:
        """Remove documents, visible or not, and what deleted ones have left; return what was there of them."""
        keys = list(map(document_key, document_ids))
        async with self._locks.hold(tenant, keys, deadline):
            stored = await self._settled(tenant, keys, deadline)
            found = list(stored.descriptions.values())
            if not found:
                return ()
            version = stored.version
            if live := [each for each in found if each.live]:
                version = await self._remove(tenant, stored, live, deadline)
            # What broke off a moment ago goes as well: nothing will name it any more.
            await self._changes.end(tenant, stored.changes, {}, deadline)
            await self._sparse.delete(tenant, [d.description_id(each.key) for each in found], deadline)
            # Its number in the log is behind the deletions.
            await self._sparse.write(tenant, [d.corpus_record(version)], deadline)
            await self._sparse.settle(tenant, words.MARK, deadline)
            self._catalogue.note_erased(tenant, version, version, keys)
            return found

    async def _remove(self, tenant: str, stored: State, doomed: Sequence[Description], deadline: Deadline) -> str:
        """Remove documents; return the corpus version after it."""
        version, now = _new_version(), self._clock.today()
        gone = [d.tombstone(each.info, now) for each in doomed]
        nothing = Body(self._changes.new_name(), passages=0, texts=0, sentences=0)
        removals = [self._changes.pending(each.key, nothing, each.body) for each in doomed]
        async with self._changes.begun(tenant, removals, deadline):
            await self._sparse.write(tenant, [*map(d.description_record, gone), d.corpus_record(version)], deadline)
            await self._ended(tenant, stored.version, version, gone, deadline)
            await self._changes.end(tenant, removals, {each.key: each for each in gone}, deadline)
        return version

    async def _settled(self, tenant: str, keys: Sequence[str], deadline: Deadline) -> State:
        """Return what is stored of documents, of which no change has broken off any more."""
        found = await state(self._sparse, tenant, keys, deadline)
        await self._changes.recover(tenant, found.changes, found.descriptions, deadline)
        return found

    async def _write_body(
        self, tenant: str, contents: RecordContents, body: Body, records: Sequence[PineconeRecord], deadline: Deadline
    ) -> None:
        await self._sparse.write(tenant, records, deadline)
        vector = next((chunk.vector for chunk in contents.chunks if chunk.vector is not None), None)
        if self._dense is not None and vector is not None:
            await self._dense.write(tenant, contents.dense_records(body), deadline)
            # The two indexes have a log each: the vectors must be found before the description names them.
            await self._dense.settle(tenant, vector.tolist(), deadline)

    async def _ended(
        self, tenant: str, before: str, version: str, changed: Sequence[Description], deadline: Deadline
    ) -> None:
        """Wait until a change is found, and make it known in this process."""
        self._versions.forget(tenant)
        self._catalogue.note(tenant, before, version, changed)
        await self._sparse.settle(tenant, words.MARK, deadline)
        self._versions.note(tenant, version)

    def _described(
        self, document: Document, content_hash: str, contents: RecordContents, body: Body, held: Description | None
    ) -> Description:
        info = DocumentInfo(
            document_id=document.document_id,
            title=document.title,
            source_uri=document.source_uri,
            metadata=document.metadata,
            allowed_principals=document.allowed_principals,
            revision=1 + (0 if held is None else held.info.revision),
            content_hash=d.kept_hash(content_hash),
            chunk_count=len(contents.chunks),
            size_bytes=len(document.text.encode("utf-8", "surrogatepass")),
            updated=self._clock.today(),
            text_format=document.text_format,
        )
        return Description(info, body)

    async def _visible(self, caller: Caller, document_id: str, deadline: Deadline) -> Description | None:
        key = document_key(document_id)
        found = (await descriptions(self._sparse, caller.tenant, [key], deadline)).get(key)
        return found if found is not None and _exists(caller, found) else None

    async def _matching(self, caller: Caller, condition: Filter | None, deadline: Deadline) -> list[DocumentInfo]:
        return [
            each.info
            for each in await self.all_descriptions(caller.tenant, deadline)
            if _exists(caller, each) and (condition is None or matches(condition, each.info.metadata))
        ]


def _exists(caller: Caller, description: Description) -> bool:
    return description.live and caller.may_see(description.info.allowed_principals)


def _new_version() -> str:
    return secrets.token_hex(9)


def _place(listing: Listing, document: DocumentInfo | Position) -> tuple[float, str]:
    by_time = listing.order is not DocumentOrder.ID
    return document.updated.timestamp() if by_time else 0.0, document.document_id
