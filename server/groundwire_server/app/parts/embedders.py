"""Embedders."""

import asyncio
from typing import TYPE_CHECKING

from opentelemetry.trace import Tracer

from groundwire_server.adapters.store.weaviate.options import VectorizerOptions
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.embedders import MiniLm, OpenAiEmbedder
from groundwire_server.app.configuration.models.providers import OpenAiProvider, Provider
from groundwire_server.app.parts.providers import credentials, open_provider
from groundwire_server.app.parts.shared import Lease, Opened
from groundwire_server.ports.embedder import Embedder

if TYPE_CHECKING:
    from groundwire_server.adapters.embedder.openai.options import EmbeddingOptions


async def open_embedder(
    name: str | None, configuration: Configuration, lease: Lease, tracer: Tracer
) -> Embedder | None:
    """The embedder of a name; none where none is named, or where a store makes its vectors itself.

    Raises:
        ImportError: when an extra is not installed that it needs.
        OSError: when a file that its provider needs cannot be read.
    """
    if name is None:
        return None
    section = configuration.embedders[name]
    if isinstance(section, VectorizerOptions):
        return None
    if isinstance(section, MiniLm):
        return await lease.take(("embedder", section), lambda: _minilm(section))
    return await _openai(section, configuration.providers[section.provider], lease, tracer)


def module_of(name: str | None, configuration: Configuration) -> VectorizerOptions | None:
    """The module of Weaviate's that a name stands for, if it does."""
    section = configuration.embedders.get(name or "")
    return section if isinstance(section, VectorizerOptions) else None


async def _minilm(section: MiniLm) -> Opened[Embedder]:
    # Imported here: it brings half of the memory that the server takes.
    from groundwire_server.adapters.embedder.caching import CachingEmbedder  # noqa: PLC0415
    from groundwire_server.adapters.embedder.minilm import MiniLm, Model  # noqa: PLC0415

    local = MiniLm(await asyncio.to_thread(Model))

    async def close() -> None:
        local.close()

    return CachingEmbedder(local, section.cache), close


async def _openai(section: OpenAiEmbedder, provider: Provider, lease: Lease, tracer: Tracer) -> Embedder:
    # Imported here, as below: a server that asks no provider starts without an HTTP client.
    from groundwire_server.adapters.embedder.caching import CachingEmbedder  # noqa: PLC0415
    from groundwire_server.adapters.embedder.openai.embedder import OpenAiEmbedder as Asking  # noqa: PLC0415

    found = await open_provider(section.provider, provider, lease, tracer)

    async def opened() -> Opened[Embedder]:
        async def close() -> None:
            """Its connections are the provider's."""

        return CachingEmbedder(Asking(found.provider, _options(section, provider), found.slots), section.cache), close

    return await lease.take(("embedder", section, provider), opened)


def _options(section: OpenAiEmbedder, provider: Provider) -> "EmbeddingOptions":
    from groundwire_server.adapters.embedder.openai.options import (  # noqa: PLC0415
        WAYS,
        BatchOptions,
        EmbeddingOptions,
        Ways,
    )
    from groundwire_server.adapters.http.circuit import BreakerOptions  # noqa: PLC0415
    from groundwire_server.adapters.http.options import Bounds  # noqa: PLC0415
    from groundwire_server.adapters.http.retries import RetryOptions  # noqa: PLC0415

    flavour, version = "openai", None
    if isinstance(provider, OpenAiProvider):
        flavour, version = provider.flavour, provider.api_version
    ways, bounds = WAYS[flavour], section.bounds
    return EmbeddingOptions(
        section.model,
        section.dimensions,
        section.shorten,
        Ways(section.encoding or ways.encoding, ways.dimensions),
        version,
        credentials(provider),
        BatchOptions(**section.batch.model_dump()),
        Bounds(bounds.connect_seconds, bounds.request_seconds, bounds.request_seconds, bounds.response_bytes),
        RetryOptions(**section.retry.model_dump()),
        BreakerOptions(**section.breaker.model_dump()),
    )
