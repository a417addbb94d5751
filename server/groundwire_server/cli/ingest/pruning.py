"""Removes the documents whose files are gone, after a plan."""

import sys
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import Final

import groundwire
from groundwire_server.cli.console import one_line
from groundwire_server.cli.documents.deletion import confirm, counted
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.files.holdings import Holdings
from groundwire_server.cli.files.ignoring import IgnoreFileError
from groundwire_server.cli.files.sources import Made, Sources, is_missing

_NAMED: Final = 100


def gone(
    client: groundwire.SyncClient,
    folders: Sequence[Path],
    stored_from: Callable[[str], str],
    kept: Container[str] = frozenset(),
) -> Sequence[Made]:
    """Return the documents that were made from these folders and whose files are gone or ignored, by id.

    Args:
        client: of the server.
        folders: as the command line names them.
        stored_from: returns the path from which this computer has stored a document; empty when it has not.
        kept: ids of documents that stay.

    Raises:
        CommandError: when the caller may not read, or an ignore file cannot be read.
        groundwire.Error: when a call fails.
    """
    holdings = Holdings(client)
    try:
        found = [made for made in Sources(folders, holdings, stored_from).gone() if made.document_id not in kept]
    except IgnoreFileError as unreadable:
        raise CommandError(ExitCode.USAGE, str(unreadable)) from None
    if not holdings.readable:
        raise CommandError(ExitCode.FAILED, "--prune needs a credential that may list documents: add the role reader")
    return sorted(found)


def show_plan(documents: Sequence[Made]) -> None:
    """Print on standard error which documents would be deleted, and why."""
    for each in documents[:_NAMED]:
        why = "is gone" if is_missing(each.path) else "is ignored"
        print(f"{one_line(each.document_id)}: {one_line(each.path)} {why}", file=sys.stderr)
    if len(documents) > _NAMED:
        print(f"… and {len(documents) - _NAMED} more", file=sys.stderr)
    print(f"{counted(len(documents))} would be deleted", file=sys.stderr, flush=True)


def prune(client: groundwire.SyncClient, documents: Sequence[Made], *, yes: bool) -> list[str]:
    """Show which documents are to be deleted, ask unless that is agreed, delete them and return their ids.

    Raises:
        CommandError: when the reply is not yes.
        groundwire.Error: when a call fails.
    """
    if not documents:
        return []
    show_plan(documents)
    if not yes:
        confirm(counted(len(documents)))
    # Somebody else may have deleted one meanwhile.
    return [
        each.document_id for each in documents if client.delete_document(each.document_id, allow_missing=True).deleted
    ]
