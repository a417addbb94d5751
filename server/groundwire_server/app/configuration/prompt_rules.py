"""Rules on prompts, and on the tenant that manages them; what is in the folder is checked with the world outside."""

from collections.abc import Iterator

from groundwire_server.app.configuration.errors import ConfigError, not_among
from groundwire_server.app.configuration.models.configuration import Configuration


def check_prompts(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error where prompts are managed by a tenant that does not exist, or cannot be kept."""
    tenant = configuration.prompts.managed_by
    if tenant is None:
        return
    path = ("prompts", "managed_by")
    if not configuration.records.enabled:
        yield ConfigError(path, "needs `records`, where changes are kept: set records.enabled")
    if configuration.tenants is not None and tenant not in configuration.tenants:
        yield ConfigError(path, not_among(tenant, configuration.tenants, "there is no tenant of this name"))
