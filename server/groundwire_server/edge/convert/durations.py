"""Seconds to protobuf durations."""

from google.protobuf.duration_pb2 import Duration

_NANOS = 1_000_000_000


def fill(message: Duration, seconds: float) -> None:
    """Write a duration into a message's field, to the nanosecond; half of what a message of its own would cost."""
    message.seconds, message.nanos = divmod(round(seconds * _NANOS), _NANOS)
