"""The vector leg: the vectors of each tenant in one matrix in memory, updated to the snapshot that a search reads."""

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from groundwire_server.adapters.store.embedded.connections import Job
from groundwire_server.adapters.store.embedded.scope import Scope
from groundwire_server.domain.vector import Vector

_Floats = npt.NDArray[np.float32]
_Numbers = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]

_GONE: Final = 0
"""The access list of a removed chunk; it admits no caller."""

_FIRST_CAPACITY: Final = 256


class VectorIndex:
    """The matrices of all tenants, read from the file when a tenant is first searched."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._tenants: dict[int, _Matrix] = {}
        self._lock = threading.Lock()

    def current(self, connection: sqlite3.Connection, scope: Scope, job: Job) -> "Rows":
        """Return the tenant's vectors, with every change that the snapshot holds.

        They hold later changes too when another search has read a newer snapshot: see `Rows.change`.
        """
        job.acquire(self._lock)
        try:
            matrix = self._tenants.setdefault(scope.tenant, _Matrix(self._dimensions))
        finally:
            self._lock.release()
        job.acquire(matrix.lock)
        try:
            matrix.catch_up(connection, scope)
            return matrix.rows()
        finally:
            matrix.lock.release()

    def forget(self, tenant: int) -> None:
        """Forget a tenant's vectors, those of removed documents too; the next search reads what the file holds."""
        with self._lock:
            self._tenants.pop(tenant, None)


@dataclass(frozen=True, slots=True)
class Rows:
    """A tenant's chunks after some change, one row each, ids ascending; no later change is seen.

    Attributes:
        change: the last one that the rows hold.
    """

    change: int
    ids: _Numbers
    documents: _Numbers
    access: _Numbers
    vectors: _Floats

    def rank(self, scope: Scope, question: Vector, depth: int) -> dict[int, float]:
        """Return the `depth` chunks in scope that are most similar to the question, with their cosines."""
        (candidates,) = np.nonzero(self._in_scope(scope))
        if len(candidates) == 0:
            return {}
        asked = np.frombuffer(question, np.float32)
        # Taking rows copies them.
        cosines = (self.vectors if len(candidates) == len(self.ids) else self.vectors[candidates]) @ asked
        if len(cosines) > depth:
            best = np.argpartition(cosines, -depth)[-depth:]
            candidates, cosines = candidates[best], cosines[best]
        return dict(zip(self.ids[candidates].tolist(), cosines.tolist(), strict=True))

    def similarities(self, chunks: Iterable[int], question: Vector) -> dict[int, float]:
        """Return the cosines of these chunks, without those that have no vector."""
        wanted = np.fromiter(chunks, np.int64)
        if len(wanted) == 0 or len(self.ids) == 0:
            return {}
        places = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        there = self.ids[places] == wanted
        cosines = self.vectors[places[there]] @ np.frombuffer(question, np.float32)
        return dict(zip(wanted[there].tolist(), cosines.tolist(), strict=True))

    def _in_scope(self, scope: Scope) -> _Flags:
        # Callers are on few lists, so comparing with each is faster than sorting.
        admitted = np.zeros(len(self.access), np.bool_)
        for access in scope.lists:
            admitted |= self.access == access
        if scope.documents is not None:
            admitted &= np.isin(self.documents, np.array(scope.documents, np.int64))
        return admitted


class _Matrix:
    """A matrix that grows at its end and marks removed rows: a change costs its own size, and readers need no lock."""

    def __init__(self, dimensions: int) -> None:
        self.lock = threading.Lock()
        self._dimensions = dimensions
        self._change = 0
        self._count = 0
        self._gone = 0
        self._access: _Numbers
        self._allocate(_FIRST_CAPACITY)

    def rows(self) -> Rows:
        count = self._count
        return Rows(
            self._change, self._ids[:count], self._documents[:count], self._access[:count], self._vectors[:count]
        )

    def catch_up(self, connection: sqlite3.Connection, scope: Scope) -> None:
        """Apply the documents that have changed since the last search."""
        if self._change >= scope.change:
            return
        changed = connection.execute(
            "SELECT d.id, d.access, d.first_chunk, v.vectors FROM documents AS d "
            "LEFT JOIN vectors AS v ON v.document = d.id WHERE d.tenant = ? AND d.change > ? ORDER BY d.first_chunk",
            (scope.tenant, self._change),
        ).fetchall()
        if self._change:
            self._remove(np.array([document for document, *_ in changed], np.int64))
        for document, access, first_chunk, written in changed:
            if written is not None:
                self._append(document, access, first_chunk, written)
        self._change = scope.change

    def _remove(self, documents: _Numbers) -> None:
        stale = np.isin(self._documents[: self._count], documents) & (self._access[: self._count] != _GONE)
        if not stale.any():
            return
        # Searches that run hold the old array.
        self._access = self._access.copy()
        self._access[: self._count][stale] = _GONE
        self._gone += int(stale.sum())
        if self._gone > self._count // 2:
            self._compact()

    def _append(self, document: int, access: int, first_chunk: int, written: bytes) -> None:
        vectors = np.frombuffer(written, "<f4").reshape(-1, self._dimensions)
        present = vectors.any(axis=1)
        added = int(present.sum())
        if self._count + added > len(self._ids):
            self._grow(self._count + added)
        rows = slice(self._count, self._count + added)
        self._ids[rows] = first_chunk + np.flatnonzero(present)
        self._documents[rows] = document
        self._access[rows] = access
        self._vectors[rows] = vectors[present]
        self._count += added

    def _grow(self, needed: int) -> None:
        old, count = self.rows(), self._count
        self._allocate(max(needed, 2 * len(self._ids)))
        self._fill(old, np.ones(count, np.bool_))

    def _compact(self) -> None:
        old = self.rows()
        kept = old.access != _GONE
        self._allocate(max(_FIRST_CAPACITY, 2 * int(kept.sum())))
        self._fill(old, kept)
        self._gone = 0

    def _fill(self, old: Rows, kept: _Flags) -> None:
        count = int(kept.sum())
        self._ids[:count] = old.ids[kept]
        self._documents[:count] = old.documents[kept]
        self._access[:count] = old.access[kept]
        self._vectors[:count] = old.vectors[kept]
        self._count = count

    def _allocate(self, capacity: int) -> None:
        self._ids = np.zeros(capacity, np.int64)
        self._documents = np.zeros(capacity, np.int64)
        self._access = np.zeros(capacity, np.int64)
        self._vectors = np.zeros((capacity, self._dimensions), np.float32)
