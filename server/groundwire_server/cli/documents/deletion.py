"""Deleting documents: those that are named one after the other, or those that a filter selects."""

import sys
from collections.abc import Sequence
from typing import Final

import groundwire
from groundwire.v1.document_service_pb2 import PurgeDocumentsResponse
from groundwire_server.cli.console import one_line
from groundwire_server.cli.exits import CommandError, ExitCode

_NAMED: Final = 3


def confirm(what: str, verb: str = "Delete") -> None:
    """Ask on the terminal whether to go on.

    Raises:
        CommandError: when there is no terminal, or the reply is not yes.
    """
    require_terminal(verb)
    print(f"{verb} {what}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandError(ExitCode.INCOMPLETE, f"nothing was {verb.lower()}d")


def require_terminal(verb: str = "Delete") -> None:
    """Make sure that there is somebody to ask.

    Raises:
        CommandError: when there is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandError(ExitCode.USAGE, f"there is no terminal to ask on whether to {verb.lower()}: add --yes")


def delete_each(client: groundwire.SyncClient, document_ids: Sequence[str]) -> int:
    """Delete documents, print each, and return how many did not exist."""
    missing = 0
    for document_id in document_ids:
        if client.delete_document(document_id, allow_missing=True).deleted:
            print(f"deleted {one_line(document_id)}", flush=True)
        else:
            missing += 1
            message = f"groundwire: there is no document {one_line(document_id)} that you may see"
            print(message, file=sys.stderr, flush=True)
    return missing


def print_plan(plan: PurgeDocumentsResponse) -> None:
    """Print the ids that a purge would delete, as far as the server names them, and how many there are."""
    for document_id in plan.purge_sample:
        print(one_line(document_id))
    more = plan.purge_count - len(plan.purge_sample)
    if more > 0:
        print(f"… and {more} more")
    # Beside the output, so that what reads it counts ids alone.
    print(f"{counted(plan.purge_count)} would be deleted", file=sys.stderr, flush=True)


def purge(client: groundwire.SyncClient, condition: groundwire.Filter) -> int:
    """Delete every document that a filter selects and return how many there were."""
    count = 0
    while True:
        purged = client.purge_documents(condition, force=True)
        count += purged.purge_count
        if purged.complete or not purged.purge_count:
            return count
        print(f"deleted {counted(count)} so far", file=sys.stderr, flush=True)


def named(document_ids: Sequence[str]) -> str:
    """Name the first of these documents and count the others."""
    first = ", ".join(one_line(each) for each in document_ids[:_NAMED])
    more = len(document_ids) - _NAMED
    return f"{first} and {more} more" if more > 0 else first


def counted(count: int) -> str:
    """Return a number of documents in words."""
    return f"{count} document{'' if count == 1 else 's'}"
