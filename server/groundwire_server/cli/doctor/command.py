"""`groundwire doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects


@connects
def doctor(
    context: typer.Context,
    connection: ConnectionOptions,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The configuration to check; else the one that `groundwire serve` uses."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with 5 when there are warnings.")] = False,
    watch: Annotated[
        float | None,
        typer.Option(min=1, max=86400, metavar="SECONDS", help="Check again so often, and print what has changed."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per check.")] = False,
) -> None:
    """Check a server, the connection to it and everything that its configuration names.

    Without --server it checks the server that the configuration describes, which is read as `groundwire serve` reads
    it: address, TLS, stores and their schema, modules of Weaviate, providers, models, embedders, key sets, API keys,
    certificates, disk space, the receiver of telemetry. For a server on another machine it checks the connection, the
    credential and the server alone, and the configuration too with --config.

    Each check prints one line: ok; warn, for what works but needs attention; fail; or skip, for what could not be
    checked. The others than ok say what to do.

    Ends with 0 when nothing failed, with 1 when something could not be checked, with 3 when the server is not reached,
    with 4 when something else failed, and with 5 when there are warnings and --strict is given.
    """
    from groundwire_server.cli.doctor.examine import Examination  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.doctor.report import code_of, show, watching  # noqa: PLC0415

    source = context.get_parameter_source("server")
    named = source is not None and source.name in {"COMMANDLINE", "ENVIRONMENT"}
    examination = Examination.of(connection, config, named=named)
    if watch is not None:
        watching(examination.results, watch, as_json=json)
    code = code_of(show(examination.results(), as_json=json), strict=strict)
    if code:
        raise typer.Exit(code)
