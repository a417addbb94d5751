"""`groundwire serve`."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from groundwire_server.cli.exits import CommandError, ExitCode


def serve(
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The configuration; else GROUNDWIRE_CONFIG, else groundwire.yaml here."),
    ] = None,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Address to listen on; port 0 chooses one.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the store `main` keeps its documents.")
    ] = None,
    otlp_endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="Send traces there over OTLP gRPC, such as http://localhost:4317.")
    ] = None,
    no_local_embedder: Annotated[
        bool,
        typer.Option("--no-local-embedder", help="The store `main` searches by keyword alone: no model is loaded."),
    ] = False,
) -> None:
    """Serve until SIGTERM or Ctrl-C, then let calls in flight end.

    The first line on standard output is `listening on HOST:PORT`; logs go to standard error as JSON lines. Without a
    configuration it serves from this folder on this machine alone; `groundwire config init` writes one to begin with.
    What is given here counts more than the environment, and that more than the file. SIGHUP, or a change of the file,
    takes in the configuration anew.
    """
    # gRPC would say in two lines of its own what we say in one.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from groundwire_server.app.configuration.load import Sources  # noqa: PLC0415  # what --help does not need
    from groundwire_server.cli.configured import loaded_from, problems_stop  # noqa: PLC0415
    from groundwire_server.domain.failure import Failure, SetupError  # noqa: PLC0415

    flags: dict[str, tuple[tuple[str | int, ...], Any]] = {
        "--listen": (("server", "listen"), listen),
        "--data": (("stores", "main", "folder"), None if data is None else str(data)),
        "--otlp-endpoint": (("telemetry", "otlp_endpoint"), otlp_endpoint),
    }
    given = {flag: setting for flag, setting in flags.items() if setting[1] is not None}
    if no_local_embedder:
        given["--no-local-embedder"] = (("stores", "main", "embedder"), None)
    sources = Sources.found(config, os.environ, given)
    loaded = loaded_from(sources)
    # Imported when there is something to serve: it takes a second.
    from groundwire_server.app.serve import serve as serve_until_signalled  # noqa: PLC0415

    try:
        with problems_stop():
            serve_until_signalled(sources, loaded)
    except OSError as failed:
        where = loaded.configuration.server.listen
        raise CommandError(ExitCode.FAILED, f"cannot serve at {where}: {_told(failed)}") from None
    except (Failure, SetupError, ImportError) as failed:
        # What is wrong with a store, a file or an extra says itself what to do.
        raise CommandError(ExitCode.FAILED, f"cannot serve: {failed}") from None


def _told(failed: OSError) -> str:
    said = failed.strerror or str(failed)
    return f"{failed.filename}: {said}" if failed.filename else said
