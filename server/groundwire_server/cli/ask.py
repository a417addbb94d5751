"""`groundwire ask`."""

from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.pairs import CONTEXT


@connects
def ask(
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="The question; quotes are optional.")],
    connection: ConnectionOptions,
    principal: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Principal to ask as, such as a group; repeatable.")
    ] = None,
    route: Annotated[str, typer.Option(metavar="NAME", help="Route to use; default: the route named default.")] = "",
    top_k: Annotated[
        int | None, typer.Option(metavar="N", help="Maximum number of passages to consider, 1 to 64.")
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=TEXT",
            help="Value that the route may show a model beside the question; repeatable.",
        ),
    ] = None,
    end_user: Annotated[
        str,
        typer.Option(metavar="ID", help="Person to ask for, whose limits hold and whose arm of an experiment answers."),
    ] = "",
    provisional: Annotated[
        bool,
        typer.Option("--provisional", help="Print text before it is checked; text that fails the checks is retracted."),
    ] = False,
    queue: Annotated[
        bool, typer.Option("--queue", help="Let the server answer later where it cannot now; prints how to follow it.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of the call.")] = 30.0,
    trace: Annotated[bool, typer.Option("--trace", help="Show how long each stage took.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON, in protobuf's mapping.")] = False,
) -> None:
    """Ask a question and print the answer as it arrives.

    Prints its citations too, and the outcome's cause, action and next step.

    Exits with 0 when there is an answer, with 1 when there is none. Ctrl-C cancels the call on the server.
    """
    from groundwire.v1.question_pb2 import Question  # noqa: PLC0415
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.render import ask_and_print  # noqa: PLC0415  # imports what --help does not need

    if trace and json:
        raise CommandError(ExitCode.USAGE, "--json includes the times of the stages: omit --trace")
    known = CONTEXT.read(context or ())
    with failures_stop(), connect(connection, principal, timeout) as client:
        asked = Question(text=" ".join(question), end_user_id=end_user)
        stream = client.stream(
            asked, route=route, top_k=top_k, context=known, provisional=provisional, allow_queue=queue
        )
        answered = ask_and_print(stream, trace=trace, as_json=json)
    if not answered:
        raise typer.Exit(ExitCode.INCOMPLETE)
