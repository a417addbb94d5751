"""The embedders that stores name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from groundwire_server.adapters.embedder.caching import CachingEmbedder
from groundwire_server.adapters.store.weaviate.options import VectorizerOptions
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.embedders import MiniLmConfig
from groundwire_server.app.parts.shared import Lease, TenantWeights
from groundwire_server.ports.embedder import Embedder
from groundwire_server.ports.erasable import Erasable
from groundwire_server.ports.recording import Recording


async def open_embedder(
    name: str | None, configuration: Configuration, lease: Lease, recording: Recording
) -> Embedder | None:
    """Return the embedder of a name; None where none is named, or where a store makes its vectors itself.

    Raises:
        ImportError: when an extra is not installed that it needs.
        OSError: when a file that its provider needs cannot be read.
    """
    if name is None:
        return None
    section = configuration.embedders[name]
    if isinstance(section, VectorizerOptions):
        return None
    if isinstance(section, MiniLmConfig):
        return await lease.take(("embedder", section), lambda: _open_minilm(section, lease.weights, recording))
    # Imported here: a server that asks no provider starts without an HTTP client.
    from groundwire_server.app.parts.models import open_embedding_model  # noqa: PLC0415

    return await open_embedding_model(section, configuration, lease, recording)


def module_of(name: str | None, configuration: Configuration) -> VectorizerOptions | None:
    """Return the module of Weaviate that a name stands for, if it does."""
    section = configuration.embedders.get(name or "")
    return section if isinstance(section, VectorizerOptions) else None


def cached_texts(embedder: Embedder | None) -> tuple[Erasable, ...]:
    """Return what of an embedder keeps texts."""
    return (embedder,) if isinstance(embedder, CachingEmbedder) else ()


@asynccontextmanager
async def _open_minilm(section: MiniLmConfig, weights: TenantWeights, recording: Recording) -> AsyncIterator[Embedder]:
    # Imported here: it brings half of the memory that the server takes.
    from groundwire_server.adapters.embedder import minilm  # noqa: PLC0415
    from groundwire_server.adapters.embedder.instrumented import InstrumentedEmbedder  # noqa: PLC0415

    local = minilm.MiniLm(await asyncio.to_thread(minilm.Model), None, weights, recording.metrics)
    try:
        yield CachingEmbedder(InstrumentedEmbedder(local, recording), section.cache_size)
    finally:
        local.close()
