"""Stores."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

from opentelemetry.trace import Tracer

from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.embedders import open_embedder
from groundwire_server.app.parts.shared import Lease, Opened
from groundwire_server.domain.failure import Unusable
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.retriever import Retriever
from groundwire_server.ports.sentence_vectors import SentenceVectors


@dataclass(frozen=True, slots=True)
class Store:
    """A store with what makes it searchable."""

    retriever: Retriever
    corpus: Corpus
    embedder: Embedder | None = None
    sentence_vectors: SentenceVectors | None = None


@dataclass(frozen=True, slots=True)
class _EmbeddedKey:
    file: Path
    embedder: Hashable


async def open_store(name: str, configuration: Configuration, lease: Lease, tracer: Tracer) -> Store:
    """The store of this name, with its embedder."""
    section = configuration.stores[name]
    model = None if section.embedder is None else configuration.embedders[section.embedder]
    embedder = None if model is None else await open_embedder(model, lease)
    file = section.folder.absolute() / "store.sqlite3"

    async def opened() -> Opened[Store]:
        embedding = None if embedder is None else Embedding(embedder.model, embedder.dimensions)
        store = await asyncio.to_thread(EmbeddedStore.open, file, SystemClock(), embedding)

        async def close() -> None:
            store.close()

        return Store(store.retriever, store.corpus, embedder, store.sentence_vectors), close

    key = _EmbeddedKey(file, model)
    if any(isinstance(other, _EmbeddedKey) and other.file == file and other != key for other in lease.others()):
        raise Unusable(f"the store in {section.folder} is open with another embedder: restart the server")
    return await lease.take(key, opened)
