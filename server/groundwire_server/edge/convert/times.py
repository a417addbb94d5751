"""Times of requests."""

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
