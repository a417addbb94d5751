"""Simulated calls of an arm, with sums that grow as those of the database do."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random

from groundwire_server.domain.experiments.experiment import (
    Arm,
    ArmEnd,
    Direction,
    Experiment,
    ExperimentUnit,
    GuardMetric,
    Metric,
    RampStep,
)
from groundwire_server.domain.experiments.latency import latency_bucket
from groundwire_server.domain.experiments.observation import ArmSums, Moments

START = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass
class SimulatedArm:
    """The calls of an arm by unit, and the sums over them."""

    name: str
    calls: Counter[int] = field(default_factory=Counter)
    values: dict[Metric, defaultdict[int, float]] = field(default_factory=dict)
    latency: Counter[int] = field(default_factory=Counter)
    calls_squared: float = 0.0
    moments: dict[Metric, Moments] = field(default_factory=dict)

    def call(self, unit: int, **values: float) -> None:
        """Add a call of a unit with its metrics, by name."""
        before = self.calls[unit]
        self.calls[unit] += 1
        self.calls_squared += 2 * before + 1
        for metric, counted in self.values.items():
            name = metric.lower()
            x, n = counted[unit], before
            added = values.get(name, 0.0)
            counted[unit] = x + added
            known = self.moments[metric]
            self.moments[metric] = Moments(
                known.total + added,
                known.squares + (x + added) ** 2 - x * x,
                known.products + (n + 1) * (x + added) - n * x,
            )
        if "latency_ms" in values:
            self.latency[latency_bucket(values["latency_ms"])] += 1

    def sums(self) -> ArmSums:
        """Return what the database would."""
        calls = self.calls.total()
        return ArmSums(self.name, len(self.calls), calls, self.calls_squared, dict(self.moments), dict(self.latency))


def simulated(name: str, *metrics: Metric) -> SimulatedArm:
    """Return an arm without calls."""
    return SimulatedArm(
        name,
        values={metric: defaultdict(float) for metric in metrics},
        moments={metric: Moments() for metric in metrics},
    )


def experiment_of(*guards: GuardMetric, error_rate: float = 0.05, arms: int = 2) -> Experiment:
    """Return an experiment with arms of equal weight: `control`, then `candidate`, `candidate2` …"""
    names = ["control", "candidate", *(f"candidate{number}" for number in range(2, arms))]
    return Experiment(
        "shorter-prompt",
        "default",
        ExperimentUnit.END_USER,
        tuple(Arm(name, 100 / arms) for name in names),
        (RampStep(0.0, 100.0),),
        START,
        "",
        guards=guards,
        error_rate=error_rate,
    )


def ended(experiment: Experiment, arm: str) -> Experiment:
    """Return an experiment, an arm of which a person has ended."""
    return replace(experiment, ended_arms=(ArmEnd(arm, START, "ada", None, "enough"),))


def rising(metric: Metric, bound: float = 0.0, *, relative: bool = False) -> GuardMetric:
    """Return a guard against a rise."""
    return GuardMetric(metric, Direction.RISES, bound, relative)


def happens(random: Random, rate: float) -> float:
    """Return 1 with a probability, else 0."""
    return 1.0 if random.random() < rate else 0.0
