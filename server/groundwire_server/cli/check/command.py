"""`groundwire check`."""

from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode


@connects
def check(
    connection: ConnectionOptions,
    text: Annotated[
        Path, typer.Argument(metavar="FILE", help="File with the text, at most 64 KiB; - is standard input.")
    ] = Path("-"),
    facts: Annotated[
        list[Path] | None,
        typer.Option(
            "--facts",
            metavar="FILE",
            help="File with facts, as text, JSON or JSON lines; repeatable, 200 facts in all.",
        ),
    ] = None,
    search: Annotated[
        bool, typer.Option("--search", help="Search the stored documents for each sentence, in place of facts.")
    ] = False,
    question: Annotated[str, typer.Option(metavar="TEXT", help="Question that the text answers.")] = "",
    principal: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Principal to search as, such as a group; repeatable.")
    ] = None,
    route: Annotated[str, typer.Option(metavar="NAME", help="Route to use; default: the route named default.")] = "",
    top_k: Annotated[
        int | None, typer.Option(metavar="N", help="Maximum number of passages to find for a sentence, 1 to 64.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of the call.")] = 30.0,
    json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each sentence and the summary.")
    ] = False,
) -> None:
    """Check a text against facts or the stored documents, sentence by sentence.

    Prints each sentence with its verdict and what it conflicts with, then the passages that carry the text.

    A text file is one fact, or several if it is longer than 10,000 characters. JSON is a list of facts, JSON lines hold
    one each: a text, or an object with `text` and, if you like, `factId`, `title` and `sourceUri`.

    Exits with 0 when every claim stands, with 1 when one does not or the text claims nothing.
    """
    from contextlib import closing  # noqa: PLC0415  # imports what --help does not need

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.check.facts import read_facts  # noqa: PLC0415
    from groundwire_server.cli.check.page import print_json, print_page  # noqa: PLC0415
    from groundwire_server.cli.check.text import read_text  # noqa: PLC0415

    if bool(facts) is search:
        raise CommandError(ExitCode.USAGE, "give --facts FILE or --search: one of them says what to check against")
    if facts and top_k is not None:
        raise CommandError(ExitCode.USAGE, "--top-k is for --search: omit it")
    evidence = read_facts(facts) if facts else None
    said = read_text(text)
    with failures_stop(), connect(connection, principal, timeout) as client:
        checking = client.check(said, facts=evidence, question=question, route=route, top_k=top_k)
        with closing(checking) as responses:
            stands = print_json(responses) if json else print_page(said, responses)
    if not stands:
        raise typer.Exit(ExitCode.INCOMPLETE)
