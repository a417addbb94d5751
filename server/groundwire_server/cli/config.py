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
    """Write a file to begin with: what is built in, and all else that can be set, commented out and explained."""
    from groundwire_server.app.configuration.starting import starting_file  # noqa: PLC0415  # what --help does not need

    if path.is_dir():
        raise CommandError(ExitCode.USAGE, f"{path} is a folder: name a file in it")
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(starting_file())
    except FileExistsError:
        raise CommandError(
            ExitCode.USAGE, f"{path} is there already: name another, or write over it with --force"
        ) from None
    except OSError as failed:
        raise CommandError(ExitCode.FAILED, f"{path} cannot be written: {failed.strerror}") from None
    typer.echo(f"wrote {path}; check it with: groundwire config check --config {path}")


def check(config: File = None) -> None:
    """Check the configuration and all that it refers to: names, prompts, certificates, key files, folders, extras.

    Prints a line for each thing that is wrong, with its place and what would be right. Ends with 0 when nothing is.
    """
    from groundwire_server.app.clock import SystemClock  # noqa: PLC0415  # what --help does not need
    from groundwire_server.app.configuration.check import verify  # noqa: PLC0415
    from groundwire_server.app.configuration.load import FILE, Sources  # noqa: PLC0415
    from groundwire_server.cli.configured import loaded_from, problems_stop  # noqa: PLC0415

    sources = Sources.found(config, os.environ)
    loaded = loaded_from(sources)
    with problems_stop():
        verify(loaded, SystemClock().today())
    routes = ", ".join(sorted(loaded.configuration.routes))
    read = f"{sources.file} is right" if sources.file else f"there is no {FILE}; what is built in is right"
    typer.echo(f"{read}; routes: {routes}")


def show(
    config: File = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON: each path with its value and origin.")
    ] = False,
) -> None:
    """Print what is in force, and where each value comes from: the file's line, a variable, or what is built in.

    Of a secret it shows the reference alone.
    """
    from groundwire_server.app.configuration import shown  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.app.configuration.load import Sources  # noqa: PLC0415
    from groundwire_server.cli.configured import loaded_from  # noqa: PLC0415

    loaded = loaded_from(Sources.found(config, os.environ))
    if json:
        from json import dumps  # noqa: PLC0415  # the option has its name

        typer.echo(dumps(shown.as_mapping(loaded), indent=2, ensure_ascii=False))
    else:
        typer.echo(shown.as_yaml(loaded), nl=False)


def schema() -> None:
    """Print the JSON schema of the file, for editors that check and complete while one writes."""
    from json import dumps  # noqa: PLC0415  # imports what --help does not need

    from groundwire_server.app.configuration.schema import schema_of_the_file  # noqa: PLC0415

    typer.echo(dumps(schema_of_the_file(), indent=2, ensure_ascii=False))
