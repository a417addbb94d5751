"""`groundwire experiments init`."""

from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.outputs import write_new


def init(
    path: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where to write it; standard output if none is named.")
    ] = None,
) -> None:
    """Print an example of an experiment, with every key explained, or write it to a new file."""
    from groundwire_server.app.experiments.definition import EXAMPLE  # noqa: PLC0415  # imports much that --help needs not

    text = EXAMPLE.read_text("utf-8")
    if path is None:
        typer.echo(text, nl=False)
        return
    write_new(path, text)
    typer.echo(f"wrote {path}; begin it with: groundwire experiments apply {path}")
