"""Rules for embedders that their sections alone cannot express: providers, and data residency."""

from collections.abc import Iterator

from groundwire_server.adapters.store.weaviate.options import VectorizerOptions
from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.embedders import EmbedderConfig, OpenAiEmbedderConfig
from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
from groundwire_server.domain.residency import Residency


def hosted(configuration: Configuration, store: str | None) -> bool:
    """Whether the texts of a store go to a hosted embedder, from the server or from Weaviate."""
    embedder = _embedder(configuration, store)
    if isinstance(embedder, VectorizerOptions):
        return embedder.residency is not Residency.SELF_HOSTED
    return asks_hosted(configuration, store)


def asks_hosted(configuration: Configuration, store: str | None) -> bool:
    """Whether the server itself asks a hosted provider for the vectors of a store."""
    embedder = _embedder(configuration, store)
    if not isinstance(embedder, OpenAiEmbedderConfig):
        return False
    provider = configuration.providers.get(embedder.provider)
    return provider is not None and provider.residency is not Residency.SELF_HOSTED


def _embedder(configuration: Configuration, store: str | None) -> EmbedderConfig | None:
    found = configuration.stores.get(store or "")
    return configuration.embedders.get(found.embedder or "") if found else None


def check_embedders(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each embedder without a provider of its kind, and for each that data residency forbids."""
    for name, embedder in configuration.embedders.items():
        if isinstance(embedder, VectorizerOptions) and embedder.key is not None and embedder.header is None:
            said = f"must say which header the key of {embedder.module} goes in"
            yield ConfigError(("embedders", name, "key_header"), said)
        if not isinstance(embedder, OpenAiEmbedderConfig):
            continue
        path: Path = ("embedders", name, "provider")
        provider = configuration.providers.get(embedder.provider)
        if provider is None:
            said = not_among(embedder.provider, configuration.providers, "there is no provider of this name")
            yield ConfigError(path, said)
        elif provider.kind != embedder.kind:
            yield ConfigError(path, f"is of the kind {provider.kind}, and the embedder of the kind {embedder.kind}")
    for name, store in configuration.stores.items():
        inside = isinstance(configuration.embedders.get(store.embedder or ""), VectorizerOptions)
        if inside and not isinstance(store, WeaviateStoreConfig):
            said = "is a module of Weaviate, which serves only stores in Weaviate: name another"
            yield ConfigError(("stores", name, "embedder"), said)
    yield from _check_residency(configuration)


def _check_residency(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each hosted embedder that questions or documents must not reach."""
    for name, route in configuration.routes.items():
        if route.self_hosted_only and hosted(configuration, route.store):
            said = f"{route.store} embeds questions and documents at a hosted provider, which self_hosted_only bars"
            yield ConfigError(("routes", name, "store"), f"{said}: name one whose embedder runs with you")
    if not configuration.self_hosted_only:
        return
    # A tenant may call every route, and its documents go to the one store that keeps documents.
    reached = dict.fromkeys([*(route.store for route in configuration.routes.values()), configuration.corpus_store])
    for store in reached:
        if hosted(configuration, store):
            said = f"is hosted, which self_hosted_only bars for {configuration.self_hosted_only[0]}"
            yield ConfigError(("stores", store, "embedder"), f"{said}: name one that runs with you")
