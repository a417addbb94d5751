"""`groundwire doctor`."""

from typing import Annotated

import typer

from groundwire_server.cli.connection import Connection, connects


@connects
def doctor(
    connection: Connection,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Check the server, the way to it and the credential.

    Of a server on this machine it also looks at what one needs here. A line each: ok; warn, which works but should be
    looked at; fail; both with what to do.

    Ends with 0 when all is ok, with 1 when there are warnings, with 3 when no server is reached, with 4 when something
    else fails.
    """
    from groundwire_server.cli.doctor.checks import local, remote  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.doctor.report import code_of, show  # noqa: PLC0415

    findings = [*remote(connection), *local(connection)]
    show(findings, as_json=json)
    code = code_of(findings)
    if code:
        raise typer.Exit(code)
