"""What a part of the server is given to record what it does."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from opentelemetry.trace import NoOpTracer, Tracer

from groundwire_server.domain.experiments.experiment import Assignment, Metric
from groundwire_server.domain.generation import ModelUsage
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.requester import Requester
from groundwire_server.ports.experiments import ExperimentRecorder
from groundwire_server.ports.metrics import Metrics, Reading
from groundwire_server.ports.usage import UsageRecorder
from groundwire_server.telemetry.line_sums import LineSums
from groundwire_server.telemetry.metrics import Counter, Gauge, Histogram

T = TypeVar("T")


def _own_lines() -> LineSums:
    return LineSums(time.monotonic)


class _NoUsage:
    def begin(self, tenant: str) -> None:
        """Note nothing."""

    def add(self, tenant: str, subject: str, route: str, usage: Sequence[ModelUsage]) -> None:
        """Note nothing."""

    def end(self, tenant: str) -> None:
        """Note nothing."""


class _NoExperiments:
    def outcome(self, assignments: Sequence[Assignment], requester: Requester, outcome: Outcome) -> None:
        """Note nothing."""

    def answered_later(self, assignments: Sequence[Assignment], requester: Requester, outcome: Outcome) -> None:
        """Note nothing."""

    def later(self, assignments: Sequence[Assignment], requester: Requester, values: Mapping[Metric, float]) -> None:
        """Note nothing."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Spans, the metrics that no sample of spans may miss, what decides which log lines are written, usage and results.

    Attributes:
        experiments: takes what came of calls in experiments.
    """

    tracer: Tracer
    metrics: Metrics
    lines: LineSums = field(default_factory=_own_lines)
    usage: UsageRecorder = field(default_factory=_NoUsage)
    experiments: ExperimentRecorder = field(default_factory=_NoExperiments)


def unrecorded() -> Recording:
    """Return what keeps nothing, for work that no server does."""
    return Recording(NoOpTracer(), _NoMetrics())


class _NoMetrics:
    def add(self, counter: Counter, amount: float, *labels: str) -> None:
        """Count nothing."""

    def record(self, histogram: Histogram, value: float, *labels: str) -> None:
        """Record nothing."""

    def watch(self, gauge: Gauge, owner: T, read: Callable[[T], Iterable[Reading]]) -> None:
        """Watch nothing."""
