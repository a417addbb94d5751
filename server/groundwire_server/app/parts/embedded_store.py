"""Stores in a file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.adapters.store.embedded.header import FILE
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.stores import EmbeddedStoreConfig
from groundwire_server.app.parts.embedders import cached_texts
from groundwire_server.app.parts.shared import Lease, TenantWeights
from groundwire_server.app.parts.store import Store
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry.metrics import STORE_SIZE


@dataclass(frozen=True, slots=True)
class _FileKey:
    file: Path
    embedding: Embedding | None


async def open_embedded(
    section: EmbeddedStoreConfig, embedder: Embedder | None, lease: Lease, recording: Recording
) -> Store:
    """Return the store in a folder.

    Args:
        section: says which.
        embedder: makes it searchable by meaning.
        lease: of the configuration.
        recording: takes spans and metrics.

    Raises:
        SetupError: when it is open with another embedder.
    """
    embedding = None if embedder is None else Embedding(embedder.model, embedder.dimensions)
    key = _FileKey(section.folder.absolute() / FILE, embedding)
    if any(isinstance(other, _FileKey) and other.file == key.file and other != key for other in lease.open_keys()):
        raise SetupError(f"the store in {section.folder} is open with another embedder: restart the server")
    store = await lease.take(key, lambda: _open(key, lease.weights, recording))
    return Store(
        store.retriever,
        store.corpus,
        embedder,
        store.sentence_vectors if section.sentence_vectors else None,
        place=str(key.file.parent),
        document_count=store.document_count,
        erasable=store.erasure,
        texts=(store.vector_memory, *cached_texts(embedder)),
    )


@asynccontextmanager
async def _open(key: _FileKey, weights: TenantWeights, recording: Recording) -> AsyncIterator[EmbeddedStore]:
    opening = partial(EmbeddedStore.open, key.file, SystemClock(), key.embedding, recording=recording, weight=weights)
    store = await asyncio.to_thread(opening)
    recording.metrics.watch(STORE_SIZE, store, lambda _: [((str(key.file.parent),), _size(key.file))])
    try:
        yield store
    finally:
        store.close()


def _size(file: Path) -> int:
    """Return the bytes of a store's file with its log; 0 where they cannot be read."""
    try:
        return sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*"))
    except OSError:
        return 0
