"""Deletes documents, one after the other."""

import sys
from collections.abc import Sequence

import groundwire
from groundwire_server.cli.console import one_line
from groundwire_server.cli.exits import CommandError, ExitCode

_NAMED = 3


def confirm(document_ids: Sequence[str]) -> None:
    """Asks on the terminal whether to go on.

    Raises:
        CommandError: when there is no terminal, or the reply is not yes.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandError(ExitCode.USAGE, "there is no terminal to ask on whether to delete: add --yes")
    print(f"Delete {_what(document_ids)}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandError(ExitCode.INCOMPLETE, "nothing was deleted")


def delete_each(client: groundwire.SyncClient, document_ids: Sequence[str]) -> int:
    """Deletes documents, says so of each, and returns how many did not exist."""
    missing = 0
    for document_id in document_ids:
        try:
            client.delete_document(document_id)
        except groundwire.Error as failed:
            if failed.reason != "DOCUMENT_NOT_FOUND":
                raise
            missing += 1
            told = f"groundwire: there is no document {one_line(document_id)} that you may see"
            print(told, file=sys.stderr, flush=True)
        else:
            print(f"deleted {one_line(document_id)}", flush=True)
    return missing


def _what(document_ids: Sequence[str]) -> str:
    named = ", ".join(one_line(each) for each in document_ids[:_NAMED])
    more = len(document_ids) - _NAMED
    return f"{named} and {more} more" if more > 0 else named
