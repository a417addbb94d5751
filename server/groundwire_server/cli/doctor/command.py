"""`groundwire doctor`."""

from typing import Annotated

import typer

from groundwire_server.cli.connection import Connection, connects


@connects
def doctor(
    connection: Connection,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Check the server, the way to it, and what a server on this machine would need.

    A line each: ok; warn, which works but should be looked at; fail, with what to do.

    Ends with 0 when nothing fails, with 3 when no server is reached, with 4 when something else fails.
    """
    from groundwire_server.cli.doctor.checks import local, remote  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.doctor.report import code_of, show  # noqa: PLC0415

    findings = [*remote(connection), *local()]
    show(findings, as_json=json)
    code = code_of(findings)
    if code:
        raise typer.Exit(code)
