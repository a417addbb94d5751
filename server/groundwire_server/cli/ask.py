"""`groundwire ask`."""

from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode


@connects
def ask(
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="What to ask; quotes are optional.")],
    connection: ConnectionOptions,
    principal: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Who you are allowed to see documents as; repeatable.")
    ] = None,
    route: Annotated[
        str, typer.Option(metavar="NAME", help="The use, with its policy; the server's default if none.")
    ] = "",
    top_k: Annotated[int | None, typer.Option(metavar="N", help="The most passages to consider, 1 to 64.")] = None,
    provisional: Annotated[
        bool, typer.Option("--provisional", help="Print text before it is checked; what does not stand is taken back.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="The most time it may take.")] = 30.0,
    trace: Annotated[bool, typer.Option("--trace", help="Draw where the time went.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON, as the contract maps it.")] = False,
) -> None:
    """Ask a question and see the answer as it arrives.

    Prints its citations, and why, what was done and what to do next.

    Ends with 0 when an answer was given, with 1 when the outcome holds none. Ctrl-C cancels it on the server.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.render import ask_and_print  # noqa: PLC0415  # imports what --help does not need

    if trace and json:
        raise CommandError(ExitCode.USAGE, "--json holds the stages' times already: leave out --trace")
    with failures_stop(), connect(connection, principal, timeout) as client:
        stream = client.stream(" ".join(question), route=route, top_k=top_k, provisional=provisional)
        answered = ask_and_print(stream, trace=trace, as_json=json)
    if not answered:
        raise typer.Exit(ExitCode.INCOMPLETE)
