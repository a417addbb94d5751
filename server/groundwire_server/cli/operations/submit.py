"""`groundwire submit`."""

from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import ExitCode


@connects
def submit(
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="The question; quotes are optional.")],
    connection: ConnectionOptions,
    principal: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Principal to ask as, such as a group; repeatable.")
    ] = None,
    route: Annotated[str, typer.Option(metavar="NAME", help="Route to use; default: the route named default.")] = "",
    answer_within: Annotated[
        float | None,
        typer.Option(
            min=1, max=604_800, metavar="SECONDS", help="How long an answer is of use; default: the server's."
        ),
    ] = None,
    webhook: Annotated[
        str | None, typer.Option(metavar="URL", help="An https address that is called when the operation is done.")
    ] = None,
    request_id: Annotated[
        str, typer.Option(metavar="ID", help="Makes the call idempotent: the same question under it is one operation.")
    ] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the answer and print it.")] = False,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of the call.")] = 30.0,
    json: Annotated[
        bool, typer.Option("--json", help="Print the operation, or with --wait the outcome, as JSON.")
    ] = False,
) -> None:
    """Hand in a question that is answered later, and print its operation's name.

    Once the name is printed, no restart of the server loses the question. With --wait it exits with 0 when there is an
    answer, with 1 when there is none; Ctrl-C stops waiting, and the operation goes on.
    """
    # Imports what --help does not need.
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.operations.following import wait_and_print  # noqa: PLC0415
    from groundwire_server.cli.operations.listing import print_json  # noqa: PLC0415

    with failures_stop(), connect(connection, principal, timeout) as client:
        operation = client.submit(
            " ".join(question), route=route, request_id=request_id, answer_within=answer_within, webhook=webhook
        )
        if not wait:
            print_json(operation.message) if json else print(operation.name)
            return
        if not json:
            print(operation.name, flush=True)
        answered = wait_and_print(operation, None, as_json=json)
    if not answered:
        raise typer.Exit(ExitCode.INCOMPLETE)
