"""Embedders."""

import asyncio

from groundwire_server.app.configuration.models.parts import MiniLm as Section
from groundwire_server.app.parts.shared import Lease, Opened
from groundwire_server.ports.embedder import Embedder


async def open_embedder(section: Section, lease: Lease) -> Embedder:
    """The embedder that a section describes."""
    return await lease.take(("embedder", section), lambda: _minilm(section))


async def _minilm(section: Section) -> Opened[Embedder]:
    # Imported here: it brings half of the memory that the server takes.
    from groundwire_server.adapters.embedder.caching import CachingEmbedder  # noqa: PLC0415
    from groundwire_server.adapters.embedder.minilm import MiniLm, Model  # noqa: PLC0415

    local = MiniLm(await asyncio.to_thread(Model))

    async def close() -> None:
        local.close()

    return CachingEmbedder(local, section.cache), close
