"""Which log lines are written, and which are counted."""

import logging

import pytest

from groundwire_server.telemetry.line_sums import WINDOW, LineKind, LineSum, LineSums
from tests.doubles.clock import SetClock

KIND = LineKind("groundwire_server.adapters", logging.WARNING, "weaviate does not answer")
OTHER = LineKind("groundwire_server.adapters", logging.WARNING, "the model is slow")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def sums(clock: SetClock) -> LineSums:
    return LineSums(clock.now)


def test_the_first_lines_of_a_kind_are_written_and_the_others_counted(sums: LineSums, clock: SetClock) -> None:
    assert [sums.admit(KIND, 2) for _ in range(5)] == [True, True, False, False, False]
    assert sums.admit(OTHER, 2)
    assert sums.ended() == []
    clock.move(WINDOW)
    assert sums.ended() == [LineSum(KIND, 3)]
    assert sums.ended() == []


def test_a_new_window_begins_with_the_next_line(sums: LineSums, clock: SetClock) -> None:
    assert [sums.admit(KIND, 1) for _ in range(3)] == [True, False, False]
    clock.move(WINDOW)
    assert sums.admit(KIND, 1)
    assert sums.ended() == [LineSum(KIND, 2)]


def test_the_end_of_a_process_ends_every_window(sums: LineSums) -> None:
    assert [sums.admit(KIND, 1) for _ in range(3)] == [True, False, False]
    assert sums.ended(all_windows=True) == [LineSum(KIND, 2)]


def test_lines_of_ever_new_kinds_share_one_after_a_thousand(sums: LineSums, clock: SetClock) -> None:
    """A message with a name in it must not fill the memory."""
    written = sum(sums.admit(LineKind("a", logging.INFO, str(number)), 1) for number in range(5000))
    assert written == 1025
    clock.move(WINDOW)
    (others,) = sums.ended()
    assert others.left_out == 5000 - written
    assert repr(sums) == "<LineSums: 0 kinds in their windows, 0 lines left out>"
