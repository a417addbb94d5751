"""`groundwire ingest`."""

from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects


@connects
def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH", help="Files, folders of them, patterns; - for standard input."),
    ],
    connection: ConnectionOptions,
    principal: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Who may see the documents; repeatable. Everybody in the tenant if none."),
    ] = None,
    metadata: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=TEXT", help="A value that filters can ask about; repeatable, for every document."),
    ] = None,
    title: Annotated[str, typer.Option(metavar="TEXT", help="The title, where there is one document.")] = "",
    document_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="The id of the text on standard input.")
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Standard input is JSONL.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be stored, and what not and why; needs no server.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Send everything, whatever earlier runs have stored.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Store documents, as new ones or as new revisions.

    A file's id is its path as you give it. Takes text and Markdown as they are, HTML, PDF and DOCX as Markdown (these
    need the extra `files`). A line of a JSONL file is a Document of the contract, such as
    {"documentId": "faq-1", "text": "…"}.

    Run it again after Ctrl-C or a failure: what the server has confirmed is not sent again while it is unchanged.

    Ends with 0 when every document is stored, with 1 when some are not.
    """
    from groundwire_server.cli.files.entries import Given  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.ingest.plan import IngestPlan, pairs  # noqa: PLC0415
    from groundwire_server.cli.ingest.run import dry_run as show  # noqa: PLC0415
    from groundwire_server.cli.ingest.run import store  # noqa: PLC0415

    given = Given(principal or ["*"], pairs(metadata or ()), title)
    plan = IngestPlan.of(paths, given, document_id, jsonl=jsonl)
    if dry_run:
        show(plan, as_json=json)
    else:
        store(plan, connection, fresh=fresh, as_json=json)
