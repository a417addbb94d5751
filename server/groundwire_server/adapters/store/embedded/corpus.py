"""Keeping documents: each change is one transaction."""

import logging
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from groundwire_server.adapters.store.embedded import documents
from groundwire_server.adapters.store.embedded.access import intern, prune
from groundwire_server.adapters.store.embedded.clauses import Clause
from groundwire_server.adapters.store.embedded.connections import Connections, Job
from groundwire_server.adapters.store.embedded.filters import store_facts
from groundwire_server.adapters.store.embedded.schema import (
    Embedding,
    create_passages,
    passages_table,
    record_embedding,
)
from groundwire_server.adapters.store.packing import (
    packed_metadata,
    packed_place,
    packed_sentences,
    packed_time,
    packed_vectors,
)
from groundwire_server.adapters.store.terms import passage_terms
from groundwire_server.domain.batches import batched
from groundwire_server.domain.caller import Caller
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
)
from groundwire_server.domain.erasure import Erasure, ErasurePlan
from groundwire_server.domain.filters import Filter
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.ports.clock import Clock

_LOG = logging.getLogger(__name__)

COMFORTABLE_CHUNKS: Final = 50_000
"""Chunks of one tenant up to which searches stay fast; past it Weaviate serves better."""

_PURGED_DOCUMENTS: Final = 100
_PURGED_CHUNKS: Final = 2_000
"""The most that one transaction removes: others that write wait for it, and a deadline may end it."""


def _requester(caller: Caller, priority: Priority = Priority.INTERACTIVE) -> Requester:
    return Requester(caller.tenant, caller.subject, priority=priority)


@dataclass(frozen=True, slots=True)
class _Tenant:
    number: int
    change: int
    chunks: int


@dataclass(frozen=True, slots=True)
class _Held:
    """The row of a document's id; a deleted document has no hash and no access list."""

    number: int
    revision: int
    access: int | None
    content_hash: str | None
    chunks: int

    @property
    def deleted(self) -> bool:
        return self.content_hash is None


@dataclass(frozen=True, slots=True)
class Erased:
    """What one change has erased.

    Attributes:
        documents: how many.
        passages: how many these had.
        tombstones: the ids of documents that had been deleted before.
    """

    documents: int
    passages: int
    tombstones: int


class EmbeddedCorpus:
    """The Corpus of the embedded store."""

    def __init__(self, connections: Connections, clock: Clock, embedding: Embedding | None) -> None:
        self._connections = connections
        self._clock = clock
        self._embedding = embedding

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
        work = partial(self._put, caller, document, content_hash, chunks, expected_revision)
        return await self._connections.write(work, deadline, _requester(caller, Priority.BACKGROUND))

    async def info(self, caller: Caller, document_id: str, deadline: Deadline) -> DocumentInfo | None:
        """Describe a document; see the port."""
        return await self._connections.read(partial(documents.info, caller, document_id), deadline, _requester(caller))

    async def text(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Return a document's text; see the port."""
        return await self._connections.read(partial(documents.text, caller, document_id), deadline, _requester(caller))

    async def page(
        self, caller: Caller, listing: Listing, after: Position | None, limit: int, deadline: Deadline
    ) -> Sequence[DocumentInfo]:
        """List documents; see the port."""
        return await self._connections.read(
            partial(documents.page, caller, listing, after, limit), deadline, _requester(caller)
        )

    async def count(self, caller: Caller, condition: Filter, deadline: Deadline) -> int:
        """Count documents; see the port."""
        return await self._connections.read(partial(documents.count, caller, condition), deadline, _requester(caller))

    async def delete(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Remove a document; see the port."""
        return await self._connections.write(partial(_delete, caller, document_id), deadline, _requester(caller))

    async def purge(self, caller: Caller, condition: Filter, deadline: Deadline) -> Removed | None:
        """Remove a batch of documents; see the port."""
        return await self._connections.write(partial(_purge, caller, condition), deadline, _requester(caller))

    async def plan_erasure(self, caller: Caller, erasure: Erasure, limit: int, deadline: Deadline) -> ErasurePlan:
        """Return what an erasure would remove; see `ErasableStore`."""
        work = partial(documents.plan_erasure, caller, erasure, limit)
        return await self._connections.read(work, deadline, _requester(caller))

    async def erase(self, erasure: Erasure, deadline: Deadline) -> Erased | None:
        """Remove a batch of the documents that an erasure names, with their ids; None when there is none left."""
        return await self._connections.write(partial(_erase, erasure), deadline, Requester(erasure.tenant))

    async def version(self, caller: Caller, deadline: Deadline) -> str:
        """Return the corpus version; see the port."""
        return await self._connections.read(partial(documents.version, caller), deadline, _requester(caller))

    def _put(
        self,
        caller: Caller,
        document: Document,
        content_hash: str,
        chunks: Sequence[Chunk],
        expected_revision: int | None,
        connection: sqlite3.Connection,
        job: Job,
    ) -> Stored:
        tenant = _tenant(connection, caller.tenant)
        held = _held(connection, tenant.number, document.document_id)
        if held is not None and held.content_hash == content_hash:
            version = documents.version(caller, connection, job)
            return Stored(PutState.UNCHANGED, held.revision, held.chunks, version)
        stored = 0 if held is None or held.deleted else held.revision
        check_revision(document.document_id, expected_revision, stored)
        if held is not None:
            _clear(connection, tenant.number, held)
        job.check()
        revision = held.revision + 1 if held else 1
        number = self._write_document(connection, tenant, held, document, content_hash, revision, len(chunks))
        self._write_chunks(connection, tenant.number, number, document, chunks, job)
        store_facts(connection, tenant.number, number, document.metadata)
        if held is not None and held.access is not None:
            prune(connection, held.access)
        count = tenant.chunks + len(chunks) - (held.chunks if held else 0)
        version = _changed(connection, tenant, count)
        if tenant.chunks <= COMFORTABLE_CHUNKS < count:
            _LOG.warning(
                "A tenant has passed %d chunks: the embedded store still serves it, but slower with every chunk. "
                "Weaviate is made for corpora of this size.",
                COMFORTABLE_CHUNKS,
                extra={"tenant": caller.tenant, "chunks": count},
            )
        return Stored(PutState.UPDATED if stored else PutState.CREATED, revision, len(chunks), version)

    def _write_document(
        self,
        connection: sqlite3.Connection,
        tenant: _Tenant,
        held: _Held | None,
        document: Document,
        content_hash: str,
        revision: int,
        chunk_count: int,
    ) -> int:
        values = (
            revision,
            tenant.change + 1,
            intern(connection, tenant.number, document.allowed_principals),
            content_hash,
            document.title,
            document.source_uri,
            packed_metadata(document.metadata),
            chunk_count,
            _next_chunk(connection),
            len(document.text.encode()),
            packed_time(self._clock.today()),
            document.text_format.value,
        )
        columns = (
            "revision, change, access, content_hash, title, source_uri, metadata, chunk_count, first_chunk, "
            "size_bytes, updated, text_format"
        )
        if held is None:
            (number,) = connection.execute(
                f"INSERT INTO documents (tenant, document_id, {columns}) "  # noqa: S608 - our own words
                f"VALUES ({', '.join('?' * (2 + len(values)))}) RETURNING id",
                (tenant.number, document.document_id, *values),
            ).fetchone()
        else:
            number = held.number
            connection.execute(
                f"UPDATE documents SET ({columns}) = ({', '.join('?' * len(values))}) WHERE id = ?",  # noqa: S608
                (*values, number),
            )
        connection.execute("INSERT INTO texts VALUES (?, ?)", (number, document.text))
        return int(number)

    def _write_chunks(
        self,
        connection: sqlite3.Connection,
        tenant: int,
        number: int,
        document: Document,
        chunks: Sequence[Chunk],
        job: Job,
    ) -> None:
        first = _next_chunk(connection)
        (access,) = connection.execute("SELECT access FROM documents WHERE id = ?", (number,)).fetchone()
        rows = [
            (
                first + place,
                number,
                access,
                tenant,
                chunk.ordinal,
                chunk.chunk_id,
                chunk.text,
                packed_place(chunk.place),
            )
            for place, chunk in enumerate(chunks)
        ]
        connection.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        job.check()
        terms = passage_terms(document.text, chunks)
        connection.executemany(
            f"INSERT INTO {passages_table(tenant)} (rowid, terms) VALUES (?, ?)",  # noqa: S608 - a number
            enumerate(terms, first),
        )
        sentences = [
            (first + place, *packed_sentences(chunk.sentences)) for place, chunk in enumerate(chunks) if chunk.sentences
        ]
        connection.executemany("INSERT INTO sentences VALUES (?, ?, ?)", sentences)
        if any(chunk.vector is not None for chunk in chunks):
            self._write_vectors(connection, number, chunks)

    def _write_vectors(self, connection: sqlite3.Connection, document: int, chunks: Sequence[Chunk]) -> None:
        if self._embedding is None:
            raise ValueError("chunks have vectors, but the store was opened without an embedding model")
        if any(len(chunk.vector) != self._embedding.dimensions for chunk in chunks if chunk.vector is not None):
            raise ValueError("a chunk's vector has not as many dimensions as the embedding model")
        record_embedding(connection, self._embedding)
        nothing = Vector("f", bytes(4 * self._embedding.dimensions))
        vectors = packed_vectors(nothing if chunk.vector is None else chunk.vector for chunk in chunks)
        connection.execute("INSERT INTO vectors VALUES (?, ?)", (document, vectors))


def _delete(caller: Caller, document_id: str, connection: sqlite3.Connection, job: Job) -> str | None:
    found = _rows(connection, documents.named(connection, caller, document_id), limit=1)
    return _remove(connection, caller.tenant, found, job)


def _purge(caller: Caller, condition: Filter, connection: sqlite3.Connection, job: Job) -> Removed | None:
    found = _rows(connection, documents.selected(connection, caller, condition), _PURGED_DOCUMENTS)
    weighed = ((held, held.chunks) for held in found)
    batch = next(batched(weighed, _PURGED_DOCUMENTS, _PURGED_CHUNKS), [])
    version = _remove(connection, caller.tenant, batch, job)
    return None if version is None else Removed(len(batch), version)


def _erase(erasure: Erasure, connection: sqlite3.Connection, job: Job) -> Erased | None:
    found = _rows(connection, documents.erasable(connection, erasure), _PURGED_DOCUMENTS)
    batch = next(batched(((held, held.chunks) for held in found), _PURGED_DOCUMENTS, _PURGED_CHUNKS), [])
    if not batch:
        return None
    live = [held for held in batch if not held.deleted]
    _remove(connection, erasure.tenant, live, job)
    # The rows stay: by them other processes learn that the vectors are gone.
    connection.executemany(
        "UPDATE documents SET document_id = ?, revision = 0 WHERE id = ?",
        [(f"{documents.ERASED}{secrets.token_hex(16)}", held.number) for held in batch],
    )
    return Erased(len(live), sum(held.chunks for held in live), len(batch) - len(live))


def _remove(connection: sqlite3.Connection, tenant_name: str, doomed: Sequence[_Held], job: Job) -> str | None:
    """Remove documents; return the corpus version after it, None when there are none."""
    if not doomed:
        return None
    tenant = _tenant(connection, tenant_name)
    for held in doomed:
        job.check()
        _clear(connection, tenant.number, held)
        connection.execute(
            "UPDATE documents SET change = ?, access = NULL, content_hash = NULL, title = '', source_uri = '', "
            "metadata = '{}', chunk_count = 0, first_chunk = 0, size_bytes = 0 WHERE id = ?",
            (tenant.change + 1, held.number),
        )
        if held.access is not None:
            prune(connection, held.access)
    return _changed(connection, tenant, tenant.chunks - sum(held.chunks for held in doomed))


def _tenant(connection: sqlite3.Connection, name: str) -> _Tenant:
    row = connection.execute("SELECT id, change, chunks FROM tenants WHERE name = ?", (name,)).fetchone()
    if row is None:
        row = connection.execute(
            "INSERT INTO tenants (name, change, version, chunks) VALUES (?, 0, ?, 0) RETURNING id, change, chunks",
            (name, EMPTY_VERSION),
        ).fetchone()
        create_passages(connection, row[0])
    return _Tenant(*row)


def _held(connection: sqlite3.Connection, tenant: int, document_id: str) -> _Held | None:
    which = Clause("d.tenant = ? AND d.document_id = ?", (tenant, document_id))
    return next(iter(_rows(connection, which, limit=1)), None)


def _rows(connection: sqlite3.Connection, which: Clause, limit: int) -> Sequence[_Held]:
    rows = connection.execute(
        "SELECT d.id, d.revision, d.access, d.content_hash, d.chunk_count FROM documents AS d "  # noqa: S608
        f"WHERE {which.sql} ORDER BY d.id LIMIT ?",
        (*which.parameters, limit),
    ).fetchall()
    return [_Held(*row) for row in rows]


def _clear(connection: sqlite3.Connection, tenant: int, held: _Held) -> None:
    """Remove everything of a document but its row, which remembers the revision."""
    connection.execute(
        f"DELETE FROM {passages_table(tenant)} WHERE rowid IN (SELECT id FROM chunks WHERE document = ?)",  # noqa: S608
        (held.number,),
    )
    for statement in (
        "DELETE FROM sentences WHERE chunk IN (SELECT id FROM chunks WHERE document = ?)",
        "DELETE FROM chunks WHERE document = ?",
        "DELETE FROM vectors WHERE document = ?",
        "DELETE FROM facts WHERE document = ?",
        "DELETE FROM texts WHERE document = ?",
    ):
        connection.execute(statement, (held.number,))


def _changed(connection: sqlite3.Connection, tenant: _Tenant, chunks: int) -> str:
    version = secrets.token_urlsafe(12)
    connection.execute(
        "UPDATE tenants SET change = ?, version = ?, chunks = ? WHERE id = ?",
        (tenant.change + 1, version, chunks, tenant.number),
    )
    return version


def _next_chunk(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
    return 1 if row is None else int(row[0]) + 1
