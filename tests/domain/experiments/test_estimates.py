"""Metrics of arms: values, intervals, and how arms compare."""

from math import inf, isinf
from random import Random

import pytest

from groundwire_server.domain.experiments.estimates import (
    RatioEstimate,
    design_effect,
    difference,
    interval,
    ratio_of,
    relative_difference,
)
from groundwire_server.domain.experiments.experiment import Metric
from groundwire_server.domain.experiments.observation import ArmSums, Moments
from tests.domain.experiments.simulation import happens, simulated


def test_a_ratio_of_units_with_one_call_each_is_a_plain_mean() -> None:
    arm = simulated("control", Metric.COST_MICROS)
    values = [float(3 + number % 7) for number in range(140)]
    for number, value in enumerate(values):
        arm.call(number, cost_micros=value)
    found = ratio_of(arm.sums(), Metric.COST_MICROS)
    assert found is not None
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values)
    assert found.value == pytest.approx(mean)
    assert found.variance == pytest.approx(variance)


def test_the_variance_is_that_of_units() -> None:
    """Ten calls of a unit that are all alike are worth one."""
    once, often = simulated("control", Metric.COST_MICROS), simulated("control", Metric.COST_MICROS)
    for unit in range(60):
        once.call(unit, cost_micros=float(unit % 5))
        for _ in range(10):
            often.call(unit, cost_micros=float(unit % 5))
    one, ten = (ratio_of(arm.sums(), Metric.COST_MICROS) for arm in (once, often))
    assert one is not None
    assert ten is not None
    assert ten.variance == pytest.approx(one.variance)


def test_negative_feedback_is_a_share_of_the_calls_with_feedback() -> None:
    sums = ArmSums(
        "control",
        200,
        1_000,
        6_000.0,
        {Metric.FEEDBACK: Moments(100.0, 100.0, 500.0), Metric.NEGATIVE: Moments(25.0, 25.0, 25.0)},
        {},
    )
    found = ratio_of(sums, Metric.NEGATIVE)
    assert found is not None
    assert found.value == 0.25
    assert found.calls == 100
    assert found.variance == pytest.approx(0.25 * 0.75 / 100, rel=0.06)


def test_what_never_happened_may_happen() -> None:
    arm = simulated("control", Metric.BLOCKED)
    for number in range(50):
        arm.call(number)
    found = ratio_of(arm.sums(), Metric.BLOCKED)
    assert found is not None
    bounds = interval(found, Metric.BLOCKED, 0.05)
    assert bounds.low == 0.0
    # An exact interval of 50 calls at one look ends at 7 %.
    assert 0.06 < bounds.high < 0.15


@pytest.mark.parametrize("units", [1, 2, 29])
def test_few_units_bound_nothing(units: int) -> None:
    arm = simulated("control", Metric.ABSTAINED)
    for number in range(10 * units):
        arm.call(number % units, abstained=float(number % 2))
    found = ratio_of(arm.sums(), Metric.ABSTAINED)
    assert found is not None
    assert isinf(found.variance)
    bounds = interval(found, Metric.ABSTAINED, 0.05)
    assert (bounds.low, bounds.high) == (0.0, 1.0)
    assert not difference(found, found, 0.05).tells
    assert isinf(design_effect(arm.sums()))


def test_more_feedback_than_calls_is_within_its_interval() -> None:
    arm = simulated("control", Metric.FEEDBACK)
    for number in range(100):
        arm.call(number, feedback=2.0 + number % 2)
    found = ratio_of(arm.sums(), Metric.FEEDBACK)
    assert found is not None
    shown = interval(found, Metric.FEEDBACK, 0.05)
    assert shown.low <= shown.value <= shown.high


def test_no_calls_have_no_metric() -> None:
    assert ratio_of(simulated("control", Metric.ABSTAINED).sums(), Metric.ABSTAINED) is None


def test_a_relative_difference_agrees_with_the_difference() -> None:
    arm, control = RatioEstimate(0.3, 0.0001, 2_000), RatioEstimate(0.2, 0.0001, 2_000)
    apart = difference(arm, control, 0.05)
    share = relative_difference(arm, control, 0.05)
    assert share is not None
    assert share.value == pytest.approx(0.5)
    assert share.low < 0.5 < share.high
    # Both are the same statement about 0.
    assert (apart.low > 0) is (share.low > 0)
    near = RatioEstimate(0.21, 0.0001, 2_000)
    close = relative_difference(near, control, 0.05)
    assert close is not None
    assert close.tells is difference(near, control, 0.05).tells is False


def test_a_relative_difference_from_what_may_be_nothing_has_no_upper_end() -> None:
    found = relative_difference(RatioEstimate(0.01, 1e-4, 500), RatioEstimate(0.01, 1e-4, 500), 0.05)
    assert found is not None
    assert (found.low, found.high) == (-1.0, inf)
    assert relative_difference(RatioEstimate(0.01, 1e-5, 500), RatioEstimate(0.0, 1e-5, 500), 0.05) is None


def test_intervals_hold_at_every_look_though_users_come_again() -> None:
    """Look after each 40 calls: the true difference is in all intervals of all but few runs."""
    random, runs, users, error = Random(77), 150, 150, 0.1
    missed = 0
    for _ in range(runs):
        arms = [simulated("control", Metric.ANSWERED), simulated("candidate", Metric.ANSWERED)]
        rates = [random.betavariate(1.5, 1.0 if user % 2 else 1.5) for user in range(2 * users)]
        truth = sum(rates[1::2]) / users - sum(rates[::2]) / users
        wrong = False
        for number in range(2_000):
            side = number % 2
            user = 2 * random.randrange(users) + side
            arms[side].call(user, answered=happens(random, rates[user]))
            if number % 40 == 39:
                control, candidate = (ratio_of(arm.sums(), Metric.ANSWERED) for arm in arms)
                if control is not None and candidate is not None:
                    bounds = difference(candidate, control, error)
                    wrong = wrong or not bounds.low <= truth <= bounds.high
        missed += wrong
    assert missed <= runs * error + 3 * (runs * error * (1 - error)) ** 0.5


def test_the_design_effect_is_that_of_units_that_come_again() -> None:
    random = Random(3)
    alone, again = simulated("control", Metric.LATENCY_MS), simulated("control", Metric.LATENCY_MS)
    for unit in range(400):
        slow = random.lognormvariate(6, 0.4)
        alone.call(unit, latency_ms=slow)
        for _ in range(5):
            again.call(unit, latency_ms=slow)
    assert design_effect(alone.sums()) == pytest.approx(1.0, abs=0.05)
    assert design_effect(again.sums()) == pytest.approx(5.0, rel=0.05)
