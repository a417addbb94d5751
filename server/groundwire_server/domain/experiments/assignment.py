"""Assigning calls to arms: a function of the unit behind a call, the experiments and the time, and of nothing else.

Each unit has two places in each experiment, numbers from 0 to below 1 that its name and the experiment's decide. The
first says whether the unit is in the experiment, by the share that its ramp has reached: a share that grows takes new
units in and moves none. The second says in which arm, by the arms' weights. So an assignment needs no memory, every
process makes the same one, and the arms of two experiments have nothing to do with each other.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from groundwire_server.domain.experiments.experiment import (
    HOLDOUT,
    Assignment,
    Experiment,
    ExperimentState,
    ExperimentUnit,
)
from groundwire_server.domain.share import place_in_share

_TRAFFIC: Final = b"traffic"
_ARM: Final = b"arm"
_HOLDOUT: Final = b"holdout"
"""What the places are for."""

_ALL: Final = 100.0


def unit_value(unit: ExperimentUnit, tenant: str, subject: str, end_user_id: str) -> str:
    """Return the name of the unit behind a call, within its tenant; empty where the call has none."""
    if unit is ExperimentUnit.TENANT:
        return tenant
    own = subject if unit is ExperimentUnit.SUBJECT else end_user_id
    return f"{tenant}\0{own}" if own else ""


def assigned(
    experiments: Iterable[Experiment], holdout_percent: float, who: tuple[str, str, str], now: datetime
) -> tuple[Assignment, ...]:
    """Return the arms that a call belongs to, in the order of the experiments.

    A unit of the holdout belongs to that arm of every experiment that runs. One whose arm has ended belongs to none,
    nor does a call without the unit.

    Args:
        experiments: those of one route.
        holdout_percent: the share of the route's units that are in none of them, 0 to 100.
        who: the tenant, the subject and the end user of the call; the last two may be empty.
        now: when the call came, of the wall clock.
    """
    return tuple(_assigned(experiments, holdout_percent, who, now))


def _assigned(
    experiments: Iterable[Experiment], holdout_percent: float, who: tuple[str, str, str], now: datetime
) -> Iterator[Assignment]:
    for experiment in experiments:
        if experiment.state(now) is not ExperimentState.RUNNING:
            continue
        value = unit_value(experiment.unit, *who)
        if not value:
            continue
        if holdout_percent and _place(experiment.route, value, _HOLDOUT) < holdout_percent:
            yield Assignment(experiment.name, HOLDOUT, experiment.unit)
            continue
        if _place(experiment.name, value, _TRAFFIC) >= experiment.percent(now):
            continue
        arm = _arm(experiment, _place(experiment.name, value, _ARM))
        if arm not in {each.arm for each in experiment.ended_arms}:
            yield Assignment(experiment.name, arm, experiment.unit)


def _arm(experiment: Experiment, place: float) -> str:
    """Return the arm at a place from 0 to below 100."""
    reached = 0.0
    for arm in experiment.arms:
        reached += arm.weight
        if place < reached:
            return arm.name
    # Weights such as three times 33.3333 add up to a little less than all.
    return experiment.arms[-1].name


def _place(name: str, unit: str, person: bytes) -> float:
    """Return the place of a unit, from 0 to below 100."""
    return _ALL * place_in_share(unit, name.encode(), person)
