"""The commands of `groundwire recordings`."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from groundwire_server.cli.arguments import MappedJson, Timeout
from groundwire_server.cli.connection import ConnectionOptions, connects

# What the commands need is imported in them: --help does not need it.

Route: TypeAlias = Annotated[str, typer.Option(metavar="NAME", help="The route; default: all.")]
Request: TypeAlias = Annotated[str, typer.Option("--request-id", metavar="ID", help="The request; default: all.")]
Recording: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The recording, as `list` names it.")]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]


@connects
def list_(
    connection: ConnectionOptions,
    route: Route = "",
    request_id: Request = "",
    limit: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="The most to list.")] = 100,
    timeout: Timeout = 30.0,
    json: MappedJson = False,
) -> None:
    """List the calls of your tenant that were recorded, the newest first. Needs the role operator.

    Elsewhere than on a terminal it prints id, time, route, outcome, cause, prompt, model, arm and request between tabs.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.recordings.listing import print_recordings  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        found = client.recordings(route=route, request_id=request_id, page_size=min(limit, 1000))
        print_recordings(found, limit, as_json=json)


@connects
def get(
    recording: Recording,
    connection: ConnectionOptions,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The file to write, which you alone may read."),
    ] = None,
    force: Force = False,
    timeout: Timeout = 30.0,
) -> None:
    """Print a recording, or write it to a file. Needs the role operator; the audit trail notes it.

    A recording holds the question, the passages and all that models wrote: JSON, one object a line.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.recordings.export import (  # noqa: PLC0415
        name_of,
        print_content,
        read_recording,
        write_recording,
    )

    name = name_of(recording)
    with failures_stop(), connect(connection, timeout=timeout) as client:
        content = read_recording(client, name)
    if output is None:
        print_content(content)
    else:
        write_recording(output, content, overwrite=force)


@connects
def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to write to; made where there is none.")],
    connection: ConnectionOptions,
    route: Route = "",
    request_id: Request = "",
    limit: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="The most to export.")] = 1000,
    timeout: Timeout = 30.0,
) -> None:
    """Export recordings to a folder, a file each: a data set for `groundwire eval`, `replay` and `prompts diff --over`.

    Needs the role operator; the audit trail notes each. Those that the folder has already are not read again.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.recordings.export import export_recordings, read_recording  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        found = client.recordings(route=route, request_id=request_id, page_size=min(limit, 1000))
        export_recordings(found, lambda name: read_recording(client, name), folder, limit)


@connects
def delete(
    recordings: Annotated[list[str], typer.Argument(metavar="ID...", help="The recordings, as `list` names them.")],
    connection: ConnectionOptions,
    timeout: Timeout = 30.0,
) -> None:
    """Delete recordings. Needs the role operator; the audit trail notes each. One that is gone already is no error."""
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.recordings.export import name_of  # noqa: PLC0415

    names = [name_of(recording) for recording in recordings]
    with failures_stop(), connect(connection, timeout=timeout) as client:
        for name in names:
            client.delete_recording(name)
            print(f"deleted {name}")
