"""Experiments in a line each."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from groundwire_server.app.experiments.definition import read_experiment
from groundwire_server.cli.experiments.figures import UNITS
from groundwire_server.cli.times import printed
from groundwire_server.cli.words import word

if TYPE_CHECKING:
    from groundwire.v1.experiment_service_pb2 import Experiment


def state_word(experiment: "Experiment") -> str:
    """Return the word for what an experiment does, such as `running`."""
    from groundwire.v1.experiment_service_pb2 import ExperimentState  # noqa: PLC0415  # not for --help

    return word(ExperimentState, experiment.state).lower().replace("_", " ")


def state_line(experiment: "Experiment") -> str:
    """Return what an experiment does, with the time and the share of units that say so."""
    state, end = state_word(experiment), experiment.end_time
    until = f" until {printed(end)}" if experiment.HasField("end_time") else ""
    match state:
        case "scheduled":
            what = f"begins at {printed(experiment.start_time)}{until and f' and runs{until}'}"
        case "running":
            what = f"runs with {experiment.traffic_percent:g} % of its units{until}"
        case "ended":
            what = f"ended at {printed(end)}"
        case _:
            what = f"is {state}"
    return f"{experiment.name} on route {experiment.route} {what}"


def arms_line(definition: str, traffic: float) -> str:
    """Return the arms of a definition that was read before, with the shares of all units that they have now.

    Args:
        definition: in YAML.
        traffic: the share of the units that are in the experiment, in percent; 0 shows the shares within it.
    """
    read = read_experiment(definition, datetime.min.replace(tzinfo=UTC))
    units = UNITS[read.unit]
    arms = ", ".join(f"{arm.name} {arm.weight * (traffic or 100) / 100:g} %" for arm in read.arms)
    if not traffic:
        return f"arms, of the {units} in it: {arms}"
    return f"arms, of all {units}: {arms}{'' if traffic == 100 else f'; in none {100 - traffic:g} %'}"
