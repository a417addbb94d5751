"""Seconds to protobuf durations."""

from google.protobuf.duration_pb2 import Duration

_NANOS = 1_000_000_000


def duration(seconds: float) -> Duration:
    """Write a duration, to the nanosecond."""
    whole, nanos = divmod(round(seconds * _NANOS), _NANOS)
    return Duration(seconds=whole, nanos=nanos)
