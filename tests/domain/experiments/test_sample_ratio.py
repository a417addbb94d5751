"""The test whether units fall into arms as the weights say."""

from collections import Counter
from random import Random

import pytest

from groundwire_server.domain.experiments.sample_ratio import ALARM, mismatch_probability


def test_equal_arms_are_called_unequal_no_more_often_than_stated_though_looked_at_all_the_time() -> None:
    random, runs, alarms, level = Random(6), 300, 0, 0.05
    weights = {"control": 50.0, "candidate": 30.0, "other": 20.0}
    for _ in range(runs):
        units: Counter[str] = Counter()
        lowest = 1.0
        for number, arm in enumerate(random.choices(list(weights), list(weights.values()), k=2_000)):
            units[arm] += 1
            if number % 20 == 19:
                lowest = min(lowest, mismatch_probability(units, weights))
        alarms += lowest < level
    assert alarms <= runs * level + 3 * (runs * level * (1 - level)) ** 0.5


@pytest.mark.parametrize(
    ("units", "alarm"),
    [
        ({"control": 5_000, "candidate": 5_000}, False),
        ({"control": 5_000, "candidate": 4_900}, False),
        ({"control": 5_000, "candidate": 4_500}, True),
        ({"control": 100}, True),
        ({"control": 3, "candidate": 1}, False),
        ({}, False),
    ],
)
def test_an_arm_that_loses_units_is_noticed(units: dict[str, int], *, alarm: bool) -> None:
    assert (mismatch_probability(units, {"control": 50, "candidate": 50}) < ALARM) is alarm


def test_one_arm_has_no_ratio() -> None:
    assert mismatch_probability({"control": 100, "candidate": 900}, {"control": 50}) == 1.0


def test_millions_of_units_do_not_overflow() -> None:
    assert mismatch_probability({"a": 9_000_000, "b": 1_000_000}, {"a": 50, "b": 50}) == 0.0
    assert mismatch_probability({"a": 5_000_000, "b": 5_000_000}, {"a": 50, "b": 50}) == 1.0
