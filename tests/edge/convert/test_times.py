"""Times in messages and in page tokens."""

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from groundwire_server.domain.failure import Rejection
from groundwire_server.edge.convert.times import fill_time, read_place, time_of

AT = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


def test_a_time_is_read_as_it_was_written() -> None:
    message = Timestamp()
    fill_time(message, AT)
    assert time_of(message, "since") == AT


def test_no_time_leaves_the_field_as_it_is() -> None:
    message = Timestamp()
    fill_time(message, None)
    assert message == Timestamp()


@pytest.mark.parametrize("seconds", [-(10**12), 10**12])
def test_a_time_of_no_calendar_is_refused(seconds: int) -> None:
    with pytest.raises(Rejection) as refused:
        time_of(Timestamp(seconds=seconds), "since")
    (violation,) = refused.value.violations
    assert violation.field == "since"


def test_a_place_is_a_time_and_a_name() -> None:
    assert read_place(AT.isoformat(), "7f3a09c2") == (AT, "7f3a09c2")


@pytest.mark.parametrize(
    ("time", "name"),
    [
        ("2026-11-01T08:30:00", "7f3a09c2"),
        ("yesterday", "7f3a09c2"),
        (AT.isoformat(), "7f3a\0"),
        (AT.isoformat(), "\ud800"),
        (AT.isoformat(), "é"),
    ],
)
def test_another_text_is_no_place(time: str, name: str) -> None:
    with pytest.raises(ValueError, match=r"not a time and a name|Invalid isoformat"):
        read_place(time, name)
