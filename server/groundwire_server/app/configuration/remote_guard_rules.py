"""Rules for guards behind endpoints that their sections alone cannot express: providers and data residency."""

from collections.abc import Iterator

from groundwire_server.app.configuration.endpoint_rules import (
    check_openai_provider,
    check_residency,
    is_provider_hosted,
)
from groundwire_server.app.configuration.errors import ConfigError, Path
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.remote_guards import GrpcGuardConfig, RemoteGuardConfig
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.domain.residency import Residency


def check_provider(configuration: Configuration, name: str, guard: RemoteGuardConfig) -> Iterator[ConfigError]:
    """Yield an error for a guard without a provider of its kind."""
    if not isinstance(guard, GrpcGuardConfig):
        yield from check_openai_provider(configuration, ("guards", name, "provider"), guard.provider, "guards")


def check_guard_residency(
    configuration: Configuration, route: RouteConfig, path: Path, guard: RemoteGuardConfig
) -> Iterator[ConfigError]:
    """Yield an error for a guard whose endpoint is hosted, on a route whose texts must not leave.

    Args:
        configuration: has the tenants whose texts must not leave.
        route: on whose screen the guard is.
        path: of its entry there.
        guard: looks at the route's texts.
    """
    yield from check_residency(configuration, route, (*path, "guard"), hosted=is_hosted(configuration, guard))


def is_hosted(configuration: Configuration, guard: RemoteGuardConfig) -> bool:
    """Return whether texts leave for a hosted guard; a provider that is unknown counts as none."""
    if isinstance(guard, GrpcGuardConfig):
        return guard.endpoint.residency is Residency.HOSTED
    return is_provider_hosted(configuration, guard.provider)
