"""An experiment with its results, as the service returns them, and the readout of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from groundwire.v1.experiment_service_pb2 import ArmEnd as ArmEndMessage
from groundwire.v1.experiment_service_pb2 import ArmResults, GetExperimentResponse
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.experiments.definition import read_experiment
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.experiments.lines import state_word
from groundwire_server.domain.experiments.experiment import ArmEnd, Experiment, Metric
from groundwire_server.domain.experiments.latency import latency_bucket
from groundwire_server.domain.experiments.observation import ArmSums, Moments
from groundwire_server.domain.experiments.readout import Readout, readout

_BEYOND = 1e12
"""Milliseconds that are in the last bucket, which has no upper bound."""


@dataclass(frozen=True, slots=True)
class ShownExperiment:
    """An experiment that is shown.

    Attributes:
        state: in words, such as `set aside`.
        traffic: the share of the units that it has now, 0 to 100.
        counted: until when calls are counted.
    """

    experiment: Experiment
    state: str
    traffic: float
    counted: datetime
    arms: Sequence[ArmSums]

    @classmethod
    def of(cls, response: GetExperimentResponse) -> "ShownExperiment":
        """Return what a response says.

        Raises:
            CommandError: when the definition is of a newer server.
        """
        message = response.experiment
        start = message.start_time.ToDatetime(UTC)
        try:
            read = read_experiment(message.definition, start)
        except InvalidConfigurationError:
            said = "the experiment's definition cannot be read: it is of a newer server; update this command"
            raise CommandError(ExitCode.FAILED, said) from None
        return cls(
            replace(read, ended_arms=tuple(map(_end_of, message.ended_arms))),
            state_word(message),
            message.traffic_percent,
            response.counted_time.ToDatetime(UTC),
            [_sums_of(arm) for arm in response.arms],
        )

    def readout(self, metrics: Sequence[Metric], confidence: float, effect: float) -> Readout:
        """Return what it says by now; see `readout`."""
        return readout(self.experiment, self.arms, metrics, confidence, effect)


def _sums_of(arm: ArmResults) -> ArmSums:
    known = {metric.lower(): metric for metric in Metric}
    return ArmSums(
        arm.arm,
        arm.units,
        arm.calls,
        arm.calls_squared,
        {
            # A newer server may count more.
            known[each.metric]: Moments(each.sum, each.sum_of_squares, each.sum_of_products)
            for each in arm.metrics
            if each.metric in known
        },
        {latency_bucket(each.upper_ms or _BEYOND): each.calls for each in arm.latency},
        arm.units_in_several_arms,
    )


def _end_of(end: ArmEndMessage) -> ArmEnd:
    guard = Metric(end.guard) if end.guard in set(Metric) else None
    return ArmEnd(end.arm, end.time.ToDatetime(UTC), end.actor, guard, end.reason)
