"""`groundwire experiments apply`."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from groundwire_server.cli.arguments import Json, Reason, Timeout
from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode


@connects
def apply(
    connection: ConnectionOptions,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The experiment; `experiments init` prints an example.")],
    etag: Annotated[
        str, typer.Option(metavar="ETAG", help="Change it only if it is as it was when it had this etag.")
    ] = "",
    reason: Reason = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Have the server check it, and keep nothing.")] = False,
    timeout: Timeout = 30.0,
    json: Json = False,
) -> None:
    """Begin an experiment on a running server, or change one: its ramp, its end, its guards and its error rate.

    Needs an operator of the managing tenant. Its route, its unit and its arms stay what they are; for others begin
    another under a new name. Applying the same file again changes nothing. Every process of the server uses a change
    within two seconds.
    """
    from google.protobuf import json_format  # noqa: PLC0415  # imports what --help does not need

    import groundwire  # noqa: PLC0415
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.experiments.lines import arms_line, state_line  # noqa: PLC0415

    text = _read(file)
    with failures_stop(), connect(connection, timeout=timeout) as client:
        try:
            done = client.apply_experiment(text, etag=etag, reason=reason, validate_only=dry_run)
        except groundwire.Error as failed:
            if failed.reason != "EXPERIMENT_INVALID" or not failed.violations:
                raise
            _refuse(file, [each.description for each in failed.violations])
    experiment = done.experiment
    if json:
        print(json_format.MessageToJson(done, indent=None))
    else:
        print(f"{experiment.name} can be applied" if dry_run else state_line(experiment))
        if not dry_run:
            print(arms_line(text, experiment.traffic_percent), file=sys.stderr)
    if experiment.fault:
        raise CommandError(ExitCode.FAILED, f"{experiment.name} is set aside: {experiment.fault}")


def _read(file: Path) -> str:
    """Return the text of a definition that can be read.

    Raises:
        CommandError: with a line for each fault of it.
    """
    from datetime import UTC, datetime  # noqa: PLC0415  # as above

    from groundwire_server.app.configuration.errors import InvalidConfigurationError  # noqa: PLC0415
    from groundwire_server.app.experiments.definition import MOST_BYTES, read_experiment  # noqa: PLC0415
    from groundwire_server.files.small import UnreadableFileError, text_of  # noqa: PLC0415

    try:
        text = text_of(file, MOST_BYTES)
        # One that names no start may run already: only the server knows whether its end is behind its start.
        read_experiment(text, datetime.min.replace(tzinfo=UTC), str(file))
    except UnreadableFileError as wrong:
        raise CommandError(ExitCode.USAGE, f"{file} {wrong}") from None
    except InvalidConfigurationError as invalid:
        *before, last = [str(error) for error in invalid.errors]
        raise CommandError(ExitCode.USAGE, last, before) from None
    return text


def _refuse(file: Path, faults: list[str]) -> NoReturn:
    """End the command with a line for each fault that the server has found, under the name of the file."""
    *before, last = [f"{file}{fault.removeprefix('definition')}" for fault in faults]
    raise CommandError(ExitCode.USAGE, last, before)
