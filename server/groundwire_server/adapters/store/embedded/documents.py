"""Reading documents: each function runs in a transaction that its caller opened."""

import sqlite3
from datetime import datetime
from typing import Final

from groundwire_server.adapters.store.embedded.access import decoded, visible_lists
from groundwire_server.adapters.store.embedded.clauses import Clause, joined, marks
from groundwire_server.adapters.store.embedded.connections import Job
from groundwire_server.adapters.store.embedded.filters import compiled
from groundwire_server.adapters.store.packing import packed_time, unpacked_metadata
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.document import (
    EMPTY_VERSION,
    DocumentInfo,
    DocumentOrder,
    Listing,
    Position,
    TextFormat,
)
from groundwire_server.domain.erasure import EntireTenant, Erasure, ErasurePlan, OneDocument, OneSource
from groundwire_server.domain.filters import Filter

_INFO: Final = (
    "d.document_id, d.title, d.source_uri, d.metadata, a.principals, d.revision, d.content_hash, d.chunk_count, "
    "d.size_bytes, d.updated, d.text_format FROM documents AS d JOIN access_lists AS a ON a.id = d.access"
)

ERASED: Final = "erased "
"""What the ids of erased documents begin with, in place of their own; no document's own id has a space."""

_BY_TIME: Final = ("d.updated", "d.document_id")
_ORDER: Final = {
    DocumentOrder.ID: ("d.document_id",),
    DocumentOrder.OLDEST: _BY_TIME,
    DocumentOrder.NEWEST: _BY_TIME,
}


def info(caller: Caller, document_id: str, connection: sqlite3.Connection, job: Job) -> DocumentInfo | None:
    """Describe a document that the caller may see."""
    which = named(connection, caller, document_id)
    row = connection.execute(f"SELECT {_INFO} WHERE {which.sql}", which.parameters).fetchone()
    return None if row is None else _described(row)


def text(caller: Caller, document_id: str, connection: sqlite3.Connection, job: Job) -> str | None:
    """Return the text of a document that the caller may see."""
    which = named(connection, caller, document_id)
    row = connection.execute(
        f"SELECT t.text FROM documents AS d JOIN texts AS t ON t.document = d.id WHERE {which.sql}",  # noqa: S608
        which.parameters,
    ).fetchone()
    return None if row is None else str(row[0])


def page(
    caller: Caller, listing: Listing, after: Position | None, limit: int, connection: sqlite3.Connection, job: Job
) -> list[DocumentInfo]:
    """Return the documents of a listing that come after a position."""
    which = selected(connection, caller, listing.filter)
    columns = _ORDER[listing.order]
    direction, beyond = ("DESC", "<") if listing.order is DocumentOrder.NEWEST else ("ASC", ">")
    if after is not None:
        place = {"d.updated": packed_time(after.updated), "d.document_id": after.document_id}
        sql = f"({', '.join(columns)}) {beyond} ({marks(columns)})"
        which = joined([which, Clause(sql, tuple(place[column] for column in columns))], "AND")
    order = ", ".join(f"{column} {direction}" for column in columns)
    rows = connection.execute(
        f"SELECT {_INFO} WHERE {which.sql} ORDER BY {order} LIMIT ?",
        (*which.parameters, limit),
    ).fetchall()
    return [_described(row) for row in rows]


def count(caller: Caller, condition: Filter, connection: sqlite3.Connection, job: Job) -> int:
    """Count the documents that the caller may see and that satisfy a filter."""
    which = selected(connection, caller, condition)
    (found,) = connection.execute(
        f"SELECT count(*) FROM documents AS d WHERE {which.sql}",  # noqa: S608 - our own words
        which.parameters,
    ).fetchone()
    return int(found)


def erasable(connection: sqlite3.Connection, erasure: Erasure) -> Clause:
    """Select, as rows `d` of `documents`, those that an erasure names, deleted ones too, whatever their access list."""
    row = connection.execute("SELECT id FROM tenants WHERE name = ?", (erasure.tenant,)).fetchone()
    if row is None:
        return Clause("0")
    match erasure.selection:
        case OneDocument(document_id):
            return Clause("d.tenant = ? AND d.document_id = ?", (row[0], document_id))
        case OneSource(uri, prefix=False):
            return Clause("d.tenant = ? AND d.source_uri = ?", (row[0], uri))
        case OneSource(uri):
            # By bytes: SQLite's functions on text end at a NUL.
            written = uri.encode()
            condition = "d.tenant = ? AND substr(CAST(d.source_uri AS BLOB), 1, ?) = ?"
            return Clause(condition, (row[0], len(written), written))
        case EntireTenant():
            return Clause("d.tenant = ? AND d.document_id NOT GLOB ?", (row[0], f"{ERASED}*"))


def plan_erasure(caller: Caller, erasure: Erasure, limit: int, connection: sqlite3.Connection, job: Job) -> ErasurePlan:
    """Count the documents that an erasure names, and list those that the caller may see."""
    which = erasable(connection, erasure)
    (found,) = connection.execute(
        f"SELECT count(*) FROM documents AS d WHERE {which.sql} AND d.access IS NOT NULL",  # noqa: S608 - our own words
        which.parameters,
    ).fetchone()
    seen = joined([which, selected(connection, caller)], "AND")
    rows = connection.execute(
        f"SELECT d.document_id FROM documents AS d WHERE {seen.sql} ORDER BY d.document_id LIMIT ?",  # noqa: S608
        (*seen.parameters, limit),
    ).fetchall()
    return ErasurePlan(int(found), tuple(document_id for (document_id,) in rows))


def total(connection: sqlite3.Connection, job: Job) -> int:
    """Count the documents of all tenants; the index of access lists holds all that it takes."""
    (found,) = connection.execute("SELECT count(*) FROM documents WHERE access IS NOT NULL").fetchone()
    return int(found)


def version(caller: Caller, connection: sqlite3.Connection, job: Job) -> str:
    """Return the corpus version."""
    row = connection.execute("SELECT version FROM tenants WHERE name = ?", (caller.tenant,)).fetchone()
    return EMPTY_VERSION if row is None else str(row[0])


def selected(connection: sqlite3.Connection, caller: Caller, condition: Filter | None = None) -> Clause:
    """Select, as rows `d` of `documents`, what the caller may see and what satisfies a filter."""
    row = connection.execute("SELECT id FROM tenants WHERE name = ?", (caller.tenant,)).fetchone()
    if row is None:
        return Clause("0")
    lists = visible_lists(caller)
    conditions = [Clause("d.tenant = ?", (row[0],)), Clause(f"d.access IN {lists.sql}", lists.parameters)]
    if condition is not None:
        conditions.append(compiled(condition, row[0]))
    return joined(conditions, "AND")


def named(connection: sqlite3.Connection, caller: Caller, document_id: str) -> Clause:
    """Select, as row `d` of `documents`, a document that the caller may see."""
    return joined([selected(connection, caller), Clause("d.document_id = ?", (document_id,))], "AND")


def _described(row: tuple[str, str, str, str, str, int, str, int, int, str, str]) -> DocumentInfo:
    (
        *(document_id, title, source_uri, metadata, principals, revision, content_hash, chunk_count, size, updated),
        text_format,
    ) = row
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
        text_format=TextFormat(text_format),
    )
