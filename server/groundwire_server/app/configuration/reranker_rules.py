"""Rules for rerankers that their sections alone cannot express: providers, data residency, and their routes."""

from collections.abc import Iterator

from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.providers import OpenAiProviderConfig
from groundwire_server.app.configuration.models.rerankers import EndpointRerankerConfig, RerankerConfig
from groundwire_server.domain.residency import Residency


def check_rerankers(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each reranker without a provider of its kind, and for each that a route must not have."""
    for name, reranker in configuration.rerankers.items():
        if not isinstance(reranker, EndpointRerankerConfig):
            continue
        path: Path = ("rerankers", name, "provider")
        provider = configuration.providers.get(reranker.provider)
        if provider is None:
            said = not_among(reranker.provider, configuration.providers, "there is no provider of this name")
            yield ConfigError(path, said)
        elif not isinstance(provider, OpenAiProviderConfig):
            yield ConfigError(path, f"is of the kind {provider.kind}, and rerankers need one of the kind openai")
    for name, route in configuration.routes.items():
        if route.rerank is None:
            continue
        path = ("routes", name, "rerank", "reranker")
        named = configuration.rerankers.get(route.rerank.reranker)
        if named is None:
            known = not_among(route.rerank.reranker, configuration.rerankers, "there is no reranker of this name")
            yield ConfigError(path, known)
        elif _is_hosted(configuration, named) and (route.self_hosted_only or configuration.self_hosted_only):
            whom = "" if route.self_hosted_only else f" for {(configuration.self_hosted_only or ('',))[0]}"
            yield ConfigError(path, f"is hosted, which self_hosted_only bars{whom}: name one that runs with you")


def _is_hosted(configuration: Configuration, reranker: RerankerConfig) -> bool:
    """Whether questions and passages leave for a hosted provider; one that is unknown counts as none."""
    if not isinstance(reranker, EndpointRerankerConfig):
        return False
    provider = configuration.providers.get(reranker.provider)
    return provider is not None and provider.residency is Residency.HOSTED
