"""Results of experiments' arms, in messages of the contract."""

from collections.abc import Sequence
from math import isfinite

from groundwire.v1 import experiment_service_pb2
from groundwire_server.domain.experiments.experiment import Experiment
from groundwire_server.domain.experiments.latency import upper_ms
from groundwire_server.domain.experiments.observation import ArmSums


def in_order_of(experiment: Experiment, arms: Sequence[ArmSums]) -> Sequence[ArmSums]:
    """Return the sums of arms in the experiment's order, the control first and the holdout last."""
    places = {arm.name: place for place, arm in enumerate(experiment.arms)}
    return sorted(arms, key=lambda sums: (places.get(sums.arm, len(places)), sums.arm))


def arm_results_to_pb(sums: ArmSums) -> experiment_service_pb2.ArmResults:
    """Return the sums of an arm."""
    return experiment_service_pb2.ArmResults(
        arm=sums.arm,
        units=sums.units,
        calls=sums.calls,
        calls_squared=sums.calls_squared,
        metrics=(
            experiment_service_pb2.MetricSums(
                metric=metric.lower(),
                sum=moments.total,
                sum_of_squares=moments.squares,
                sum_of_products=moments.products,
            )
            for metric, moments in sums.moments.items()
        ),
        latency=(
            experiment_service_pb2.LatencyBucket(upper_ms=_upper(bucket), calls=sums.latency[bucket])
            for bucket in sorted(sums.latency)
        ),
        units_in_several_arms=sums.units_elsewhere,
    )


def _upper(bucket: int) -> float:
    upper = upper_ms(bucket)
    return upper if isfinite(upper) else 0.0
