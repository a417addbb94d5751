"""`groundwire worker`."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from groundwire_server.cli.exits import CommandError, ExitCode


def worker(
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Configuration file; default: GROUNDWIRE_CONFIG, then groundwire.yaml here."),
    ] = None,
    concurrent: Annotated[
        int | None, typer.Option(metavar="N", help="Questions to answer at once; default: queue.concurrent.")
    ] = None,
    otlp_endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Export traces and metrics here over OTLP gRPC, such as http://localhost:4317."
        ),
    ] = None,
) -> None:
    """Answer queued questions until SIGTERM or Ctrl-C, then finish those begun.

    Servers answer queued questions as well, as many at once as `queue.concurrent` says; set it to 0 there to leave them
    to workers alone. Workers and servers share the database `records`, and stores that processes can share; the folder
    of an embedded store has one process. The configuration is reloaded on SIGHUP and when its file changes. It listens
    on no port but `telemetry.prometheus_listen`.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from groundwire_server.app.configuration.load import Sources  # noqa: PLC0415  # what --help does not need
    from groundwire_server.app.working_off import work_off  # noqa: PLC0415
    from groundwire_server.cli.configured import errors_stop, loaded_from  # noqa: PLC0415
    from groundwire_server.domain.failure import Failure, SetupError  # noqa: PLC0415

    flags: dict[str, tuple[tuple[str | int, ...], Any]] = {
        "--concurrent": (("queue", "concurrent"), concurrent),
        "--otlp-endpoint": (("telemetry", "otlp", "endpoint"), otlp_endpoint),
    }
    given = {flag: setting for flag, setting in flags.items() if setting[1] is not None}
    sources = Sources.found(config, os.environ, given)
    loaded = loaded_from(sources)
    try:
        with errors_stop():
            work_off(sources, loaded)
    except (Failure, SetupError, ImportError, OSError) as failed:
        raise CommandError(ExitCode.FAILED, f"cannot work off queued questions: {failed}") from None
