"""What came of calls, by experiment, arm and unit, as sums from which means and their intervals are computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from groundwire_server.domain.experiments.experiment import Metric


@dataclass(frozen=True, slots=True)
class UnitKey:
    """A unit in an experiment.

    Attributes:
        unit: a keyed digest of the end user, tenant or subject, in hexadecimal: nobody is named.
    """

    experiment: str
    arm: str
    unit: str


@dataclass(slots=True)
class UnitSums:
    """Sums over the calls of one unit.

    Attributes:
        calls: how many.
        sums: of each metric but P95; one that is missing is 0.
        latency: calls by the index of their bucket; see `latency_bucket`.
    """

    calls: int = 0
    sums: dict[Metric, float] = field(default_factory=dict)
    latency: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the units of an arm: with n the calls of a unit and x its sum of a metric.

    Attributes:
        total: of x.
        squares: of x².
        products: of n·x; of NEGATIVE, whose n is the unit's feedback.
    """

    total: float = 0.0
    squares: float = 0.0
    products: float = 0.0


@dataclass(frozen=True, slots=True)
class ArmSums:
    """What a readout of an arm is computed from.

    Attributes:
        calls: the sum of n.
        calls_squared: the sum of n².
        moments: by metric.
        latency: calls by the index of their bucket.
        units_elsewhere: how many of the units were in another arm of the experiment as well.
    """

    arm: str
    units: int
    calls: int
    calls_squared: float
    moments: Mapping[Metric, Moments]
    latency: Mapping[int, int]
    units_elsewhere: int = 0
