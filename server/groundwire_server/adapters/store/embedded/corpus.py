"""Keeping documents: each change is one transaction."""

import logging
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from groundwire_server.adapters.store.embedded.access import decoded, intern, prune, visible_lists
from groundwire_server.adapters.store.embedded.connections import Connections, Job
from groundwire_server.adapters.store.embedded.filters import store_facts
from groundwire_server.adapters.store.embedded.retriever import EMPTY_VERSION
from groundwire_server.adapters.store.embedded.schema import (
    Embedding,
    create_passages,
    passages_table,
    record_embedding,
)
from groundwire_server.adapters.store.packing import (
    packed_metadata,
    packed_sentences,
    packed_vectors,
    unpacked_metadata,
)
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Chunk, Document, DocumentInfo, PutState, Stored
from groundwire_server.domain.vector import Vector
from groundwire_server.ports.clock import Clock

_LOG = logging.getLogger(__name__)

COMFORTABLE_CHUNKS: Final = 50_000
"""Chunks of one tenant up to which searches stay fast; past it Weaviate serves better."""

_INFO: Final = (
    "d.document_id, d.title, d.source_uri, d.metadata, a.principals, d.revision, d.content_hash, d.chunk_count, "
    "d.size_bytes, d.updated FROM documents AS d JOIN access_lists AS a ON a.id = d.access"
)


_NAMED: Final = "d.tenant = (SELECT id FROM tenants WHERE name = ?) AND d.document_id = ?"


@dataclass(frozen=True, slots=True)
class _Tenant:
    number: int
    change: int
    chunks: int


@dataclass(frozen=True, slots=True)
class _Held:
    """What is stored under a document's id; a deleted document has no hash and no access list."""

    number: int
    revision: int
    access: int | None
    content_hash: str | None
    chunks: int


class EmbeddedCorpus:
    """The Corpus of the embedded store."""

    def __init__(self, connections: Connections, clock: Clock, embedding: Embedding | None) -> None:
        self._connections = connections
        self._clock = clock
        self._embedding = embedding

    async def put(
        self, caller: Caller, document: Document, content_hash: str, chunks: Sequence[Chunk], deadline: Deadline
    ) -> Stored:
        """Store a document; see the port."""
        return await self._connections.write(partial(self._put, caller, document, content_hash, chunks), deadline)

    async def info(self, caller: Caller, document_id: str, deadline: Deadline) -> DocumentInfo | None:
        """Describe a document; see the port."""
        return await self._connections.read(partial(_info, caller, document_id), deadline)

    async def text(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Return a document's text; see the port."""
        return await self._connections.read(partial(_text, caller, document_id), deadline)

    async def page(self, caller: Caller, after: str, limit: int, deadline: Deadline) -> Sequence[DocumentInfo]:
        """List documents; see the port."""
        return await self._connections.read(partial(_page, caller, after, limit), deadline)

    async def delete(self, caller: Caller, document_id: str, deadline: Deadline) -> str | None:
        """Remove a document; see the port."""
        return await self._connections.write(partial(_delete, caller, document_id), deadline)

    async def version(self, caller: Caller, deadline: Deadline) -> str:
        """Return the corpus version; see the port."""
        return await self._connections.read(partial(_version, caller), deadline)

    def _put(
        self,
        caller: Caller,
        document: Document,
        content_hash: str,
        chunks: Sequence[Chunk],
        connection: sqlite3.Connection,
        job: Job,
    ) -> Stored:
        tenant = _tenant(connection, caller.tenant)
        held = _held(connection, tenant.number, document.document_id)
        if held is not None and held.content_hash == content_hash:
            return Stored(PutState.UNCHANGED, held.revision, held.chunks, _version(caller, connection, job))
        if held is not None:
            _clear(connection, tenant.number, held)
        job.check()
        revision = held.revision + 1 if held else 1
        number = self._write_document(connection, tenant, held, document, content_hash, revision, len(chunks))
        self._write_chunks(connection, tenant.number, number, chunks, job)
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
        is_new = held is None or held.content_hash is None
        return Stored(PutState.CREATED if is_new else PutState.UPDATED, revision, len(chunks), version)

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
            self._clock.today().isoformat(),
        )
        columns = (
            "revision, change, access, content_hash, title, source_uri, metadata, chunk_count, first_chunk, "
            "size_bytes, updated"
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
        self, connection: sqlite3.Connection, tenant: int, document: int, chunks: Sequence[Chunk], job: Job
    ) -> None:
        first = _next_chunk(connection)
        (access,) = connection.execute("SELECT access FROM documents WHERE id = ?", (document,)).fetchone()
        rows = [
            (first + place, document, access, tenant, chunk.ordinal, chunk.chunk_id, chunk.text)
            for place, chunk in enumerate(chunks)
        ]
        connection.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        job.check()
        table = passages_table(tenant)
        connection.execute(
            f"INSERT INTO {table} (rowid, text) SELECT id, text FROM chunks WHERE document = ?",  # noqa: S608
            (document,),
        )
        sentences = [
            (first + place, *packed_sentences(chunk.sentences)) for place, chunk in enumerate(chunks) if chunk.sentences
        ]
        connection.executemany("INSERT INTO sentences VALUES (?, ?, ?)", sentences)
        if any(chunk.vector is not None for chunk in chunks):
            self._write_vectors(connection, document, chunks)

    def _write_vectors(self, connection: sqlite3.Connection, document: int, chunks: Sequence[Chunk]) -> None:
        if self._embedding is None:
            raise ValueError("chunks have vectors, but the store was opened without an embedding model")
        if any(len(chunk.vector) != self._embedding.dimensions for chunk in chunks if chunk.vector is not None):
            raise ValueError("a chunk's vector has not as many dimensions as the embedding model")
        record_embedding(connection, self._embedding)
        nothing = Vector("f", bytes(4 * self._embedding.dimensions))
        vectors = packed_vectors(nothing if chunk.vector is None else chunk.vector for chunk in chunks)
        connection.execute("INSERT INTO vectors VALUES (?, ?)", (document, vectors))


def _info(caller: Caller, document_id: str, connection: sqlite3.Connection, job: Job) -> DocumentInfo | None:
    lists = visible_lists(caller)
    row = connection.execute(
        f"SELECT {_INFO} WHERE {_NAMED} AND d.access IN {lists.sql}",
        (caller.tenant, document_id, *lists.parameters),
    ).fetchone()
    return None if row is None else _described(row)


def _text(caller: Caller, document_id: str, connection: sqlite3.Connection, job: Job) -> str | None:
    lists = visible_lists(caller)
    row = connection.execute(
        "SELECT t.text FROM documents AS d JOIN texts AS t ON t.document = d.id "  # noqa: S608 - our own words
        f"WHERE {_NAMED} AND d.access IN {lists.sql}",
        (caller.tenant, document_id, *lists.parameters),
    ).fetchone()
    return None if row is None else str(row[0])


def _page(caller: Caller, after: str, limit: int, connection: sqlite3.Connection, job: Job) -> list[DocumentInfo]:
    lists = visible_lists(caller)
    rows = connection.execute(
        f"SELECT {_INFO} WHERE d.tenant = (SELECT id FROM tenants WHERE name = ?) "  # noqa: S608 - our own words
        f"AND d.document_id > ? AND d.access IN {lists.sql} ORDER BY d.document_id LIMIT ?",
        (caller.tenant, after, *lists.parameters, limit),
    ).fetchall()
    return [_described(row) for row in rows]


def _delete(caller: Caller, document_id: str, connection: sqlite3.Connection, job: Job) -> str | None:
    lists = visible_lists(caller)
    visible = connection.execute(
        f"SELECT 1 FROM documents AS d WHERE {_NAMED} AND d.access IN {lists.sql}",  # noqa: S608
        (caller.tenant, document_id, *lists.parameters),
    ).fetchone()
    if visible is None:
        return None
    tenant = _tenant(connection, caller.tenant)
    held = _held(connection, tenant.number, document_id)
    if held is None or held.access is None:
        return None
    _clear(connection, tenant.number, held)
    connection.execute(
        "UPDATE documents SET change = ?, access = NULL, content_hash = NULL, title = '', source_uri = '', "
        "metadata = '{}', chunk_count = 0, first_chunk = 0, size_bytes = 0 WHERE id = ?",
        (tenant.change + 1, held.number),
    )
    prune(connection, held.access)
    return _changed(connection, tenant, tenant.chunks - held.chunks)


def _version(caller: Caller, connection: sqlite3.Connection, job: Job) -> str:
    row = connection.execute("SELECT version FROM tenants WHERE name = ?", (caller.tenant,)).fetchone()
    return EMPTY_VERSION if row is None else str(row[0])


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
    row = connection.execute(
        "SELECT id, revision, access, content_hash, chunk_count FROM documents WHERE tenant = ? AND document_id = ?",
        (tenant, document_id),
    ).fetchone()
    return None if row is None else _Held(*row)


def _clear(connection: sqlite3.Connection, tenant: int, held: _Held) -> None:
    """Remove everything of a document but its row, which remembers the revision."""
    table = passages_table(tenant)
    # The keyword index keeps no text of its own: it is told what to forget.
    connection.execute(
        f"INSERT INTO {table} ({table}, rowid, text) SELECT 'delete', id, text FROM chunks WHERE document = ?",  # noqa: S608
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


def _described(row: tuple[str, str, str, str, str, int, str, int, int, str]) -> DocumentInfo:
    document_id, title, source_uri, metadata, principals, revision, content_hash, chunk_count, size, updated = row
    return DocumentInfo(
        document_id=document_id,
        title=title,
        source_uri=source_uri,
        metadata=unpacked_metadata(metadata),
        allowed_principals=decoded(principals),
        revision=revision,
        content_hash=content_hash,
        chunk_count=chunk_count,
        size_bytes=size,
        updated=datetime.fromisoformat(updated),
    )
