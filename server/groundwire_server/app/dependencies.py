"""What the server depends on, opened in order and closed in reverse; only what the settings name is imported."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from groundwire_server.adapters.generator.extractive import ExtractiveGenerator
from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.routes import EXTRACTIVE
from groundwire_server.app.settings import Settings
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.retriever import Retriever


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The adapters in use."""

    retriever: Retriever
    corpus: Corpus
    embedder: Embedder | None
    generators: Mapping[str, Generator]


@asynccontextmanager
async def dependencies(settings: Settings) -> AsyncIterator[Dependencies]:
    """Open what the settings name; leaving closes it.

    Raises:
        Failure: UnusableStore among others, when the store cannot be opened as it is.
        ImportError: when an extra is not installed that the settings need.
        OSError: when the data folder cannot be had.
    """
    async with AsyncExitStack() as opened:
        embedder = await _local_embedder(settings, opened) if settings.local_embedder else None
        embedding = None if embedder is None else Embedding(embedder.model, embedder.dimensions)
        path = settings.data / "store.sqlite3"
        store = await asyncio.to_thread(EmbeddedStore.open, path, SystemClock(), embedding)
        opened.callback(store.close)
        generators = {EXTRACTIVE: ExtractiveGenerator(embedder, store.sentence_vectors)}
        yield Dependencies(store.retriever, store.corpus, embedder, generators)


async def _local_embedder(settings: Settings, opened: AsyncExitStack) -> Embedder:
    # Imported here: it brings half of the memory that the server takes.
    from groundwire_server.adapters.embedder.caching import CachingEmbedder  # noqa: PLC0415
    from groundwire_server.adapters.embedder.minilm import MiniLm, Model  # noqa: PLC0415

    local = MiniLm(await asyncio.to_thread(Model))
    opened.callback(local.close)
    return CachingEmbedder(local, settings.vector_cache)
