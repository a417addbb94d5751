"""Assigning calls to arms: a function of the unit behind a call, the experiments and the time, and of nothing else.

Each unit has two places in each experiment, numbers from 0 to below 1 that its name and the experiment's decide. The
first says whether the unit is in the experiment, by the share that its ramp has reached: a share that grows takes new
units in and moves none. The second says in which arm, by the arms' weights. So an assignment needs no memory, every
process makes the same one, and the arms of two experiments have nothing to do with each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from groundwire_server.domain.experiments.experiment import (
    HOLDOUT,
    Assignment,
    Experiment,
    ExperimentState,
    ExperimentUnit,
)
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.share import place_in_share
from groundwire_server.domain.vocabulary import Priority

_TRAFFIC: Final = b"traffic"
_ARM: Final = b"arm"
_HOLDOUT: Final = b"holdout"
"""What the places are for."""

_ALL: Final = 100.0


def own_name(unit: ExperimentUnit, requester: Requester) -> str:
    """Return the name of the unit behind a call within its tenant; empty where the call has none."""
    match unit:
        case ExperimentUnit.TENANT:
            return requester.tenant
        case ExperimentUnit.SUBJECT:
            return requester.subject
        case ExperimentUnit.END_USER:
            return requester.end_user


def unit_value(unit: ExperimentUnit, requester: Requester) -> str:
    """Return the name of the unit behind a call among those of all tenants; empty where the call has none."""
    own = own_name(unit, requester)
    return own if unit is ExperimentUnit.TENANT or not own else f"{requester.tenant}\0{own}"


@dataclass(frozen=True, slots=True)
class RouteTraffic:
    """How the calls of a route are split.

    Attributes:
        experiments: of the route, whether or not they run now.
        holdout_percent: the share of the route's units that are in none of them, 0 to 100.
    """

    experiments: tuple[Experiment, ...]
    holdout_percent: float = 0.0

    def assigned(self, requester: Requester, now: datetime) -> tuple[Assignment, ...]:
        """Return the arms that a call belongs to, in the order of the experiments.

        A unit of the holdout belongs to that arm of every experiment that runs. One whose arm has ended belongs to
        none, nor does a call without the unit, or one that measures the server.

        Args:
            requester: on whose behalf the call is.
            now: when it came, of the wall clock.
        """
        if requester.priority is Priority.EVALUATION:
            return ()
        arms = ((experiment, self._arm(experiment, requester, now)) for experiment in self.experiments)
        return tuple(Assignment(experiment.name, arm, experiment.unit) for experiment, arm in arms if arm)

    def in_force(self, assignments: Iterable[Assignment], now: datetime) -> frozenset[Assignment]:
        """Return those of a call's arms whose settings answer it: arms of experiments that run, which change some.

        Args:
            assignments: which may be older than the experiments.
            now: of the wall clock.
        """
        changing = {
            (experiment.name, arm.name)
            for experiment in self.experiments
            if experiment.state(now) is ExperimentState.RUNNING
            for arm in experiment.open_treatments
            if arm.settings
        }
        return frozenset(each for each in assignments if (each.experiment, each.arm) in changing)

    def _arm(self, experiment: Experiment, requester: Requester, now: datetime) -> str:
        """Return the arm of a call in an experiment; empty where it is in none."""
        if experiment.state(now) is not ExperimentState.RUNNING:
            return ""
        unit = unit_value(experiment.unit, requester)
        if not unit:
            return ""
        if self.holdout_percent and _place(experiment.route, unit, _HOLDOUT) < self.holdout_percent:
            return HOLDOUT
        if _place(experiment.name, unit, _TRAFFIC) >= experiment.percent(now):
            return ""
        arm = _arm(experiment, _place(experiment.name, unit, _ARM))
        return "" if any(end.arm == arm for end in experiment.ended_arms) else arm


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
