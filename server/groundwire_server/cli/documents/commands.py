"""`groundwire documents list`, `get` and `delete`."""

from typing import Annotated, TypeAlias

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode

Principal: TypeAlias = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Who you are allowed to see documents as; repeatable.")
]


@connects
def list_(
    connection: ConnectionOptions,
    principal: Principal = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List the documents that you may see, ordered by id.

    A table on a terminal; elsewhere a line a document, its id, title, revision, passages, bytes and time between tabs.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.documents import listing  # noqa: PLC0415

    with failures_stop(), connect(connection, principal) as client:
        documents = client.list_documents(page_size=listing.PAGE)
        if as_json:
            listing.print_lines(documents)
        else:
            listing.print_table(documents)


@connects
def get(
    document_id: Annotated[str, typer.Argument(metavar="ID", help="The document's id.")],
    connection: ConnectionOptions,
    principal: Principal = None,
    text: Annotated[bool, typer.Option("--text", help="Print its text, and nothing else.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON; with --text, the text as well.")] = False,
) -> None:
    """Describe a document, or print its text.

    Ends with 1 when there is no such document that you may see.
    """
    import groundwire  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.documents import description  # noqa: PLC0415

    with failures_stop(), connect(connection, principal) as client:
        try:
            found = client.get_document(document_id, include_text=text)
        except groundwire.Error as failed:
            if failed.reason != "DOCUMENT_NOT_FOUND":
                raise
            told = f"there is no document {document_id} that you may see; `groundwire documents list` shows those"
            raise CommandError(ExitCode.INCOMPLETE, told) from None
    if as_json:
        description.print_json(found)
    elif text:
        description.print_text(found)
    else:
        description.describe(found.document)


@connects
def delete(
    document_ids: Annotated[list[str], typer.Argument(metavar="ID", help="The documents' ids.")],
    connection: ConnectionOptions,
    principal: Principal = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """Delete documents, with all their passages.

    Asks first, on a terminal; elsewhere it needs --yes. Ends with 1 when some did not exist.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.documents.deletion import confirm, delete_each  # noqa: PLC0415

    with failures_stop():
        ids = list(dict.fromkeys(document_ids))
        if not yes:
            confirm(ids)
        with connect(connection, principal) as client:
            missing = delete_each(client, ids)
    if missing:
        raise typer.Exit(ExitCode.INCOMPLETE)
