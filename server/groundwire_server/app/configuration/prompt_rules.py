"""Rules on prompts: who manages them, and what their context shows. Folders are checked with the world outside."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from groundwire_server.app.configuration.errors import ConfigError, Path, check_tenant, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.context import Blocks
from groundwire_server.domain.prompts.variables import TURNS
from groundwire_server.options.secret import Secret


def check_prompts(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error where prompts are managed by a tenant that does not exist, or cannot be kept."""
    tenant, path = configuration.prompts.managed_by, ("prompts", "managed_by")
    if tenant is None:
        return
    if not configuration.records.enabled:
        yield ConfigError(path, "needs `records`, where changes are kept: set records.enabled")
    yield from check_tenant(path, tenant, configuration.tenants)


def check_context(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each block whose source has nothing for it, each secret, and each tenant that is not there."""
    environment = configuration.context.environment
    for route, section in configuration.routes.items():
        yield from _check_blocks(("routes", route, "context"), section.context, environment)
    for tenant in configuration.context.tenants:
        yield from check_tenant(("context", "tenants", tenant), tenant, configuration.tenants)
    secrets = list(_secrets(configuration)) if environment else []
    known = {each.reference for each in secrets} | {each.reveal() for each in secrets}
    for name, reference in environment.items():
        if reference in known or configuration.context.values[name] in known:
            said = f"is {reference}, which is a secret elsewhere: prompts hold none"
            yield ConfigError(("context", "environment", name), said)


def _check_blocks(path: Path, blocks: Blocks, environment: Mapping[str, str]) -> Iterator[ConfigError]:
    """Yield an error for each block of a route that does not fit the others, or the environment.

    Args:
        path: of the blocks.
        blocks: by name, in their order.
        environment: the values that are declared.
    """
    for name, block in blocks.items():
        if (name == TURNS) is not (block.source == TURNS):
            said = "a block that bounds earlier turns is named turns, and no other is"
            yield ConfigError((*path, name), said)
        if block.source == "environment" and block.key is not None and block.key not in environment:
            said = not_among(block.key, environment, "is not declared under context.environment")
            yield ConfigError((*path, name, "key"), said)


def _secrets(value: object) -> Iterator[Secret]:
    """Yield all secrets in a section, and below it."""
    match value:
        case Secret():
            yield value
        case BaseModel():
            for _, each in value:
                yield from _secrets(each)
        case Mapping():
            for each in value.values():
                yield from _secrets(each)
        case list() | tuple() | frozenset():
            for each in value:
                yield from _secrets(each)
        case _:
            pass
