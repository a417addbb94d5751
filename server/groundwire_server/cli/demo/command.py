"""`groundwire demo`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.exits import ExitCode


def demo(
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the demo keeps its documents; your cache folder if none."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the documents of earlier runs first.")] = False,
) -> None:
    """See it work on the Python Language Reference.

    Starts a server of its own, stores the reference that comes with Python, asks it ten questions, two of which it
    cannot answer, and stops the server again. Needs no network and no key. The first run embeds the text, which takes
    about a minute; later ones take seconds. Ends with 0 when every question ended as it should.
    """
    from groundwire_server.cli.demo.tour import tour  # noqa: PLC0415  # imports what --help does not need

    if not tour(data or _cache(), fresh=fresh):
        raise typer.Exit(ExitCode.INCOMPLETE)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    # What is not absolute is to be passed over, says the standard.
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "groundwire" / "demo"
