"""Opening the Weaviate store."""

from collections.abc import Callable
from dataclasses import dataclass

from groundwire_server.adapters.store.weaviate.changes import Changes
from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.connection import WeaviateConnection
from groundwire_server.adapters.store.weaviate.corpus import WeaviateCorpus
from groundwire_server.adapters.store.weaviate.current import CurrentDocuments
from groundwire_server.adapters.store.weaviate.erasure import WeaviateErasure
from groundwire_server.adapters.store.weaviate.failures import WeaviateFault
from groundwire_server.adapters.store.weaviate.inspection import Inspection
from groundwire_server.adapters.store.weaviate.migration import Schema
from groundwire_server.adapters.store.weaviate.options import SearchOptions, VectorSource, WeaviateOptions
from groundwire_server.adapters.store.weaviate.probe import Probe
from groundwire_server.adapters.store.weaviate.recovery import Recovery
from groundwire_server.adapters.store.weaviate.retriever import WeaviateRetriever
from groundwire_server.adapters.store.weaviate.sentence_vectors import WeaviateSentenceVectors
from groundwire_server.adapters.store.weaviate.versions import Versions
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.recording import Recording


@dataclass(frozen=True, slots=True)
class WeaviateStore:
    """A Weaviate cluster as a Retriever, a Corpus, SentenceVectors and an ErasableStore, until it is closed.

    Attributes:
        schema: plans and applies changes to the collections.
        probe: read-only calls about the server.
        recovery: finishes or undoes what broke off.
        inspection: finds and repairs what does not belong together.
    """

    retriever: WeaviateRetriever
    corpus: WeaviateCorpus
    sentence_vectors: WeaviateSentenceVectors
    erasure: WeaviateErasure
    schema: Schema
    probe: Probe
    recovery: Recovery
    inspection: Inspection
    _options: WeaviateOptions
    _vectors: VectorSource
    _documents: Objects
    _versions: Versions
    _current: CurrentDocuments
    _connection: WeaviateConnection

    @classmethod
    def open(
        cls,
        options: WeaviateOptions,
        vectors: VectorSource,
        clock: Clock,
        recording: Recording,
        weight: Callable[[str], float] = lambda tenant: 1.0,
    ) -> "WeaviateStore":
        """Return a store that connects on first use, within an event loop; nothing is sent before.

        Raises:
            OSError: when the file of authorities cannot be read.
        """
        write = options.write
        # A tenant does not exist there before its first document, unless an operator creates the tenants.
        expected = {WeaviateFault.MISSING_TENANT} if write.create_tenants else frozenset[WeaviateFault]()
        headers = {} if vectors.module is None else vectors.module.headers()
        connection = WeaviateConnection(options, headers, clock, recording, expected, weight)
        chunks = Objects(connection, options.collection, options, options.vector)
        documents = Objects(connection, options.documents, options)
        versions = Versions(documents, clock, write.version_lag_seconds)
        changes = Changes(documents, clock, write.change_seconds)
        probe = Probe(connection, options.documents)
        recovery = Recovery(chunks, documents, versions, changes, probe, clock)
        current = CurrentDocuments(documents)
        vectorized = vectors.module is not None
        corpus = WeaviateCorpus(chunks, documents, versions, changes, recovery, clock, vectorized=vectorized)
        return cls(
            WeaviateRetriever(connection, documents, versions, current, options, vectors, SearchOptions()),
            corpus,
            WeaviateSentenceVectors(chunks, versions, current),
            WeaviateErasure(corpus, documents),
            Schema(connection, options, vectors),
            probe,
            recovery,
            Inspection(chunks, documents, changes, recovery),
            options,
            vectors,
            documents,
            versions,
            current,
            connection,
        )

    def searched(self, search: SearchOptions) -> WeaviateRetriever:
        """Return a retriever over the same connection that searches in another way."""
        return WeaviateRetriever(
            self._connection,
            self._documents,
            self._versions,
            self._current,
            self._options,
            self._vectors,
            search,
        )

    async def close(self) -> None:
        """Close the connection; running calls fail."""
        await self._connection.close()
