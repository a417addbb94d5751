"""`groundwire doctor`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from groundwire_server.cli.doctor.examine import Examination

_PORTS = 65536


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
    bundle: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a support bundle, without secrets, into this .tar.gz file."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show what the bundle would hold, and write nothing.")] = False,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Add the last 1,000 lines of this log to the bundle.")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Add the page of metrics at this address, or port, to the bundle; else the configured one.",
        ),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Repair documents in Weaviate that are not whole, and remove what belongs to none."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per check.")] = False,
) -> None:
    """Check a server, the connection to it and everything that its configuration names.

    Without --server it checks the server that the configuration describes, which is read as `groundwire serve` reads
    it: address, TLS, stores and their schema, modules of Weaviate, providers, models, embedders, key sets, API keys,
    certificates, disk space, the receiver of telemetry. For a server on another machine it checks the connection, the
    credential and the server alone, and the configuration too with --config.

    In Weaviate it looks through the documents: for changes that broke off, passages that belong to no document, and
    documents whose text or passages are missing. --repair finishes or undoes the first, deletes the second, and removes
    the third, which have to be ingested again. Nothing else is ever changed.

    Each check prints its state: ok; warn, for what works but needs attention; fail; or skip, for what could not be
    checked. Below every state but ok stands what to do.

    --bundle collects what a report of a fault needs: versions, the configuration, these results, the schema of stores,
    names of variables, and a log and metrics where they are named. Values that are secrets, or look like one, are
    redacted. Read it before you pass it on: --list shows its files.

    Ends with 0 when nothing failed, with 1 when something could not be checked, with 3 when the server is not reached,
    with 4 when something else failed, and with 5 when there are warnings and --strict is given. With --bundle it ends
    with 0 when that is written.
    """
    from groundwire_server.cli.doctor.examine import Examination  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.doctor.report import code_of, show, watching  # noqa: PLC0415

    if (list_ or log or metrics) and bundle is None:
        raise CommandError(ExitCode.USAGE, "--list, --log and --metrics are about a bundle: give --bundle FILE")
    if repair and (bundle is not None or watch is not None):
        raise CommandError(ExitCode.USAGE, "--repair is done once: leave out --watch and --bundle")
    source = context.get_parameter_source("server")
    named = source is not None and source.name in {"COMMANDLINE", "ENVIRONMENT"}
    examination = Examination.of(connection, config, named=named, repair=repair)
    if bundle is not None:
        _bundle(examination, connection, bundle, log, metrics, only_list=list_)
        return
    if watch is not None:
        watching(examination.results, watch, as_json=json)
    code = code_of(show(examination.results(), as_json=json), strict=strict)
    if code:
        raise typer.Exit(code)


def _bundle(
    examination: "Examination",
    connection: ConnectionOptions,
    path: Path,
    log: Path | None,
    metrics: str | None,
    *,
    only_list: bool,
) -> None:
    """Show what a bundle holds, and write it.

    Raises:
        CommandError: when it cannot be made.
    """
    from groundwire_server.cli.doctor.bundle import archive  # noqa: PLC0415  # as above
    from groundwire_server.cli.doctor.bundle.known_secrets import known_secrets  # noqa: PLC0415
    from groundwire_server.cli.doctor.bundle.members import Contents  # noqa: PLC0415

    archive.check_path(path)
    port = metrics.rpartition(":")[2] if metrics else "0"
    if not (port.isascii() and port.isdecimal() and int(port[:6]) < _PORTS):
        raise CommandError(ExitCode.USAGE, f"--metrics {metrics}: give HOST:PORT, or the port alone")
    loaded = examination.loaded
    page = metrics or (loaded.configuration.telemetry.prometheus_listen if loaded else None) or ""
    secrets = tuple(known_secrets(loaded.configuration if loaded else None, connection))
    members = Contents(secrets, loaded, tuple(examination.results()), log, page).members()
    archive.show_members(members)
    if not only_list:
        archive.write(path, members)
        typer.echo(f"wrote {path}; read it before you pass it on: tar -xzOf {path} | less", err=True)
