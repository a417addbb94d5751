"""Opening the Pinecone store."""

from collections.abc import Callable
from dataclasses import dataclass

from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.adapters.store.pinecone.catalogue import Catalogue
from groundwire_server.adapters.store.pinecone.connection import SYSTEM, PineconeIndex
from groundwire_server.adapters.store.pinecone.corpus import PineconeCorpus
from groundwire_server.adapters.store.pinecone.erasure import PineconeErasure
from groundwire_server.adapters.store.pinecone.options import PineconeOptions
from groundwire_server.adapters.store.pinecone.pending import PineconeChanges
from groundwire_server.adapters.store.pinecone.probe import PineconeProbe
from groundwire_server.adapters.store.pinecone.records import PineconeRecords
from groundwire_server.adapters.store.pinecone.recovery import PineconeRecovery
from groundwire_server.adapters.store.pinecone.retriever import PineconeRetriever
from groundwire_server.adapters.store.pinecone.sentence_vectors import PineconeSentenceVectors
from groundwire_server.adapters.store.pinecone.state import CorpusVersions
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.recording import Recording

_QUEUE = 10_000
"""Calls that may wait for others to end: admission bounds their number."""


@dataclass(frozen=True, slots=True)
class PineconeStore:
    """Two indexes of Pinecone as a Retriever, a Corpus, SentenceVectors and an ErasableStore, until it is closed.

    Attributes:
        probe: read-only calls about the indexes.
        recovery: finishes or undoes what has broken off.
    """

    retriever: PineconeRetriever
    corpus: PineconeCorpus
    sentence_vectors: PineconeSentenceVectors
    erasure: PineconeErasure
    probe: PineconeProbe
    recovery: PineconeRecovery
    _indexes: tuple[PineconeIndex, ...]

    @classmethod
    def open(
        cls,
        options: PineconeOptions,
        dimensions: int,
        clock: Clock,
        recording: Recording,
        weight: Callable[[str], float] = lambda tenant: 1.0,
    ) -> "PineconeStore":
        """Return a store that connects on first use, within an event loop; nothing is sent before.

        Args:
            options: of the store.
            dimensions: the length of the embedder's vectors; 0 without an embedder.
            clock: of the event loop.
            recording: takes spans and metrics.
            weight: returns the weight of a tenant's share of the calls at once.
        """
        concurrency = ConcurrencyOptions(max_concurrent=options.max_concurrent, queue_size=_QUEUE)
        slots = FairLimiter(concurrency, weight, SYSTEM, recording.metrics)

        def opened(host: str) -> PineconeIndex:
            return PineconeIndex(host, options, slots, clock, recording)

        words = opened(options.sparse_host)
        vectors = None if options.dense_host is None else opened(options.dense_host)
        sparse = PineconeRecords(words, options)
        dense = None if vectors is None else PineconeRecords(vectors, options)
        versions = CorpusVersions(sparse, clock, options.version_lag_seconds)
        changes = PineconeChanges(sparse, dense, clock, options.change_seconds)
        corpus = PineconeCorpus(sparse, dense, versions, changes, Catalogue(sparse, clock), clock)
        probe = PineconeProbe(words, vectors, dimensions)
        return cls(
            PineconeRetriever(sparse, dense, versions, options.alpha),
            corpus,
            PineconeSentenceVectors(sparse),
            PineconeErasure(corpus, changes),
            probe,
            PineconeRecovery(probe, changes, clock, options.change_seconds),
            (words,) if vectors is None else (words, vectors),
        )

    async def close(self) -> None:
        """Close the connections; running calls fail."""
        for index in self._indexes:
            await index.close()
