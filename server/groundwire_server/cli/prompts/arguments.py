"""Arguments and options that the commands of the group have in common."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The configuration; else GROUNDWIRE_CONFIG, else groundwire.yaml."),
]

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]

Named: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="NAME[/VERSION]",
        help="A prompt with its number or a label, such as answer/1.2.0 or answer/candidate; without one that labelled "
        "production, or the newest.",
    ),
]
