"""`groundwire serve`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from groundwire_server.cli.exits import ExitCode, Stop


def serve(
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Address to listen on, loopback only; port 0 chooses one.")
    ] = None,
    data: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where the documents are kept.")] = None,
    otlp_endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="Send traces there over OTLP gRPC, such as http://localhost:4317.")
    ] = None,
    no_local_embedder: Annotated[
        bool, typer.Option("--no-local-embedder", help="Search by keyword alone: no model is loaded.")
    ] = False,
) -> None:
    """Serve until SIGTERM or Ctrl-C, then let calls in flight end.

    The first line on standard output is `listening on HOST:PORT`; logs go to standard error as JSON lines.
    What is not given here is read from the environment: GROUNDWIRE_LISTEN, GROUNDWIRE_DATA, GROUNDWIRE_OTLP_ENDPOINT
    and the other settings.
    """
    from pydantic import ValidationError  # noqa: PLC0415  # imports what --help does not need

    from groundwire_server.app.settings import Settings  # noqa: PLC0415
    from groundwire_server.domain.failure import Failure  # noqa: PLC0415

    given: dict[str, Any] = {"listen": listen, "data": data, "otlp_endpoint": otlp_endpoint}
    chosen = {name: value for name, value in given.items() if value is not None}
    if no_local_embedder:
        chosen["local_embedder"] = False
    try:
        settings = Settings(**chosen)
    except ValidationError as invalid:
        raise Stop(ExitCode.USAGE, _settings_wrong(invalid.errors())) from None
    # Imported when there is something to serve: it takes a second.
    from groundwire_server.app.serve import serve as serve_until_signalled  # noqa: PLC0415

    try:
        code = serve_until_signalled(settings)
    except OSError as failed:
        told = failed.strerror or str(failed)
        raise Stop(ExitCode.FAILED, f"cannot serve at {settings.listen} with data in {settings.data}: {told}") from None
    except (Failure, ImportError) as failed:
        # What is wrong with the store or an extra says itself what to do.
        raise Stop(ExitCode.FAILED, f"cannot serve with data in {settings.data}: {failed}") from None
    if code:
        raise typer.Exit(code)


def _settings_wrong(errors: Any) -> str:
    wrong = (f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in errors)
    return "settings are wrong: " + "; ".join(wrong)
