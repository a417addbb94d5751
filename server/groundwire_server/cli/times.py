"""Moments on the command line: as they are given, and as they are printed."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from groundwire_server.cli.durations import seconds_of
from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp


def moment_of(text: str, option: str) -> datetime | None:
    """Return a moment with its zone; None for an empty text.

    Args:
        text: such as 2026-11-01, 2026-11-01T08:00:00+01:00, or 30d for 30 days ago; UTC where it names no zone.
        option: that has it, without its dashes.

    Raises:
        CommandError: when it is none of these.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is not None:
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    try:
        return datetime.now(UTC) - timedelta(seconds=seconds_of(text, option))
    except CommandError:
        advice = "give a date such as 2026-11-01, a time such as 2026-11-01T08:00+01:00, or a time ago such as 30d"
        raise CommandError(ExitCode.USAGE, f"--{option} {text}: {advice}") from None


def printed(stamp: "Timestamp") -> str:
    """Return a time as it is printed."""
    return f"{stamp.ToDatetime(UTC):%Y-%m-%d %H:%M:%S} UTC"
