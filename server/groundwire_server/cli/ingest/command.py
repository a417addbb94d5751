"""`groundwire ingest`."""

from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.pairs import METADATA


@connects
def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH", help="Files, folders or patterns; - for standard input."),
    ],
    connection: ConnectionOptions,
    principal: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Principal who may see the documents; repeatable; default: everyone in the tenant."
        ),
    ] = None,
    metadata: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=TEXT", help="Metadata of every document, for filters; repeatable."),
    ] = None,
    title: Annotated[str, typer.Option(metavar="TEXT", help="Title of a single document.")] = "",
    document_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Document id of the text on standard input.")
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read JSONL from standard input.")] = False,
    dry: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show what would be stored, and what would not and why; needs no server, except with --prune.",
        ),
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Send every document, even if an earlier run stored it.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Delete the documents of the folders whose files are gone or ignored, after a plan."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --prune: delete without asking.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Store documents: new ones, or new revisions.

    A file's document id is its path as given. Text and Markdown are stored as they are; reStructuredText, HTML, PDF,
    DOCX, XLSX (which need the extra `files`), CSV, mail and JSON are converted to Markdown. A line of a JSONL file is
    a Document of the contract, such as {"documentId": "faq-1", "text": "…"}.

    A folder stands for the files in it that have a reader; the summary says which files were skipped and why. Hidden
    files, links to folders and what a .groundwireignore excludes are skipped. A renamed file keeps its document while
    its text is the same.

    --prune deletes the documents that were made from these folders and whose files are gone or ignored. It shows a plan
    and asks; without a terminal it needs --yes.

    Run it again after Ctrl-C or a failure: documents that the server has confirmed are not sent again while unchanged.

    Exits with 0 when every document is stored, even if files were skipped, with 1 when some documents are not stored,
    when guards of the server hold some back, or when the plan was not agreed to.
    """
    from groundwire_server.cli.files.entries import Given  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.ingest.plan import IngestPlan  # noqa: PLC0415
    from groundwire_server.cli.ingest.run import RunOptions, dry_run, store  # noqa: PLC0415

    given = Given(principal or ["*"], METADATA.read(metadata or ()), title)
    plan = IngestPlan.of(paths, given, document_id, jsonl=jsonl)
    if prune and not plan.folders:
        raise CommandError(ExitCode.USAGE, "--prune compares with a folder: name one that has files")
    (dry_run if dry else store)(plan, connection, RunOptions(fresh=fresh, prune=prune, yes=yes, json=json))
