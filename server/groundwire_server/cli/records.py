"""`groundwire records`."""

from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire.v1.erasure_pb2 import ErasureTarget


@connects
def erase(
    connection: ConnectionOptions,
    subject: Annotated[str | None, typer.Option(metavar="NAME", help="Erase what is kept of this subject.")] = None,
    end_user: Annotated[str | None, typer.Option(metavar="ID", help="Erase what is kept of this end user.")] = None,
    document: Annotated[
        str | None, typer.Option(metavar="ID", help="Erase answers that cite the document of this id.")
    ] = None,
    entire_tenant: Annotated[bool, typer.Option("--entire-tenant", help="Erase every record of the tenant.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receipt as JSON.")] = False,
) -> None:
    """Erase queued questions and kept answers, and print a receipt. Needs the role admin.

    Operations of the subject or the tenant are gone afterwards; others that are erased end with ERASED. Answers in
    flight of the tenant are ended. Asks first, on a terminal; elsewhere it needs --yes.

    Ends with 1 when something could not be erased; the receipt says where.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.documents import deletion, erasure  # noqa: PLC0415

    target, named = _target(subject, end_user, document, entire_tenant=entire_tenant)
    if not yes:
        deletion.confirm(f"every record of {named}", "Erase")
    with failures_stop(), connect(connection) as client:
        receipt = client.erase_records(target)
    (erasure.print_json if as_json else erasure.print_receipt)(receipt)
    if not receipt.complete:
        raise CommandError(ExitCode.INCOMPLETE, "not everything was erased: the receipt says where; erase it again")


def _target(
    subject: str | None, end_user: str | None, document: str | None, *, entire_tenant: bool
) -> "tuple[ErasureTarget, str]":
    """Return what the command line names, as the contract and in words.

    Raises:
        CommandError: when it does not name exactly one thing.
    """
    from groundwire.v1.erasure_pb2 import EntireTenant, ErasureTarget  # noqa: PLC0415  # imports what --help does not need

    named = [
        *([] if subject is None else [(ErasureTarget(subject=subject), "the subject")]),
        *([] if end_user is None else [(ErasureTarget(end_user_id=end_user), "the end user")]),
        *([] if document is None else [(ErasureTarget(document_id=document), "answers that cite the document")]),
        *([(ErasureTarget(tenant=EntireTenant()), "the tenant")] if entire_tenant else []),
    ]
    if len(named) != 1:
        message = "say what to erase: one of --subject NAME, --end-user ID, --document ID and --entire-tenant"
        raise CommandError(ExitCode.USAGE, message)
    return named[0]
