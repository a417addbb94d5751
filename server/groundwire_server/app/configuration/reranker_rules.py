"""Rules for rerankers that their sections alone cannot express: providers, data residency, and their routes."""

from collections.abc import Iterator

from groundwire_server.app.configuration.endpoint_rules import (
    check_openai_provider,
    check_residency,
    is_provider_hosted,
)
from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.rerankers import EndpointRerankerConfig, RerankerConfig


def check_rerankers(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each reranker without a provider of its kind, and for each that a route must not have."""
    for name, reranker in configuration.rerankers.items():
        path: Path = ("rerankers", name, "provider")
        if isinstance(reranker, EndpointRerankerConfig):
            yield from check_openai_provider(configuration, path, reranker.provider, "rerankers")
    for name, route in configuration.routes.items():
        if route.rerank is None:
            continue
        path = ("routes", name, "rerank", "reranker")
        named = configuration.rerankers.get(route.rerank.reranker)
        if named is None:
            known = not_among(route.rerank.reranker, configuration.rerankers, "there is no reranker of this name")
            yield ConfigError(path, known)
        else:
            yield from check_residency(configuration, route, path, hosted=_is_hosted(configuration, named))


def _is_hosted(configuration: Configuration, reranker: RerankerConfig) -> bool:
    """Return whether questions and passages leave for a hosted provider."""
    return isinstance(reranker, EndpointRerankerConfig) and is_provider_hosted(configuration, reranker.provider)
