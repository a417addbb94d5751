"""Options that commands of several groups have in common."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The configuration; else GROUNDWIRE_CONFIG, else groundwire.yaml."),
]

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]

MappedJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, in protobuf's mapping.")]

Reason: TypeAlias = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, for the history and the audit trail.")
]

Timeout: TypeAlias = Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of each call.")]
