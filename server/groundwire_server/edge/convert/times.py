"""Times in messages and in page tokens."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from groundwire_server.domain.failure import Rejection


def time_of(message: Timestamp, field: str) -> datetime:
    """Return a time, with its zone.

    Args:
        message: as it came in.
        field: where it stood in the request, for the caller to find it.

    Raises:
        Rejection: INVALID_REQUEST for one that no calendar has.
    """
    try:
        return message.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Rejection.invalid(field, "must be a time from year 1 to 9999", "timestamp.range") from None


def read_place(time: str, name: str) -> tuple[datetime, str]:
    """Return the time and the name by which lists are ordered, as a page token holds them.

    Raises:
        ValueError: for a time without its zone, and for a name with characters that no id has.
    """
    at = datetime.fromisoformat(time)
    if at.tzinfo is None or not name.isascii() or not name.isprintable():
        raise ValueError("not a time and a name")
    return at, name


def fill_time(message: Timestamp, at: datetime | None) -> None:
    """Set a time; one that is None stays unset."""
    if at is not None:
        message.FromDatetime(at)
