"""`groundwire ingest`."""

from typing import Annotated

import typer

from groundwire_server.cli.connection import Connection, connects
from groundwire_server.cli.exits import ExitCode, Stop


@connects
def ingest(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="Text and Markdown files, folders of them, patterns, JSONL.")
    ],
    connection: Connection,
    principal: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Who may see the documents; repeatable. Everybody in the tenant if none."),
    ] = None,
) -> None:
    """Store documents, as new ones or as new revisions.

    A file's id is its path as you give it. A folder means the text and Markdown files in it. A line of a JSONL file is
    a Document of the contract, such as {"documentId": "faq-1", "text": "…"}.

    Ends with 0 when every document is stored, with 1 when some are not.
    """
    from groundwire_server.cli import loading, sources  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415

    files, nothing = sources.find(paths)
    if not files:
        raise Stop(ExitCode.USAGE, "; ".join(f"{each.name}: {each.why}" for each in nothing))
    tally = loading.Tally(failures=nothing)
    console = Terminal()
    try:
        with failures_stop(), connect(connection) as client:
            loading.load(client, sources.read(files, principal or ["*"]), sources.count(files), tally)
    finally:
        if tally.stored or tally.failures:
            loading.show_tally(console, tally)
    if tally.failures:
        raise typer.Exit(ExitCode.INCOMPLETE)
