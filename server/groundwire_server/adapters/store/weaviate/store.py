"""Opening the Weaviate store."""

from dataclasses import dataclass, replace

from opentelemetry.trace import Tracer

from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.connection import Connection
from groundwire_server.adapters.store.weaviate.corpus import WeaviateCorpus
from groundwire_server.adapters.store.weaviate.failures import Fault
from groundwire_server.adapters.store.weaviate.migration import Schema
from groundwire_server.adapters.store.weaviate.options import SearchOptions, WeaviateOptions
from groundwire_server.adapters.store.weaviate.probe import Probe
from groundwire_server.adapters.store.weaviate.retriever import WeaviateRetriever
from groundwire_server.adapters.store.weaviate.sentence_vectors import WeaviateSentenceVectors
from groundwire_server.adapters.store.weaviate.versions import Versions
from groundwire_server.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class WeaviateStore:
    """A Weaviate cluster as a Retriever, a Corpus and SentenceVectors, until it is closed.

    Attributes:
        schema: plans and applies changes to the collections.
        probe: looks at the server.
    """

    retriever: WeaviateRetriever
    corpus: WeaviateCorpus
    sentence_vectors: WeaviateSentenceVectors
    schema: Schema
    probe: Probe
    _options: WeaviateOptions
    _documents: Objects
    _versions: Versions
    _connection: Connection

    @classmethod
    def open(cls, options: WeaviateOptions, clock: Clock, tracer: Tracer) -> "WeaviateStore":
        """Make a store that connects when it is first used, within an event loop. It sends nothing."""
        collection, write = options.collection, options.write
        # A call that was too short for its search is no fault of Weaviate's, and a tenant has no place there until its
        # first document comes, unless an operator was to make it.
        expected = {Fault.SLOW, Fault.MISSING_TENANT} if write.create_tenants else {Fault.SLOW}
        connection = Connection(options.connection, clock, tracer, expected)
        chunks = Objects(connection, collection.name, options, collection.vector)
        documents = Objects(connection, collection.documents, options)
        versions = Versions(documents, clock, write.version_lag, write.change_seconds)
        return cls(
            WeaviateRetriever(connection, documents, versions, options),
            WeaviateCorpus(chunks, documents, versions, clock, vectorized=collection.vectorizer is not None),
            WeaviateSentenceVectors(chunks),
            Schema(connection, collection),
            Probe(connection, collection.documents),
            options,
            documents,
            versions,
            connection,
        )

    def searched(self, search: SearchOptions) -> WeaviateRetriever:
        """A retriever over the same connection that searches in another way."""
        options = replace(self._options, search=search)
        return WeaviateRetriever(self._connection, self._documents, self._versions, options)

    async def close(self) -> None:
        """Close the connection; calls that run fail."""
        await self._connection.close()
