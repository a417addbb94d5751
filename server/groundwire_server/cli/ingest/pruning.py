"""Deletes the documents whose files are gone, after a plan."""

import sys
from collections.abc import Sequence
from typing import Final

import groundwire
from groundwire_server.cli.console import one_line
from groundwire_server.cli.documents.deletion import confirm, counted
from groundwire_server.cli.files.sources import Made

_NAMED: Final = 100


def show_plan(documents: Sequence[Made]) -> None:
    """Print on standard error which documents would be deleted, and why."""
    for each in documents[:_NAMED]:
        print(f"{one_line(each.document_id)}: {one_line(each.path)} {each.why_gone}", file=sys.stderr)
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
