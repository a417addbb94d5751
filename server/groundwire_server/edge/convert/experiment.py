"""Experiments, in messages of the contract."""

from collections.abc import Mapping
from datetime import datetime

from groundwire.v1 import experiment_service_pb2
from groundwire_server.domain.experiments.experiment import ArmEnd, Experiment, ExperimentState
from groundwire_server.edge.convert.times import fill_time
from groundwire_server.edge.convert.words import EXPERIMENT_STATES


def experiment_to_pb(
    experiment: Experiment, faults: Mapping[str, str], now: datetime
) -> experiment_service_pb2.Experiment:
    """Return an experiment as it is at a time.

    Args:
        experiment: as it is kept.
        faults: why experiments are set aside, by name.
        now: of the wall clock.
    """
    state, fault = experiment.state(now), faults.get(experiment.name, "")
    if state is ExperimentState.ENDED:
        fault = ""
    elif fault:
        state = ExperimentState.SET_ASIDE
    message = experiment_service_pb2.Experiment(
        name=experiment.name,
        route=experiment.route,
        definition=experiment.definition,
        state=EXPERIMENT_STATES[state],
        ended_arms=map(_end_to_pb, experiment.ended_arms),
        traffic_percent=0.0 if fault else experiment.percent(now),
        etag=experiment.etag,
        actor=experiment.actor,
        fault=fault,
    )
    fill_time(message.start_time, experiment.start)
    fill_time(message.end_time, experiment.ended_at)
    return message


def _end_to_pb(end: ArmEnd) -> experiment_service_pb2.ArmEnd:
    message = experiment_service_pb2.ArmEnd(
        arm=end.arm, actor=end.actor, guard="" if end.guard is None else end.guard, reason=end.reason
    )
    fill_time(message.time, end.at)
    return message
