"""Loading a configuration for a command, which ends with one line for each error."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from groundwire_server.app.configuration.errors import InvalidConfigurationError, not_among
from groundwire_server.app.configuration.load import Loaded, Sources, load
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.cli.exits import CommandError, ExitCode


def loaded_from(sources: Sources) -> Loaded:
    """Load a configuration.

    Raises:
        CommandError: with a line for each error.
    """
    with errors_stop():
        return load(sources)


def configuration_from(file: Path | None) -> Configuration:
    """Load the configuration of a file, or of the usual one, with the environment.

    Raises:
        CommandError: with a line for each error.
    """
    return loaded_from(Sources.found(file, os.environ)).configuration


def known_route(route: str, configuration: Configuration) -> str:
    """Return the name of a route that there is.

    Raises:
        CommandError: when there is none of this name.
    """
    if route not in configuration.routes:
        raise CommandError(ExitCode.USAGE, not_among(route, configuration.routes, f"there is no route {route}"))
    return route


def known_model(alias: str, configuration: Configuration) -> str:
    """Return the alias of a model that there is.

    Raises:
        CommandError: when there is none of this alias.
    """
    if alias not in configuration.models:
        raise CommandError(ExitCode.USAGE, not_among(alias, configuration.models, f"there is no model {alias}"))
    return alias


@contextmanager
def errors_stop() -> Iterator[None]:
    """End the command with a line for each error of a configuration.

    Raises:
        CommandError: when there is one.
    """
    try:
        yield
    except InvalidConfigurationError as invalid:
        *before, last = [str(error) for error in invalid.errors]
        raise CommandError(ExitCode.USAGE, last, before) from None
