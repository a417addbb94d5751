"""Rules for recordings that a route's section alone cannot express: what they need beside it."""

from collections.abc import Iterator

from groundwire_server.app.configuration.errors import ConfigError, Path, check_tenant
from groundwire_server.app.configuration.mask_rules import check_mask
from groundwire_server.app.configuration.models.configuration import Configuration


def check_recordings(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each route whose recordings have no place, nobody to be of, or placeholders for nothing."""
    for name, route in configuration.routes.items():
        path: Path = ("routes", name, "recording")
        if route.recording.tenants and not configuration.records.enabled:
            yield ConfigError((*path, "tenants"), "recordings are kept in records: set records.enabled")
        if route.recording.model_fields_set and "tenants" not in route.recording.model_fields_set:
            # Settings for recordings of nobody look as if something were recorded.
            yield ConfigError(
                (*path, "tenants"),
                "no call is recorded without it: name tenants, or [] to keep these settings for later",
            )
        for index, tenant in enumerate(route.recording.tenants):
            yield from check_tenant((*path, "tenants", index), tenant, configuration.tenants)
        if route.recording.tenants:
            yield from check_mask(configuration, (*path, "mask"), route.recording.mask)
