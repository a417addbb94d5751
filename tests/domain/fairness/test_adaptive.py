"""What is concluded from times that were measured."""

import pytest

from groundwire_server.domain.fairness.adaptive_limit import PERIOD, AdaptiveLimit
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.fairness.recent_times import RecentTimes


def test_a_limit_begins_at_its_most_and_stays_within_its_bounds() -> None:
    limit = AdaptiveLimit(2, 10)
    assert limit.value == 10
    limit.grow(5.0)
    assert limit.value == 10
    for number in range(10):
        limit.shrink(0.5, 10, number * PERIOD)
    assert limit.value == 2


def test_a_limit_shrinks_once_in_a_period_and_from_what_is_used() -> None:
    limit = AdaptiveLimit(1, 100)
    assert limit.shrink(0.5, 20, 0.0)
    assert limit.value == 10
    assert not limit.shrink(0.5, 20, PERIOD / 2)
    assert limit.value == 10
    assert limit.shrink(0.5, 10, PERIOD)
    assert limit.value == 5


def test_a_limit_grows_by_parts_of_one() -> None:
    limit = AdaptiveLimit(1, 10)
    limit.shrink(0.5, 4, 0.0)
    for _ in range(4):
        limit.grow(0.25)
    assert limit.value == 3


def test_the_quick_tenth_is_known_after_four_times_and_forgotten_after_a_minute() -> None:
    times = RecentTimes()
    for number, seconds in enumerate((5.0, 1.0, 3.0)):
        times.add(seconds, float(number))
        assert times.quick(float(number)) == 0.0
    times.add(4.0, 3.0)
    assert times.quick(3.0) == 1.0
    assert times.quick(61.5) == 0.0, "two of four are left"


def test_only_the_last_times_count() -> None:
    times = RecentTimes()
    for _ in range(40):
        times.add(1.0, 0.0)
    for _ in range(40):
        times.add(9.0, 1.0)
    assert times.quick(1.0) == 9.0


def test_the_worst_lag_of_the_last_second_or_two_counts() -> None:
    lag = LoopLag()
    lag.add(0.5, 0.0)
    lag.add(0.1, 0.2)
    assert lag.worst(0.2) == 0.5
    assert lag.worst(1.1) == 0.5
    lag.add(0.2, 1.2)
    assert lag.worst(2.3) == 0.2
    assert lag.worst(9.0) == 0.0


def test_the_mean_lag_is_of_what_was_measured_since_it_was_taken() -> None:
    lag = LoopLag()
    assert lag.take_mean() is None
    lag.add(0.1, 0.0)
    lag.add(0.3, 0.0)
    assert lag.take_mean() == pytest.approx(0.2)
    assert lag.take_mean() is None
