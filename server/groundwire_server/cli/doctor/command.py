"""`groundwire doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects


@connects
def doctor(
    connection: ConnectionOptions,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The configuration to check; else the one that `groundwire serve` uses."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Check the server, the connection to it and the credential.

    For a server on this machine, or with --config, it also checks everything that the configuration names: stores and
    their schema, providers, key sets, certificates, the collector. Each check prints one line: ok; warn, for what works
    but should be looked at; or fail. Both of these say what to do.

    Ends with 0 when all is ok, with 1 when there are warnings, with 3 when no server is reached, with 4 when something
    else fails.
    """
    from groundwire_server.cli.doctor.local import local  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.doctor.remote import remote  # noqa: PLC0415
    from groundwire_server.cli.doctor.report import code_of, show  # noqa: PLC0415

    results = [*remote(connection), *local(connection, config)]
    show(results, as_json=json)
    code = code_of(results)
    if code:
        raise typer.Exit(code)
