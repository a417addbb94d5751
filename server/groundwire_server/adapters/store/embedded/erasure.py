"""Erasing documents so that no byte of them is left in the store's file, its journal or the vectors in memory.

A row that is deleted stays readable in the file until its space is used again: in free pages, in the gaps of pages, in
the journal, and its words in the keyword index until its segments are merged. So an erasure merges the segments, has
SQLite write the whole file anew, and empties the journal. That takes as long as copying the file, and changes of
documents wait meanwhile; searches do not.
"""

import sqlite3
from collections.abc import Sequence
from functools import partial

from groundwire_server.adapters.store.embedded.connections import Connections, Job
from groundwire_server.adapters.store.embedded.corpus import EmbeddedCorpus
from groundwire_server.adapters.store.embedded.schema import passages_table
from groundwire_server.adapters.store.embedded.vectors import VectorIndex
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import ErasedPlace, ErasedPlaceKind, Erasure, ErasurePlan
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import Requester


class EmbeddedVectorMemory:
    """The vectors that one process holds in memory, as an Erasable; other processes of the file have their own."""

    def __init__(self, connections: Connections, vectors: VectorIndex | None) -> None:
        self._connections = connections
        self._vectors = vectors

    async def erase(self, erasure: Erasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Forget a tenant's vectors, which the next search reads again; see the port."""
        if self._vectors is not None:
            work = partial(_number, erasure.tenant)
            number = await self._connections.read(work, deadline, Requester(erasure.tenant))
            if number is not None:
                self._vectors.forget(number)
        return ()


class EmbeddedErasure:
    """The ErasableStore of the embedded store."""

    def __init__(self, corpus: EmbeddedCorpus, connections: Connections, vectors: EmbeddedVectorMemory) -> None:
        self._corpus = corpus
        self._connections = connections
        self._vectors = vectors

    async def plan_erasure(self, caller: Caller, erasure: Erasure, limit: int, deadline: Deadline) -> ErasurePlan:
        """Return what an erasure would remove; see the port."""
        return await self._corpus.plan_erasure(caller, erasure, limit, deadline)

    async def erase(self, erasure: Erasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Erase documents; see the port."""
        documents = passages = tombstones = 0
        complete = True
        try:
            while erased := await self._corpus.erase(erasure, deadline):
                documents += erased.documents
                passages += erased.passages
                tombstones += erased.tombstones
        except Failure:
            if not documents and not tombstones:
                raise
            complete = False
        return (
            ErasedPlace(ErasedPlaceKind.DOCUMENTS, documents, complete),
            ErasedPlace(ErasedPlaceKind.PASSAGES, passages, complete),
            ErasedPlace(ErasedPlaceKind.TOMBSTONES, tombstones, complete),
            await self._rewrite(erasure, deadline),
        )

    async def _rewrite(self, erasure: Erasure, deadline: Deadline) -> ErasedPlace:
        """Remove what deleted rows have left in the file, the journal and in memory."""
        requester = Requester(erasure.tenant)
        pages = 0
        try:
            await self._connections.write(partial(_merge_words, erasure.tenant), deadline, requester)
            await self._vectors.erase(erasure, deadline)
            pages = await self._connections.run_alone(_rewrite_file, deadline, requester)
        except Failure:
            return ErasedPlace(ErasedPlaceKind.STORE_FILES, pages, complete=False)
        return ErasedPlace(ErasedPlaceKind.STORE_FILES, pages)


def _number(tenant: str, connection: sqlite3.Connection, job: Job) -> int | None:
    row = connection.execute("SELECT id FROM tenants WHERE name = ?", (tenant,)).fetchone()
    return None if row is None else int(row[0])


def _merge_words(tenant: str, connection: sqlite3.Connection, job: Job) -> None:
    """Drop the words of removed passages from a tenant's keyword index."""
    number = _number(tenant, connection, job)
    if number is not None:
        table = passages_table(number)
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608 - our own words


def _rewrite_file(connection: sqlite3.Connection, job: Job) -> int:
    """Write the whole file anew and empty its journal; return how many pages it had."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    while not _vacuumed(connection):
        job.pause()
    # A reader that began before keeps the journal for the moment.
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        job.pause()
    return int(pages)


def _vacuumed(connection: sqlite3.Connection) -> bool:
    """Write the file anew; return False while another process writes."""
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
