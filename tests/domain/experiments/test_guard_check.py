"""Guards: in simulation they end an arm that is worse in time, and one that is equal no more often than stated."""

from collections.abc import Callable
from math import sqrt
from random import Random

import pytest

from groundwire_server.domain.experiments.experiment import Direction, Experiment, GuardMetric, Metric
from groundwire_server.domain.experiments.guard_check import GuardBreach, breaches, guard_error, units_until_ended
from groundwire_server.domain.experiments.sample_size import POWER
from tests.domain.experiments.simulation import (
    SimulatedArm,
    ended,
    experiment_of,
    happens,
    rising,
    simulated,
)

_LOOK = 50
"""Calls between two looks."""


def _until_ended(
    experiment: Experiment, arms: list[SimulatedArm], calls: int, call: Callable[[SimulatedArm, int], None]
) -> list[GuardBreach]:
    """Make calls, each of any arm, with a look every 50; return the first breaches, empty without any."""
    for number in range(calls):
        call(arms[number % len(arms)], number)
        if number % _LOOK == _LOOK - 1 and (found := breaches(experiment, [arm.sums() for arm in arms])):
            return found
    return []


def _stated_calls(experiment: Experiment, rate: float, worse: float) -> int:
    """Return the calls of both arms by which the guard is said to end an arm that is so much worse than tolerated."""
    (guard,) = experiment.guards
    arms = [simulated("control", Metric.ABSTAINED), simulated("candidate", Metric.ABSTAINED)]
    for number in range(100):
        for arm, share in zip(arms, (rate, rate + guard.bound + worse), strict=True):
            arm.call(number, abstained=float(number < 100 * share))
    more = units_until_ended(experiment, guard, [arm.sums() for arm in arms], worse)
    assert more is not None
    return 200 + more


def test_an_arm_that_abstains_five_points_more_ends_within_its_stated_sample() -> None:
    random, runs = Random(5), 60
    experiment = experiment_of(rising(Metric.ABSTAINED))
    stated = _stated_calls(experiment, 0.10, 0.05)
    assert 1_500 < stated < 6_000
    within = 0
    for _ in range(runs):
        arms = [simulated("control", Metric.ABSTAINED), simulated("candidate", Metric.ABSTAINED)]

        def call(arm: SimulatedArm, number: int) -> None:
            arm.call(number, abstained=happens(random, 0.15 if arm.name == "candidate" else 0.10))

        within += bool(_until_ended(experiment, arms, stated, call))
    assert within >= runs * POWER - 3 * sqrt(runs * POWER * (1 - POWER))


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.3, 0.02])
def test_an_equal_arm_ends_no_more_often_than_the_error_rate(rate: float) -> None:
    random, runs = Random(11), 150
    experiment = experiment_of(rising(Metric.ABSTAINED), error_rate=0.1)
    stopped = 0
    for _ in range(runs):
        arms = [simulated("control", Metric.ABSTAINED), simulated("candidate", Metric.ABSTAINED)]

        def call(arm: SimulatedArm, number: int) -> None:
            arm.call(number, abstained=happens(random, rate))

        stopped += bool(_until_ended(experiment, arms, 2_000, call))
    assert stopped <= runs * 0.1 + 3 * sqrt(runs * 0.1 * 0.9)


@pytest.mark.slow
def test_users_with_many_calls_of_a_kind_do_not_end_an_equal_arm() -> None:
    random, runs, users = Random(23), 80, 60
    experiment = experiment_of(rising(Metric.ABSTAINED), error_rate=0.1)
    stopped = naive = 0
    for _ in range(runs):
        arms = [simulated("control", Metric.ABSTAINED), simulated("candidate", Metric.ABSTAINED)]
        alone = [simulated("control", Metric.ABSTAINED), simulated("candidate", Metric.ABSTAINED)]
        # A user abstains nearly always or nearly never, and comes again and again.
        rates = [random.betavariate(0.4, 0.8) for _ in range(2 * users)]
        over = over_naive = False
        for number in range(2_400):
            side = number % 2
            user = 2 * random.randrange(users) + side
            value = happens(random, rates[user])
            arms[side].call(user, abstained=value)
            alone[side].call(number, abstained=value)
            if number % _LOOK == _LOOK - 1:
                over = over or bool(breaches(experiment, [arm.sums() for arm in arms]))
                over_naive = over_naive or bool(breaches(experiment, [arm.sums() for arm in alone]))
        stopped += over
        naive += over_naive
    most = runs * 0.1 + 3 * sqrt(runs * 0.1 * 0.9)
    assert stopped <= most
    # Calls that are taken for independent end it far too often.
    assert naive > most


def test_one_user_with_most_of_the_calls_says_nothing_about_an_arm() -> None:
    arms = [simulated("control", Metric.ABSTAINED), simulated("candidate", Metric.ABSTAINED)]
    for number in range(4_000):
        arms[0].call(number, abstained=0.0)
        arms[1].call(0 if number % 2 else number, abstained=float(number % 2))
    assert not breaches(experiment_of(rising(Metric.ABSTAINED)), [arm.sums() for arm in arms])


@pytest.mark.slow
def test_several_guards_share_the_error_rate() -> None:
    random, runs, names = Random(31), 100, ("abstained", "malformed", "blocked", "repaired")
    metrics = tuple(Metric[name.upper()] for name in names)
    experiment = experiment_of(*map(rising, metrics), error_rate=0.1, arms=3)
    assert guard_error(experiment) == pytest.approx(0.1 / 8)
    stopped = 0
    for _ in range(runs):
        arms = [simulated(arm.name, *metrics) for arm in experiment.arms]

        def call(arm: SimulatedArm, number: int) -> None:
            arm.call(number, **{name: happens(random, 0.1) for name in names})

        stopped += bool(_until_ended(experiment, arms, 1_500, call))
    assert stopped <= runs * 0.1 + 3 * sqrt(runs * 0.1 * 0.9)


def test_a_ramp_changes_nothing_about_the_comparison() -> None:
    """The share of units rises while everything gets worse with time, in both arms alike."""
    random, runs, stopped = Random(41), 100, 0
    experiment = experiment_of(rising(Metric.ABSTAINED), error_rate=0.1)
    for _ in range(runs):
        arms = [simulated("control", Metric.ABSTAINED), simulated("candidate", Metric.ABSTAINED)]
        number = 0
        for step, percent in enumerate((1, 10, 50)):
            for _ in range(30 * percent):
                number += 1
                arm = random.choice(arms)
                arm.call(number, abstained=happens(random, 0.1 + 0.1 * step))
                if number % _LOOK == 0 and breaches(experiment, [each.sums() for each in arms]):
                    stopped += 1
                    break
            else:
                continue
            break
    assert stopped <= runs * 0.1 + 3 * sqrt(runs * 0.1 * 0.9)


def _pair(calls: int, control: float, candidate: float, metric: str = "abstained") -> list[SimulatedArm]:
    """Return two arms of so many calls, each of a unit of its own, evenly so high."""
    arms = [simulated("control", Metric[metric.upper()]), simulated("candidate", Metric[metric.upper()])]
    for arm, rate in zip(arms, (control, candidate), strict=True):
        for number in range(calls):
            arm.call(number, **{metric: float(int((number + 1) * rate) - int(number * rate))})
    return arms


@pytest.mark.parametrize(
    ("guard", "control", "candidate", "ends"),
    [
        (rising(Metric.ABSTAINED), 0.2, 0.3, True),
        (rising(Metric.ABSTAINED), 0.3, 0.2, False),
        (rising(Metric.ABSTAINED, 0.05), 0.2, 0.3, True),
        (rising(Metric.ABSTAINED, 0.10), 0.2, 0.3, False),
        (rising(Metric.ABSTAINED, 0.2, relative=True), 0.2, 0.3, True),
        (rising(Metric.ABSTAINED, 0.5, relative=True), 0.2, 0.3, False),
        (GuardMetric(Metric.ABSTAINED, Direction.FALLS, 0.0), 0.3, 0.2, True),
        (GuardMetric(Metric.ABSTAINED, Direction.FALLS, 0.15), 0.3, 0.2, False),
        (GuardMetric(Metric.ABSTAINED, Direction.FALLS, 0.2, relative=True), 0.3, 0.2, True),
        (GuardMetric(Metric.ABSTAINED, Direction.FALLS, 0.4, relative=True), 0.3, 0.2, False),
    ],
)
def test_a_guard_has_a_direction_and_a_bound(
    guard: GuardMetric, control: float, candidate: float, *, ends: bool
) -> None:
    found = breaches(experiment_of(guard), [arm.sums() for arm in _pair(5_000, control, candidate)])
    assert [(each.arm, each.guard) for each in found] == ([("candidate", guard)] if ends else [])


@pytest.mark.parametrize("guard", [rising(Metric.P95), rising(Metric.P95, 0.3, relative=True), rising(Metric.P95, 400)])
def test_a_slower_arm_ends_by_its_p95(guard: GuardMetric) -> None:
    random = Random(2)
    for slower, ends in ((2.0, True), (1.0, False)):
        arms = [simulated("control", Metric.LATENCY_MS), simulated("candidate", Metric.LATENCY_MS)]
        for arm, factor in zip(arms, (1.0, slower), strict=True):
            for number in range(3_000):
                arm.call(number, latency_ms=factor * random.lognormvariate(6.0, 0.5))
        assert bool(breaches(experiment_of(guard), [arm.sums() for arm in arms])) is ends


def test_an_arm_that_has_ended_does_not_end_again() -> None:
    arms = [arm.sums() for arm in _pair(5_000, 0.2, 0.4)]
    assert not breaches(ended(experiment_of(rising(Metric.ABSTAINED)), "candidate"), arms)


def test_nothing_is_said_of_an_arm_without_calls() -> None:
    experiment = experiment_of(rising(Metric.ABSTAINED), rising(Metric.P95), rising(Metric.NEGATIVE))
    assert not breaches(experiment, [])
    assert not breaches(experiment, [simulated(name).sums() for name in ("control", "candidate")])
    assert not breaches(experiment, [_pair(500, 0.1, 0.1)[0].sums()])


def test_a_breach_says_its_numbers() -> None:
    found = breaches(experiment_of(rising(Metric.ABSTAINED, 0.05)), [arm.sums() for arm in _pair(5_000, 0.2, 0.3)])
    assert found[0].reason == (
        "abstained was 30 % over 5,000 units, where the control's was 20 %: more than 5 points above the control's, "
        "at an error rate of 5 %"
    )
