"""What commands on tokens have in common."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from groundwire_server.app.configuration.errors import not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.cli.exits import CommandError, ExitCode

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The configuration; else GROUNDWIRE_CONFIG, else groundwire.yaml."),
]


def known_model(alias: str, configuration: Configuration) -> str:
    """Return the alias of a model that there is.

    Raises:
        CommandError: when there is none.
    """
    if alias not in configuration.models:
        raise CommandError(ExitCode.USAGE, not_among(alias, configuration.models, f"there is no model {alias}"))
    return alias
