"""Rules for guards behind endpoints that their sections alone cannot express: providers and data residency."""

from collections.abc import Iterator

from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.providers import OpenAiProviderConfig
from groundwire_server.app.configuration.models.remote_guards import GrpcGuardConfig, RemoteGuardConfig
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.domain.residency import Residency


def check_provider(configuration: Configuration, name: str, guard: RemoteGuardConfig) -> Iterator[ConfigError]:
    """Yield an error for a guard without a provider of its kind."""
    if isinstance(guard, GrpcGuardConfig):
        return
    path: Path = ("guards", name, "provider")
    provider = configuration.providers.get(guard.provider)
    if provider is None:
        said = not_among(guard.provider, configuration.providers, "there is no provider of this name")
        yield ConfigError(path, said)
    elif not isinstance(provider, OpenAiProviderConfig):
        yield ConfigError(path, f"is of the kind {provider.kind}, and guards need one of the kind openai")


def check_residency(
    configuration: Configuration, route: RouteConfig, path: Path, guard: RemoteGuardConfig
) -> Iterator[ConfigError]:
    """Yield an error for a guard whose endpoint is hosted, on a route whose texts must not leave.

    Args:
        configuration: has the tenants whose texts must not leave.
        route: on whose screen the guard is.
        path: of its entry there.
        guard: looks at the route's texts.
    """
    if is_hosted(configuration, guard) and (route.self_hosted_only or configuration.self_hosted_only):
        whom = "" if route.self_hosted_only else f" for {(configuration.self_hosted_only or ('',))[0]}"
        yield ConfigError(
            (*path, "guard"), f"is hosted, which self_hosted_only bars{whom}: name one that runs with you"
        )


def is_hosted(configuration: Configuration, guard: RemoteGuardConfig) -> bool:
    """Return whether texts leave for a hosted guard; a provider that is unknown counts as none."""
    if isinstance(guard, GrpcGuardConfig):
        return guard.endpoint.residency is Residency.HOSTED
    provider = configuration.providers.get(guard.provider)
    return provider is not None and provider.residency is Residency.HOSTED
