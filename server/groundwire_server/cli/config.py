"""`groundwire config`: write, check and show a configuration."""

import os
from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.exits import CommandError, ExitCode

File = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The file; else GROUNDWIRE_CONFIG, else groundwire.yaml."),
]


def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path("groundwire.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a file to begin with: the defaults, and every other setting, commented out and explained."""
    from groundwire_server.app.configuration.load import TEMPLATE  # noqa: PLC0415  # imports what --help does not need

    if path.is_dir():
        raise CommandError(ExitCode.USAGE, f"{path} is a folder: name a file in it")
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(TEMPLATE.read_text("utf-8"))
    except FileExistsError:
        raise CommandError(
            ExitCode.USAGE, f"{path} is there already: name another, or write over it with --force"
        ) from None
    except OSError as failed:
        raise CommandError(ExitCode.FAILED, f"{path} cannot be written: {failed.strerror}") from None
    typer.echo(f"wrote {path}; check it with: groundwire config check --config {path}")


def check(config: File = None) -> None:
    """Check the configuration and everything that it refers to: prompts, certificates, key files, folders, packages.

    Prints one line for each error, with its place and what would be right. Ends with 0 when there is none.
    """
    from groundwire_server.app.clock import SystemClock  # noqa: PLC0415  # what --help does not need
    from groundwire_server.app.configuration.external import context_warnings, verify  # noqa: PLC0415
    from groundwire_server.app.configuration.load import FILE, Sources  # noqa: PLC0415
    from groundwire_server.cli.configured import errors_stop, loaded_from  # noqa: PLC0415

    sources = Sources.found(config, os.environ)
    loaded = loaded_from(sources)
    with errors_stop():
        verify(loaded, SystemClock().today())
    for each in context_warnings(loaded):
        typer.echo(f"warning: {each}")
    routes = ", ".join(sorted(loaded.configuration.routes))
    read = f"{sources.file} is right" if sources.file else f"there is no {FILE}; what is built in is right"
    typer.echo(f"{read}; routes: {routes}")


def show(
    config: File = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON: each path with its value and origin.")
    ] = False,
) -> None:
    """Print the configuration in force, and the origin of each value: a line of the file, a variable, or the defaults.

    A secret is shown as its reference.
    """
    from groundwire_server.app.configuration import dump  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.app.configuration.load import Sources  # noqa: PLC0415
    from groundwire_server.cli.configured import loaded_from  # noqa: PLC0415

    loaded = loaded_from(Sources.found(config, os.environ))
    if json:
        from json import dumps  # noqa: PLC0415  # the option has its name

        typer.echo(dumps(dump.as_mapping(loaded), indent=2, ensure_ascii=False))
    else:
        typer.echo(dump.as_yaml(loaded), nl=False)


def schema() -> None:
    """Print the JSON schema of the file, by which editors check and complete it."""
    from json import dumps  # noqa: PLC0415  # imports what --help does not need

    from groundwire_server.app.configuration.models.configuration import json_schema  # noqa: PLC0415

    typer.echo(dumps(json_schema(), indent=2, ensure_ascii=False))
