"""`groundwire corpus verify`."""

from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects


@connects
def verify(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Folders, files or patterns, as in `ingest`.")],
    connection: ConnectionOptions,
    principal: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A principal whose documents you may see; repeatable."),
    ] = None,
    max_lost: Annotated[
        float,
        typer.Option(
            metavar="SHARE", min=0.0, max=1.0, help="Share of a file's words that may be missing without a word."
        ),
    ] = 0.05,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 5 when words are lost or a reader has left something out.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Compare stored documents with the files that they were made from, and change nothing.

    Name the folders as you do in `groundwire ingest`, from the same folder. Reports documents that are missing, extra
    documents whose files are gone, and drift: a stored text that is not the one that the file has now. It also reads
    files in a second, simple way, and reports words that their readers have lost, and what readers say that they have
    left out. Titles, metadata and access lists are not compared.

    Elsewhere than on a terminal it prints kind, document and message of each difference between tabs.

    Exits with 0 when everything is stored as the files have it, with 1 when a document is missing, extra, differs or
    cannot be read, with 5 under --strict when text is lost.
    """
    from groundwire_server.cli.corpus.verification import run_verification  # noqa: PLC0415  # what --help does not need
    from groundwire_server.cli.files.entries import Given  # noqa: PLC0415
    from groundwire_server.cli.ingest.plan import IngestPlan  # noqa: PLC0415

    plan = IngestPlan.of(paths, Given(), None, jsonl=False)
    run_verification(plan, connection, principal or [], max_lost, strict=strict, as_json=json)
