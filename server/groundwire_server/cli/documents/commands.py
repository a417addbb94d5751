"""`groundwire documents list`, `get`, `export`, `delete`, `purge`, `erase`, `quarantined` and `release`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode

Principal: TypeAlias = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="A principal whose documents you may see; repeatable.")
]
Conditions: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="CONDITION",
        help="KEY=VALUE, KEY!=VALUE, KEY<NUMBER (also <=, >, >=), KEY or !KEY, or a Filter of the contract as JSON; "
        "where it is repeated, all must hold.",
    ),
]


class Order(StrEnum):
    """The values of `--order`, which are those of DocumentOrder."""

    ID = "id"
    OLDEST = "oldest"
    NEWEST = "newest"


@connects
def list_(
    connection: ConnectionOptions,
    principal: Principal = None,
    conditions: Conditions = None,
    order: Annotated[
        Order,
        typer.Option(metavar="ORDER", help="`id`, or by the time of the last change: `oldest` or `newest` first."),
    ] = Order.ID,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List the documents that you may see.

    A table on a terminal; elsewhere one line per document with id, title, revision, passages, bytes and time between
    tabs. A filter compares with the documents' metadata: VALUE is a text, a number, a flag or an item of a list.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.documents import listing  # noqa: PLC0415
    from groundwire_server.cli.documents.filters import filter_of  # noqa: PLC0415

    condition = filter_of(conditions or ())
    with failures_stop(), connect(connection, principal) as client:
        documents = listing.listed(client, condition, order)
        if as_json:
            listing.print_lines(documents)
        else:
            listing.print_table(documents, filtered=condition is not None)


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
            message = f"there is no document {document_id} that you may see; `groundwire documents list` shows those"
            raise CommandError(ExitCode.INCOMPLETE, message) from None
    if as_json:
        description.print_json(found)
    elif text:
        description.print_text(found)
    else:
        description.describe(found.document)


@connects
def export(
    connection: ConnectionOptions,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write; default: standard output.")
    ] = None,
    conditions: Conditions = None,
    principal: Principal = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Export the documents that you may see, with their texts, as JSONL that `groundwire ingest` reads.

    A line is a Document of the contract: text, title, source, metadata and access list. Documents are read one after
    the other: the summary says what changed meanwhile.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.documents import export as exporting  # noqa: PLC0415
    from groundwire_server.cli.documents.filters import filter_of  # noqa: PLC0415

    condition = filter_of(conditions or ())
    with failures_stop(), connect(connection, principal) as client:
        with exporting.output(output, overwrite=force) as write:
            exported = exporting.export(client, condition, write)
        exporting.print_summary(exported)


@connects
def delete(
    document_ids: Annotated[list[str], typer.Argument(metavar="ID", help="The documents' ids.")],
    connection: ConnectionOptions,
    principal: Principal = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Succeed where a document does not exist.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """Delete documents, with all their passages.

    Asks first, on a terminal; elsewhere it needs --yes. Ends with 1 when some did not exist, unless that is allowed.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.documents.deletion import confirm, delete_each, named  # noqa: PLC0415

    with failures_stop():
        ids = list(dict.fromkeys(document_ids))
        if not yes:
            confirm(named(ids))
        with connect(connection, principal) as client:
            missing = delete_each(client, ids)
    if missing and not allow_missing:
        raise typer.Exit(ExitCode.INCOMPLETE)


@connects
def purge(
    connection: ConnectionOptions,
    conditions: Conditions = None,
    principal: Principal = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be deleted, and delete nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """Delete the documents that you may see and whose metadata satisfy a filter.

    Shows the plan first: up to 100 ids, and how many documents there are. Then it asks, on a terminal; elsewhere it
    needs --yes. A filter compares with the documents' metadata: VALUE is a text, a number, a flag or an item of a list.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.documents import deletion  # noqa: PLC0415
    from groundwire_server.cli.documents.filters import filter_of  # noqa: PLC0415

    condition = filter_of(conditions or ())
    if condition is None:
        raise CommandError(ExitCode.USAGE, "--filter says which documents to delete: give at least one")
    with failures_stop(), connect(connection, principal) as client:
        plan = client.purge_documents(condition)
        deletion.print_plan(plan)
        if dry_run or not plan.purge_count:
            return
        if not yes:
            deletion.confirm(deletion.counted(plan.purge_count))
        count = deletion.purge(client, condition)
    print(f"deleted {deletion.counted(count)}")


@connects
def erase(
    connection: ConnectionOptions,
    document: Annotated[str | None, typer.Option(metavar="ID", help="Erase the document of this id.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="URI", help="Erase the documents whose source is this URI.")
    ] = None,
    prefix: Annotated[
        bool, typer.Option("--prefix", help="With --source: every source that begins with the URI.")
    ] = False,
    entire_tenant: Annotated[bool, typer.Option("--entire-tenant", help="Erase every document of the tenant.")] = False,
    principal: Principal = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased, and erase nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receipt as JSON.")] = False,
) -> None:
    """Erase documents from every place that holds their texts, and print a receipt. Needs the role admin.

    Covers documents that you may not see, and what earlier deletions left behind. Shows the plan first, then asks, on a
    terminal; elsewhere it needs --yes. Removes what this command remembers of ingested documents, too.

    Ends with 1 when something could not be erased; the receipt says where.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.documents import deletion, erasure  # noqa: PLC0415

    target = erasure.target_of(document, source, prefix=prefix, tenant=entire_tenant)
    with failures_stop(), connect(connection, principal) as client:
        plan = client.erase_documents(target)
        erasure.print_plan(plan, named=not as_json or dry_run)
        if dry_run:
            return
        if not yes:
            # What earlier deletions left behind is erased where no document is left, too.
            deletion.confirm(deletion.counted(plan.document_count), "Erase")
        for receipt in erasure.erase(client, target):
            if as_json:
                erasure.print_json(receipt)
            else:
                erasure.print_receipt(receipt)
    erasure.forget_ingested(connection)


@connects
def quarantined(
    connection: ConnectionOptions,
    document_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A document, to see what guards object to in it.")
    ] = None,
    principal: Principal = None,
    conditions: Conditions = None,
    order: Annotated[
        Order, typer.Option(metavar="ORDER", help="`id`, or by the time they were stored: `oldest` or `newest` first.")
    ] = Order.ID,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, or the document.")] = False,
) -> None:
    """List the documents that guards hold back, or show what they object to in one. Needs the role operator.

    No reader finds these documents until `groundwire documents release` releases them. You see those that you would see
    were they released. On anything but a terminal a line has id, reasons, revision and time between tabs.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.documents import description, listing, quarantine  # noqa: PLC0415
    from groundwire_server.cli.documents.filters import filter_of  # noqa: PLC0415

    with failures_stop(), connect(connection, principal) as client:
        if document_id is None:
            documents = quarantine.listed(client, filter_of(conditions or ()), order)
            (listing.print_lines if as_json else quarantine.print_list)(documents)
            return
        found = quarantine.held(client, document_id)
    if found is None:
        raise CommandError(ExitCode.INCOMPLETE, quarantine.unknown(document_id))
    if as_json:
        quarantine.print_json(found)
    else:
        description.describe(found.document)
        quarantine.print_findings(found)


@connects
def release(
    document_ids: Annotated[list[str], typer.Argument(metavar="ID", help="The documents' ids.")],
    connection: ConnectionOptions,
    principal: Principal = None,
    yes: Annotated[bool, typer.Option("--yes", help="Release without showing and asking.")] = False,
) -> None:
    """Release documents from quarantine, so that they are found. Needs the role operator.

    Shows what guards object to and asks first, on a terminal; elsewhere it needs --yes. The same title and text are not
    held again for the same reasons.

    Ends with 1 when some are not in quarantine, or were replaced while you read.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.documents import deletion, quarantine  # noqa: PLC0415

    if not yes:
        deletion.require_terminal("Release")
    with failures_stop(), connect(connection, principal) as client:
        missing = quarantine.release(client, list(dict.fromkeys(document_ids)), yes=yes)
    if missing:
        raise typer.Exit(ExitCode.INCOMPLETE)
