"""`groundwire retrieve`."""

from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import ExitCode


@connects
def retrieve(
    question: Annotated[
        list[str], typer.Argument(metavar="QUESTION", help="The question to search for; quotes are optional.")
    ],
    connection: ConnectionOptions,
    principal: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Principal to search as, such as a group; repeatable.")
    ] = None,
    route: Annotated[str, typer.Option(metavar="NAME", help="Route to use; default: the route named default.")] = "",
    top_k: Annotated[int | None, typer.Option(metavar="N", help="Maximum number of passages to find, 1 to 64.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Print whole passages instead of their beginnings.")] = False,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of the call.")] = 30.0,
    json: Annotated[bool, typer.Option("--json", help="Print the response as JSON, in protobuf's mapping.")] = False,
) -> None:
    """Search for the passages that an answer would be based on, best first.

    Passages below the route's relevance threshold are shown too; an answer would not use them.

    Exits with 0 when there are passages, with 1 when there are none.
    """
    from google.protobuf import json_format  # noqa: PLC0415  # imports what --help does not need

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415
    from groundwire_server.cli.passages import show_found  # noqa: PLC0415

    with failures_stop(), connect(connection, principal, timeout) as client:
        found = client.retrieve(" ".join(question), route=route, top_k=top_k)
    if json:
        print(json_format.MessageToJson(found))
    else:
        show_found(Terminal(), found, full=full)
    if not found.passages:
        raise typer.Exit(ExitCode.INCOMPLETE)
