"""Opening the embedded store."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from opentelemetry.trace import SpanKind

from groundwire_server.adapters.resilience.instrumentation import Instrumentation
from groundwire_server.adapters.store.embedded import documents
from groundwire_server.adapters.store.embedded.connections import Connections, connect, set_up
from groundwire_server.adapters.store.embedded.corpus import EmbeddedCorpus
from groundwire_server.adapters.store.embedded.erasure import EmbeddedErasure, EmbeddedVectorMemory
from groundwire_server.adapters.store.embedded.failures import UnusableStoreFailure
from groundwire_server.adapters.store.embedded.retriever import EmbeddedRetriever
from groundwire_server.adapters.store.embedded.schema import Embedding, prepare
from groundwire_server.adapters.store.embedded.sentence_vectors import EmbeddedSentenceVectors
from groundwire_server.adapters.store.embedded.vectors import VectorIndex
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.recording import Recording, unrecorded
from groundwire_server.telemetry import metrics, names

ALPHA: Final = 0.5
"""The vector leg's weight; measured on 1,216 paragraphs and 1,000 questions."""

_COLLECTION: Final = "chunks"
_PATIENCE: Final = 1.0
"""Seconds that opening waits for another process that is opening the same file."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class EmbeddedStore:
    """One file as a Retriever, a Corpus, SentenceVectors and an ErasableStore, until it is closed."""

    retriever: EmbeddedRetriever
    corpus: EmbeddedCorpus
    sentence_vectors: EmbeddedSentenceVectors
    erasure: EmbeddedErasure
    vector_memory: EmbeddedVectorMemory
    _connections: Connections

    @classmethod
    def open(
        cls,
        path: Path,
        clock: Clock,
        embedding: Embedding | None,
        *,
        alpha: float = ALPHA,
        readers: int | None = None,
        recording: Recording | None = None,
        weight: Callable[[str], float] = lambda tenant: 1.0,
    ) -> "EmbeddedStore":
        """Open a file, or create it with its folder. Blocks for some milliseconds.

        NumPy's BLAS should have one thread (OPENBLAS_NUM_THREADS=1 before it is imported): a product with one vector
        is too small to share, and its threads take the cores from each other.

        Args:
            path: the file.
            clock: must be callable from any thread.
            embedding: the model whose vectors are stored and searched with; None keeps keywords alone.
            alpha: the vector leg's weight, 0 to 1.
            readers: searches that run at once; a core each and one by default.
            recording: takes spans and metrics; none are recorded by default.
            weight: returns the weight of a tenant's share of the threads.

        Raises:
            UnusableStoreFailure: with advice for the operator.
            OSError: when the folder cannot be made.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(connect(path, patience=_PATIENCE)) as connection:
                prepare(connection, path, embedding)
                set_up(connection)
        except sqlite3.DatabaseError as error:
            raise UnusableStoreFailure(
                f"{path} cannot be opened: {error.sqlite_errorname}. Check that it is groundwire's own file and that "
                "this user may write it and its folder. Restore a backup, or name a new folder and ingest again."
            ) from error
        recording = recording or unrecorded()
        connections = Connections(path, clock, readers or (os.cpu_count() or 1) + 1, weight, recording.metrics)
        vectors = None if embedding is None else VectorIndex(embedding.dimensions)
        memory = EmbeddedVectorMemory(connections, vectors)
        corpus = EmbeddedCorpus(connections, clock, embedding)
        return cls(
            EmbeddedRetriever(connections, vectors, alpha, _instrumentation(recording, vectors)),
            corpus,
            EmbeddedSentenceVectors(connections),
            EmbeddedErasure(corpus, connections, memory),
            memory,
            connections,
        )

    async def document_count(self) -> int:
        """Return how many documents all tenants have.

        Raises:
            Failure: STORE_UNAVAILABLE or STORE_MISCONFIGURED.
        """
        return await self._connections.read(documents.total, NEVER)

    def close(self) -> None:
        """Interrupt running work and close the file."""
        self._connections.close()


def _instrumentation(recording: Recording, vectors: VectorIndex | None) -> Instrumentation:
    operation = "search.keyword" if vectors is None else "search.hybrid"
    attributes = {
        names.DB_SYSTEM: "sqlite",
        names.DB_OPERATION: operation,
        names.DB_COLLECTION: _COLLECTION,
        names.GEN_AI_OPERATION: "retrieval",
        names.GEN_AI_DATA_SOURCE: _COLLECTION,
    }
    return Instrumentation(
        recording,
        f"{operation} {_COLLECTION}",
        attributes,
        metrics.STORE_DURATION,
        Cause.STORE_TIMEOUT,
        SpanKind.INTERNAL,
    )
