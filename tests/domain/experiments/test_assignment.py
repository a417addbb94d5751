"""Assigning calls to arms: uniform, sticky, and independent between experiments."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from groundwire_server.domain.experiments.assignment import RouteTraffic, unit_value
from groundwire_server.domain.experiments.experiment import (
    HOLDOUT,
    Arm,
    ArmEnd,
    Assignment,
    Experiment,
    ExperimentUnit,
    RampStep,
)
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Priority

START: Final = datetime(2026, 12, 1, 9, tzinfo=UTC)
LATER: Final = START + timedelta(days=30)
IDS: Final = 100_000
EXPERIMENT: Final = Experiment(
    name="shorter-prompt",
    route="default",
    unit=ExperimentUnit.END_USER,
    arms=(
        Arm("control", 50.0),
        Arm("candidate", 30.0, {"prompt": {"version": "1.4.0"}}),
        Arm("other", 20.0, {"limits": {"top_k": 4}}),
    ),
    ramp=(RampStep(0.0, 100.0),),
    start=START,
    definition="",
)
USER: Final = Requester("acme", "app", "user-1")
SECOND: Final = replace(EXPERIMENT, name="larger-model")

CRITICAL: Final = {1: 10.83, 2: 13.82, 4: 18.47, 9: 27.88}
"""Of chi-squared by degrees of freedom, at 0.1 %: the places are fixed, so that a test that passes always does."""


def arms_of(experiments: Iterable[Experiment], numbers: Iterable[int], holdout: float = 0.0) -> list[tuple[str, ...]]:
    """The arms of end users with these numbers."""
    traffic = RouteTraffic(tuple(experiments), holdout)
    return [
        tuple(each.arm for each in traffic.assigned(Requester("acme", "app", f"user-{number}"), LATER))
        for number in numbers
    ]


def chi_squared(counts: Sequence[int], shares: Sequence[float]) -> float:
    total = sum(counts)
    return sum((count - total * share) ** 2 / (total * share) for count, share in zip(counts, shares, strict=True))


def test_a_hundred_thousand_ids_are_spread_as_the_weights_say() -> None:
    counts = Counter(arm for (arm,) in arms_of([EXPERIMENT], range(IDS)))

    assert chi_squared([counts[arm.name] for arm in EXPERIMENT.arms], (0.5, 0.3, 0.2)) < CRITICAL[2]


def test_the_arms_of_those_in_a_small_share_are_spread_as_the_weights_say() -> None:
    """The place that takes a unit in says nothing of its arm."""
    tenth = replace(EXPERIMENT, ramp=(RampStep(0.0, 10.0),))

    counts = Counter(arms[0] if arms else "" for arms in arms_of([tenth], range(IDS)))

    assert chi_squared([counts[""], IDS - counts[""]], (0.9, 0.1)) < CRITICAL[1]
    assert chi_squared([counts[arm.name] for arm in EXPERIMENT.arms], (0.5, 0.3, 0.2)) < CRITICAL[2]


def test_the_arms_of_two_experiments_have_nothing_to_do_with_each_other() -> None:
    pairs = Counter(arms_of([EXPERIMENT, SECOND], range(IDS)))

    shares = {arm.name: arm.weight / 100 for arm in EXPERIMENT.arms}
    cells = [(one, other) for one in shares for other in shares]
    assert chi_squared([pairs[cell] for cell in cells], [shares[one] * shares[other] for one, other in cells]) < 26.12


def test_a_unit_keeps_its_arm_as_the_ramp_rises_and_nobody_leaves() -> None:
    ramp = tuple(RampStep(3600.0 * step, percent) for step, percent in enumerate((0.0, 1.0, 10.0, 50.0, 100.0)))
    experiment = replace(EXPERIMENT, ramp=ramp)
    before: dict[int, Assignment] = {}

    for step in range(len(ramp)):
        now = START + timedelta(hours=step)
        arms = {n: RouteTraffic((experiment,)).assigned(Requester("acme", "", f"user-{n}"), now) for n in range(2000)}
        inside = {number: found[0] for number, found in arms.items() if found}
        assert before.items() <= inside.items()
        assert abs(len(inside) - 20 * ramp[step].percent) <= 50
        before = inside

    assert len(before) == 2000


@pytest.mark.process
def test_every_process_assigns_alike() -> None:
    """Python's own hashes of texts differ between processes."""
    script = (
        "from tests.domain.experiments.test_assignment import EXPERIMENT, SECOND, arms_of\n"
        "print(arms_of([EXPERIMENT, SECOND], range(50), 5.0))"
    )

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == str(arms_of([EXPERIMENT, SECOND], range(50), 5.0))


def test_the_holdout_is_in_no_experiment_and_the_same_for_all_of_them() -> None:
    arms = arms_of([EXPERIMENT, SECOND], range(20_000), 5.0)

    held = [each for each in arms if HOLDOUT in each]
    assert all(each == (HOLDOUT, HOLDOUT) for each in held)
    assert chi_squared([len(held), len(arms) - len(held)], (0.05, 0.95)) < CRITICAL[1]
    whole = arms_of([EXPERIMENT, SECOND], range(20_000))
    assert all(one == other for one, other in zip(arms, whole, strict=True) if HOLDOUT not in one)


@pytest.mark.parametrize(
    ("now", "runs"),
    [
        (START - timedelta(microseconds=1), False),
        (START, True),
        (LATER - timedelta(microseconds=1), True),
        (LATER, False),
    ],
    ids=["before the start", "at the start", "before the end", "at the end"],
)
def test_only_an_experiment_that_runs_assigns(now: datetime, runs: bool) -> None:
    experiment = replace(EXPERIMENT, end=LATER)

    for holdout in (0.0, 100.0):
        assert bool(RouteTraffic((experiment,), holdout).assigned(USER, now)) is runs


def test_the_units_of_an_arm_that_has_ended_are_in_none_and_the_others_stay() -> None:
    ended = replace(EXPERIMENT, ended_arms=(ArmEnd("candidate", LATER, "", None, "worse"),))

    for before, after in zip(arms_of([EXPERIMENT], range(500)), arms_of([ended], range(500)), strict=True):
        assert after == (() if before == ("candidate",) else before)


def test_an_experiment_without_an_open_treatment_assigns_nobody() -> None:
    ends = tuple(ArmEnd(arm, LATER, "", None, "worse") for arm in ("candidate", "other"))

    assert not any(arms_of([replace(EXPERIMENT, ended_arms=ends)], range(100), 50.0))


def test_a_call_without_the_unit_is_in_no_experiment() -> None:
    nobody = {
        ExperimentUnit.END_USER: Requester("acme", "app"),
        ExperimentUnit.SUBJECT: Requester("acme", "", "user-1"),
    }
    for unit, requester in nobody.items():
        assert RouteTraffic((replace(EXPERIMENT, unit=unit),), 100.0).assigned(requester, LATER) == ()


def test_a_call_that_measures_the_server_is_in_no_experiment() -> None:
    assert RouteTraffic((EXPERIMENT,), 100.0).assigned(replace(USER, priority=Priority.EVALUATION), LATER) == ()


def test_a_unit_is_its_tenants_own() -> None:
    """Two tenants may call their users alike, and a subject may be called like an end user of another."""
    requester = Requester("acme", "app", "user-1")
    units = [
        unit_value(ExperimentUnit.END_USER, requester),
        unit_value(ExperimentUnit.END_USER, replace(requester, tenant="demo")),
        unit_value(ExperimentUnit.SUBJECT, requester),
        unit_value(ExperimentUnit.TENANT, requester),
    ]

    assert len(set(units)) == len(units)
    (found,) = RouteTraffic((replace(EXPERIMENT, unit=ExperimentUnit.TENANT),)).assigned(USER, LATER)
    assert found.unit is ExperimentUnit.TENANT


def test_weights_that_add_up_to_a_little_less_than_all_leave_nobody_out() -> None:
    thirds = tuple(Arm(name, 33.3333) for name in ("a", "b", "c"))

    assert all(arms_of([replace(EXPERIMENT, arms=thirds)], range(20_000)))


def test_the_settings_that_answer_are_those_of_arms_that_run_and_change_something() -> None:
    """Arms that were kept with a queued question may be older than what is left of their experiments."""
    arms = [Assignment(EXPERIMENT.name, arm) for arm in ("control", "candidate", "other", HOLDOUT, "gone")]
    alike = replace(EXPERIMENT, arms=(*EXPERIMENT.arms[:2], Arm("other", 20.0)))
    ended = replace(EXPERIMENT, ended_arms=(ArmEnd("candidate", START, "", None, "worse"),))

    def in_force(experiment: Experiment, now: datetime = LATER) -> set[str]:
        return {each.arm for each in RouteTraffic((experiment,)).in_force(arms, now)}

    assert in_force(EXPERIMENT) == {"candidate", "other"}
    assert in_force(alike) == {"candidate"}
    assert in_force(ended) == {"other"}
    assert in_force(replace(EXPERIMENT, end=LATER)) == set()
    assert in_force(replace(EXPERIMENT, name="another")) == set()
