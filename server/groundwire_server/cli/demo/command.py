"""`groundwire demo`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.exits import ExitCode


def demo(
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder of the demo's documents; default: your cache folder."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete the documents of earlier runs first.")] = False,
) -> None:
    """Try groundwire on the Python Language Reference.

    Starts its own server, stores the reference that comes with Python, asks ten questions, two of which the reference
    does not answer, asks the first again, which the cache answers, hands one in to be answered later, and stops the
    server. Needs no network and no key. The first run embeds the text, which takes about a minute; later runs take
    seconds. Exits with 0 when every question ended as expected.
    """
    from groundwire_server.cli.demo.tour import tour  # noqa: PLC0415  # imports what --help does not need

    if not tour(data or _cache(), fresh=fresh):
        raise typer.Exit(ExitCode.INCOMPLETE)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG standard says to ignore a path that is not absolute.
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "groundwire" / "demo"
