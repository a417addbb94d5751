"""Rules for guards behind endpoints that their sections alone cannot express: providers and data residency."""

from collections.abc import Iterator

from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.providers import OpenAiProviderConfig
from groundwire_server.app.configuration.models.remote_guards import (
    ClassifierGuardConfig,
    GrpcGuardConfig,
    HttpGuardConfig,
    RemoteGuardConfig,
)
from groundwire_server.domain.residency import Residency


def check_remote_guards(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each guard without a provider of its kind."""
    for name, guard in configuration.guards.items():
        if not isinstance(guard, ClassifierGuardConfig | HttpGuardConfig):
            continue
        path: Path = ("guards", name, "provider")
        provider = configuration.providers.get(guard.provider)
        if provider is None:
            said = not_among(guard.provider, configuration.providers, "there is no provider of this name")
            yield ConfigError(path, said)
        elif not isinstance(provider, OpenAiProviderConfig):
            yield ConfigError(path, f"is of the kind {provider.kind}, and guards need one of the kind openai")


def is_hosted(configuration: Configuration, guard: RemoteGuardConfig) -> bool:
    """Return whether texts leave for a hosted guard; a provider that is unknown counts as none."""
    if isinstance(guard, GrpcGuardConfig):
        return guard.endpoint.residency is Residency.HOSTED
    provider = configuration.providers.get(guard.provider)
    return provider is not None and provider.residency is Residency.HOSTED
