"""Rules between blocks of context and the texts that they show."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.context import Blocks
from groundwire_server.domain.prompts.variables import TURNS
from groundwire_server.options.secret import Secret


def check_context(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each block whose source has nothing for it, each secret, and each tenant that is not there."""
    environment = configuration.context.environment
    for route, section in configuration.routes.items():
        yield from check_blocks(("routes", route, "context"), section.context, environment)
    for tenant in configuration.context.tenants:
        if configuration.tenants is not None and tenant not in configuration.tenants:
            said = not_among(tenant, configuration.tenants, "there is no tenant of this name")
            yield ConfigError(("context", "tenants", tenant), said)
    secrets = list(_secrets(configuration)) if environment else []
    known = {each.reference for each in secrets} | {each.reveal() for each in secrets}
    for name, reference in environment.items():
        if reference in known or configuration.context.values[name] in known:
            said = f"is {reference}, which is a secret elsewhere: prompts hold none"
            yield ConfigError(("context", "environment", name), said)


def check_blocks(path: Path, blocks: Blocks, environment: Mapping[str, str]) -> Iterator[ConfigError]:
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
