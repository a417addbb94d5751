"""The tables, the version of the file's format, and the embedding model of the vectors."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from groundwire_server.adapters.store.embedded.failures import UnusableStoreFailure
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause

FORMAT: Final = 2
"""The version of the file's format, in `PRAGMA user_version`."""

APPLICATION: Final = 0x67774472
"""Marks the file as a groundwire store, in `PRAGMA application_id`."""

_OLDEST_SQLITE: Final = (3, 38)

_TABLES: Final = """
-- Settings of the whole file: the embedding model's name and dimensions.
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- change counts a tenant's changes; version is what callers see of it, and never repeats, even after a restored backup.
CREATE TABLE tenants (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    change INTEGER NOT NULL, version TEXT NOT NULL, chunks INTEGER NOT NULL
);

-- Documents share few access lists; a list's id is never used again. A list without grants admits nobody.
CREATE TABLE access_lists (
    id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, principals TEXT NOT NULL,
    UNIQUE (tenant, principals)
);
CREATE TABLE grants (
    tenant INTEGER NOT NULL, principal TEXT NOT NULL, list INTEGER NOT NULL,
    PRIMARY KEY (tenant, principal, list)
) WITHOUT ROWID;
CREATE INDEX grants_by_list ON grants (list);

-- A deleted document leaves its id, revision and change behind; its access, like its content_hash, is null. An erased
-- one leaves its change alone, under an id that stands for nothing.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, document_id TEXT NOT NULL,
    revision INTEGER NOT NULL, change INTEGER NOT NULL, access INTEGER, content_hash TEXT,
    title TEXT NOT NULL, source_uri TEXT NOT NULL, metadata TEXT NOT NULL, text_format TEXT NOT NULL,
    chunk_count INTEGER NOT NULL, first_chunk INTEGER NOT NULL, size_bytes INTEGER NOT NULL, updated TEXT NOT NULL,
    UNIQUE (tenant, document_id)
);
CREATE INDEX documents_by_change ON documents (tenant, change);
CREATE INDEX documents_by_access ON documents (access);
CREATE INDEX documents_by_time ON documents (tenant, updated, document_id);
CREATE TABLE texts (document INTEGER PRIMARY KEY, text TEXT NOT NULL);

-- Chunks of one revision have consecutive ids, in the order they were given, above all earlier ones.
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, access INTEGER NOT NULL,
    tenant INTEGER NOT NULL, ordinal INTEGER NOT NULL, chunk_id TEXT NOT NULL, text TEXT NOT NULL,
    place TEXT NOT NULL,
    UNIQUE (tenant, chunk_id)
);
CREATE INDEX chunks_by_document ON chunks (document);

-- Little-endian float32, one row of the matrix per chunk; a row of zeros stands for a chunk without a vector.
CREATE TABLE vectors (document INTEGER PRIMARY KEY, vectors BLOB NOT NULL);
CREATE TABLE sentences (chunk INTEGER PRIMARY KEY, spans TEXT NOT NULL, vectors BLOB NOT NULL);

-- The metadata once more, one row per value, for filters.
CREATE TABLE facts (
    tenant INTEGER NOT NULL, key TEXT NOT NULL, kind INTEGER NOT NULL, value, document INTEGER NOT NULL
);
CREATE INDEX facts_by_value ON facts (tenant, key, kind, value, document);
CREATE INDEX facts_by_document ON facts (document);
"""


@dataclass(frozen=True, slots=True)
class Embedding:
    """The model of the vectors; those of two models are never compared."""

    model: str
    dimensions: int


def prepare(connection: sqlite3.Connection, path: Path, embedding: Embedding | None) -> None:
    """Create the tables in an empty file; refuse a file that this program cannot serve.

    Raises:
        UnusableStoreFailure: with advice for the operator.
    """
    _require_engine(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        _require_format(connection, path)
        _require_model(connection, path, embedding)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def record_embedding(connection: sqlite3.Connection, embedding: Embedding) -> None:
    """Record the model of the first vectors.

    Raises:
        Failure: STORE_MISCONFIGURED when the file holds another model's, written since it was opened.
    """
    recorded = _recorded_embedding(connection)
    if recorded is None:
        connection.execute("INSERT INTO settings VALUES ('model', ?)", (embedding.model,))
        connection.execute("INSERT INTO settings VALUES ('dimensions', ?)", (str(embedding.dimensions),))
    elif recorded != embedding:
        raise Failure(Cause.STORE_MISCONFIGURED)


def passages_table(tenant: int) -> str:
    """Return the name of a tenant's own keyword index: shared word statistics would reveal other tenants' texts."""
    return f"passages_{tenant:d}"


def vocabulary_table(tenant: int) -> str:
    """Return the name of the table of a tenant's terms, with the number of chunks that have each."""
    return f"vocabulary_{tenant:d}"


def create_passages(connection: sqlite3.Connection, tenant: int) -> None:
    """Create a tenant's keyword index of the terms that `adapters/store/terms.py` makes of its chunks' text."""
    table = passages_table(tenant)
    # Terms have white space between them and nothing else: this is the tokenizer that adds the least.
    connection.execute(f"CREATE VIRTUAL TABLE {table} USING fts5 (terms, tokenize='ascii')")
    connection.execute(f"CREATE VIRTUAL TABLE {vocabulary_table(tenant)} USING fts5vocab ({table}, 'row')")


def _require_engine(connection: sqlite3.Connection) -> None:
    has_keywords = connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone()
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE or has_keywords is None:
        raise UnusableStoreFailure(
            f"This Python's SQLite ({sqlite3.sqlite_version}) cannot hold the embedded store: it needs "
            f"{'.'.join(map(str, _OLDEST_SQLITE))} or newer with FTS5. Use another build of Python, or Weaviate."
        )


def _require_format(connection: sqlite3.Connection, path: Path) -> None:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if (found, application, tables) == (0, 0, 0):
        for statement in _TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT:d}")
        connection.execute(f"PRAGMA application_id = {APPLICATION:d}")
    elif application != APPLICATION:
        raise UnusableStoreFailure(f"{path} is another program's database. Name a file of its own for the store.")
    elif found > FORMAT:
        raise UnusableStoreFailure(
            f"{path} has format {found}, written by a newer groundwire; this one reads up to format {FORMAT}. "
            "Run the newer groundwire, or name a new file and ingest again."
        )
    elif found < FORMAT:
        raise UnusableStoreFailure(
            f"{path} has format {found}, written by an older groundwire; this one reads format {FORMAT}. "
            "Name a new file and ingest the documents again."
        )


def _require_model(connection: sqlite3.Connection, path: Path, embedding: Embedding | None) -> None:
    recorded = _recorded_embedding(connection)
    if embedding is None or recorded is None or recorded == embedding:
        return
    raise UnusableStoreFailure(
        f"{path} holds vectors of {recorded.model} with {recorded.dimensions} dimensions, but the configured embedder "
        f"is {embedding.model} with {embedding.dimensions}. "
        "Configure the former, or name a new file and ingest the documents again."
    )


def _recorded_embedding(connection: sqlite3.Connection) -> Embedding | None:
    settings = dict(connection.execute("SELECT name, value FROM settings").fetchall())
    if "model" not in settings:
        return None
    return Embedding(settings["model"], int(settings["dimensions"]))
