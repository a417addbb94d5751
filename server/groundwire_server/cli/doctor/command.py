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
        typer.Option(metavar="FILE", help="The configuration to look at; else the one that `groundwire serve` takes."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Check the server, the way to it and the credential.

    Of a server on this machine, or of the configuration that is named, it also looks at each thing that is named there:
    stores and their schema, key sets, certificates, the collector. A line each: ok; warn, which works but should be
    looked at; fail; both with what to do.

    Ends with 0 when all is ok, with 1 when there are warnings, with 3 when no server is reached, with 4 when something
    else fails.
    """
    from groundwire_server.cli.doctor.local import local  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.doctor.remote import remote  # noqa: PLC0415
    from groundwire_server.cli.doctor.report import code_of, show  # noqa: PLC0415

    findings = [*remote(connection), *local(connection, config)]
    show(findings, as_json=json)
    code = code_of(findings)
    if code:
        raise typer.Exit(code)
