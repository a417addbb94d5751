"""Readouts: what they hold, and that they say nothing that is not so."""

from collections.abc import Sequence
from random import Random

import pytest

from groundwire_server.domain.experiments.experiment import HOLDOUT, Metric
from groundwire_server.domain.experiments.observation import ArmSums
from groundwire_server.domain.experiments.readout import readout
from groundwire_server.domain.experiments.sample_ratio import ALARM
from tests.domain.experiments.simulation import ended, experiment_of, happens, simulated

_METRICS = (Metric.ANSWERED, Metric.ABSTAINED, Metric.LATENCY_MS, Metric.COST_MICROS)


def _sums(seed: int, calls: int, abstained: Sequence[float], names: Sequence[str] = ()) -> list[ArmSums]:
    random = Random(seed)
    arms = []
    for name, rate in zip(names or ("control", "candidate"), abstained, strict=True):
        arm = simulated(name, *_METRICS)
        for number in range(calls):
            value = happens(random, rate)
            latency = random.lognormvariate(6, 0.5)
            arm.call(number, abstained=value, answered=1 - value, latency_ms=latency, cost_micros=random.uniform(1, 9))
        arms.append(arm.sums())
    return arms


def test_a_difference_is_told_and_what_is_equal_is_not() -> None:
    found = readout(experiment_of(), _sums(1, 4_000, (0.3, 0.2)))
    control, candidate = found.arms
    assert [arm.arm for arm in found.arms] == ["control", "candidate"]
    abstained = candidate.of(Metric.ABSTAINED)
    assert abstained is not None
    assert abstained.difference is not None
    assert abstained.difference.low < -0.1 < abstained.difference.high < 0
    assert abstained.relative is not None
    assert abstained.relative.high < 0
    for metric in (Metric.COST_MICROS, Metric.P95, Metric.LATENCY_MS):
        row = candidate.of(metric)
        assert row is not None
        assert row.difference is not None
        assert not row.difference.tells
    assert all(row.difference is None for row in control.metrics)
    assert candidate.of(Metric.NEGATIVE) is None


def test_fewer_metrics_have_narrower_intervals() -> None:
    sums = _sums(2, 2_000, (0.3, 0.28))
    all_of_them, one = readout(experiment_of(), sums), readout(experiment_of(), sums, (Metric.ABSTAINED,))
    wide, narrow = (each.arms[1].of(Metric.ABSTAINED) for each in (all_of_them, one))
    assert wide is not None
    assert narrow is not None
    assert narrow.value.high - narrow.value.low < 0.85 * (wide.value.high - wide.value.low)


def test_the_sample_still_needed_falls_as_units_come() -> None:
    needed = []
    for calls in (500, 2_000, 20_000):
        row = readout(experiment_of(), _sums(3, calls, (0.2, 0.2)), (Metric.ABSTAINED,)).arms[1].of(Metric.ABSTAINED)
        assert row is not None
        assert row.more_units is not None
        needed.append(row.more_units + 2 * calls)
    assert needed[0] == pytest.approx(needed[1], rel=0.15)
    assert needed[2] == 40_000
    few = readout(experiment_of(), _sums(3, 20, (0.2, 0.2)), (Metric.ABSTAINED,)).arms[1].of(Metric.ABSTAINED)
    assert few is not None
    assert few.more_units is None


@pytest.mark.slow
def test_a_difference_of_the_stated_size_is_told_by_the_needed_sample() -> None:
    first = readout(experiment_of(), _sums(4, 1_000, (0.2, 0.2)), (Metric.ABSTAINED,), effect=0.05)
    row = first.arms[1].of(Metric.ABSTAINED)
    assert row is not None
    assert row.more_units is not None
    calls, told = (2_000 + row.more_units) // 2, 0
    for seed in range(30):
        later = readout(experiment_of(), _sums(100 + seed, calls, (0.2, 0.25)), (Metric.ABSTAINED,)).arms[1]
        found = later.of(Metric.ABSTAINED)
        assert found is not None
        assert found.difference is not None
        told += found.difference.low > 0
    assert told >= 24


def test_all_differences_of_equal_arms_hold_together() -> None:
    wrong = 0
    for seed in range(60):
        found = readout(experiment_of(), _sums(1_000 + seed, 400, (0.2, 0.2)), confidence=0.8)
        wrong += any(row.difference is not None and row.difference.tells for row in found.arms[1].metrics)
    assert wrong <= 60 * 0.2 + 3 * (60 * 0.2 * 0.8) ** 0.5


def test_units_that_fall_unevenly_are_noticed() -> None:
    even = readout(experiment_of(), _sums(5, 1_000, (0.2, 0.2)))
    assert even.mismatch > ALARM
    control, candidate = _sums(5, 1_000, (0.2, 0.2))
    fewer = ArmSums("candidate", 700, 700, 700.0, candidate.moments, candidate.latency, units_elsewhere=3)
    uneven = readout(experiment_of(), (control, fewer))
    assert uneven.mismatch < ALARM
    assert uneven.units_elsewhere == 3
    # An arm that has ended gets no more units: what the others have still says something.
    assert readout(ended(experiment_of(), "candidate"), (control, fewer)).mismatch == 1.0


def test_the_holdout_is_shown_and_compared_with_nothing() -> None:
    found = readout(experiment_of(), _sums(6, 200, (0.2, 0.2, 0.2), ("control", "candidate", HOLDOUT)))
    assert [arm.arm for arm in found.arms] == ["control", "candidate", HOLDOUT]
    assert all(row.difference is None for row in found.arms[2].metrics)
    assert found.units == 600


def test_an_experiment_without_calls_has_its_arms() -> None:
    found = readout(experiment_of(arms=3), [])
    assert [(arm.arm, arm.units, arm.metrics) for arm in found.arms] == [
        ("control", 0, ()),
        ("candidate", 0, ()),
        ("candidate2", 0, ()),
    ]
    assert found.mismatch == 1.0


def test_shares_differ_by_no_more_than_all_of_them() -> None:
    found = readout(experiment_of(), _sums(7, 200, (0.0, 1.0)))
    row = found.arms[1].of(Metric.ABSTAINED)
    assert row is not None
    assert row.difference is not None
    assert (row.difference.value, row.difference.high) == (1.0, 1.0)
    assert 0.8 < row.difference.low < 1
