"""Rules for all that asks endpoints: a provider that can be asked so, and texts that must not leave."""

from collections.abc import Iterator

from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.providers import OpenAiProviderConfig
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.domain.residency import Residency


def check_openai_provider(configuration: Configuration, path: Path, provider: str, what: str) -> Iterator[ConfigError]:
    """Yield an error for a provider that is not there, or not of the kind openai.

    Args:
        configuration: has the providers.
        path: where the provider is named.
        provider: its name.
        what: needs it, in the plural.
    """
    section = configuration.providers.get(provider)
    if section is None:
        yield ConfigError(path, not_among(provider, configuration.providers, "there is no provider of this name"))
    elif not isinstance(section, OpenAiProviderConfig):
        yield ConfigError(path, f"is of the kind {section.kind}, and {what} need one of the kind openai")


def is_provider_hosted(configuration: Configuration, provider: str) -> bool:
    """Return whether texts leave for a hosted provider; one that is unknown counts as none."""
    section = configuration.providers.get(provider)
    return section is not None and section.residency is Residency.HOSTED


def check_residency(
    configuration: Configuration, route: RouteConfig, path: Path, *, hosted: bool
) -> Iterator[ConfigError]:
    """Yield an error for what is hosted, on a route whose texts must not leave.

    Args:
        configuration: has the tenants whose texts must not leave.
        route: that uses it.
        path: where the route names it.
        hosted: whether it is.
    """
    if hosted and (route.self_hosted_only or configuration.self_hosted_only):
        whom = "" if route.self_hosted_only else f" for {(configuration.self_hosted_only or ('',))[0]}"
        yield ConfigError(path, f"is hosted, which self_hosted_only bars{whom}: name one that runs with you")
