"""What a part of the server is given to record what it does."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from opentelemetry.trace import NoOpTracer, Tracer

from groundwire_server.ports.metrics import Metrics, Reading
from groundwire_server.telemetry.line_sums import LineSums
from groundwire_server.telemetry.metrics import Counter, Gauge, Histogram

T = TypeVar("T")


def _own_lines() -> LineSums:
    return LineSums(time.monotonic)


@dataclass(frozen=True, slots=True)
class Recording:
    """Spans, the metrics that no sample of spans may miss, and what decides which log lines are written."""

    tracer: Tracer
    metrics: Metrics
    lines: LineSums = field(default_factory=_own_lines)


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
