"""`groundwire serve`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from groundwire_server.app.configuration.load import Loaded, Sources


def serve(
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Configuration file; default: GROUNDWIRE_CONFIG, then groundwire.yaml here."),
    ] = None,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Address to listen on; port 0 picks a free one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Processes that share the port; several need a Redis.")
    ] = None,
    data: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Folder of the store `main`.")] = None,
    otlp_endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Export traces and metrics here over OTLP gRPC, such as http://localhost:4317."
        ),
    ] = None,
    no_local_embedder: Annotated[
        bool,
        typer.Option(
            "--no-local-embedder", help="Search the store `main` by keyword alone, without an embedding model."
        ),
    ] = False,
) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish the calls in flight.

    The first line on standard output is `listening on HOST:PORT`; logs go to standard error as JSON lines. Without a
    configuration the server keeps its data in this folder and listens on loopback only; `groundwire config init` writes
    a configuration to start from. Options override environment variables, which override the file. The configuration is
    reloaded on SIGHUP and when its file changes.
    """
    # gRPC would print two lines of its own for what we print in one.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from groundwire_server.app.configuration.load import Sources  # noqa: PLC0415  # what --help does not need
    from groundwire_server.cli.configured import errors_stop, loaded_from  # noqa: PLC0415
    from groundwire_server.domain.failure import Failure, SetupError  # noqa: PLC0415

    flags: dict[str, tuple[tuple[str | int, ...], Any]] = {
        "--listen": (("server", "listen"), listen),
        "--workers": (("server", "workers"), workers),
        "--data": (("stores", "main", "folder"), None if data is None else str(data)),
        "--otlp-endpoint": (("telemetry", "otlp", "endpoint"), otlp_endpoint),
    }
    given = {flag: setting for flag, setting in flags.items() if setting[1] is not None}
    if no_local_embedder:
        given["--no-local-embedder"] = (("stores", "main", "embedder"), None)
    sources = Sources.found(config, os.environ, given)
    loaded = loaded_from(sources)
    try:
        with errors_stop():
            _serve(sources, loaded)
    except OSError as failed:
        where = loaded.configuration.server.listen
        raise CommandError(ExitCode.FAILED, f"cannot serve at {where}: {_message(failed)}") from None
    except (Failure, SetupError, ImportError) as failed:
        # The message of a faulty store, file or extra already says what to do.
        raise CommandError(ExitCode.FAILED, f"cannot serve: {failed}") from None


def _serve(sources: "Sources", loaded: "Loaded") -> None:
    # Imported only now, and of two that take their time the one that is needed.
    if loaded.configuration.server.workers > 1:
        from groundwire_server.app.workers.serve import serve_workers  # noqa: PLC0415

        serve_workers(sources, loaded)
    else:
        from groundwire_server.app.serve import serve as serve_alone  # noqa: PLC0415

        serve_alone(sources, loaded)


def _message(failed: OSError) -> str:
    said = failed.strerror or str(failed)
    return f"{failed.filename}: {said}" if failed.filename else said
