"""`groundwire audit`."""

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from groundwire_server.cli.arguments import MappedJson, Timeout
from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire.v1.audit_service_pb2 import AuditEntry, VerifyAuditResponse

_DIGEST: Final = 64
"""Hexadecimal digits of a digest."""


@connects
def list_(
    connection: ConnectionOptions,
    target: Annotated[str, typer.Option(metavar="NAME", help="What was done to one thing, such as reviews/…")] = "",
    after: Annotated[int, typer.Option(min=0, metavar="SEQUENCE", help="Entries after this one.")] = 0,
    timeout: Timeout = 30.0,
    json: MappedJson = False,
) -> None:
    """List who has decided what in your tenant, the oldest first. Needs the role operator.

    Elsewhere than on a terminal it prints sequence, time, actor, event, target, details and digest between tabs.
    """
    from google.protobuf import json_format  # noqa: PLC0415

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415

    count = 0
    with failures_stop(), connect(connection, timeout=timeout) as client:
        for entry in client.audit_entries(target=target, after=after, page_size=1000):
            count += 1
            if json:
                print(json_format.MessageToJson(entry, indent=None))
            else:
                _print_entry(entry)
    # Beside the output, so that what reads it counts lines alone.
    print(f"{count} {'entry' if count == 1 else 'entries'}", file=sys.stderr)


@connects
def verify(
    connection: ConnectionOptions,
    known: Annotated[
        str,
        typer.Option(metavar="SEQUENCE:DIGEST", help="An entry that `head` has printed, noted outside the service."),
    ] = "",
    timeout: Timeout = 300.0,
    json: MappedJson = False,
) -> None:
    """Have the server recompute the audit trail of your tenant. Needs the role operator.

    Exits with 0 when it is as it was written, and with 1 when an entry was changed, removed or put between. Someone who
    can write to the database and has its key could write the whole trail anew: note its head elsewhere, and compare it
    with --known.
    """
    from google.protobuf import json_format  # noqa: PLC0415

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415

    sequence, digest = _known(known) if known else (0, "")
    with failures_stop(), connect(connection, timeout=timeout) as client:
        found = client.verify_audit(sequence=sequence, digest=digest)
    if json:
        print(json_format.MessageToJson(found, always_print_fields_with_no_presence=True))
    elif found.intact and found.entries:
        print(f"intact: {found.entries} verified, up to {found.last_sequence}:{found.last_digest}")
    elif found.intact:
        print("intact: the trail has no entries yet")
    if not found.intact:
        raise CommandError(ExitCode.INCOMPLETE, _wrong(found))


@connects
def head(connection: ConnectionOptions, timeout: Timeout = 300.0) -> None:
    """Print the last entry of an intact audit trail as SEQUENCE:DIGEST, to be noted outside the service.

    Needs the role operator. Exits with 1 when the trail is not intact, or has no entries yet.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        found = client.verify_audit()
    if not found.intact:
        raise CommandError(ExitCode.INCOMPLETE, "the trail is not intact: `groundwire audit verify` says more")
    if not found.entries:
        raise CommandError(ExitCode.INCOMPLETE, "the trail has no entries yet: it begins with the first review")
    print(f"{found.last_sequence}:{found.last_digest}")


def _print_entry(entry: "AuditEntry") -> None:

    from rich.text import Text  # noqa: PLC0415

    from groundwire_server.cli.console import Terminal, one_line  # noqa: PLC0415
    from groundwire_server.cli.times import printed  # noqa: PLC0415

    console = Terminal()
    details = one_line(", ".join(f"{name} {value}" for name, value in sorted(entry.details.items())))
    if console.is_terminal:
        time = printed(entry.time)
        actor = one_line(entry.actor) or "the service"
        console.hang(Text(f"{entry.sequence:>6} ", style="bold"), Text(f"{time}  {one_line(entry.event)} by {actor}"))
        console.hang(Text(" " * 7), Text(one_line(f"{entry.target}{'; ' if details else ''}{details}"), style="dim"))
        return
    fields = (entry.time.ToJsonString(), entry.actor, entry.event, entry.target, details, entry.digest)
    print("\t".join((str(entry.sequence), *map(one_line, fields))))


def _wrong(found: "VerifyAuditResponse") -> str:
    """Return why a trail is not intact, and what to do."""
    if found.first_wrong:
        return (
            f"entry {found.first_wrong} is not as it was written: keep the database as it is, and compare it with a "
            "backup"
        )
    keys = ", ".join(found.missing_keys)
    return f"{found.unverified} entries cannot be verified without the keys {keys}: add them to records.keys"


def _known(text: str) -> tuple[int, str]:
    """Return the sequence and the digest of a known entry.

    Raises:
        CommandError: when the text is not both.
    """
    sequence, _, digest = text.partition(":")
    number = int(sequence) if sequence.isdecimal() and len(sequence) < 19 else 0
    if not number or len(digest) != _DIGEST or any(each not in "0123456789abcdef" for each in digest):
        raise CommandError(ExitCode.USAGE, "--known takes what `groundwire audit head` printed, such as 42:9f3c…")
    return number, digest
