"""Recording metrics."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias, TypeVar

from groundwire_server.telemetry.metrics import Counter, Gauge, Histogram

T = TypeVar("T")

Reading: TypeAlias = tuple[tuple[str, ...], float]
"""The values of a gauge's labels, and the gauge's own."""


class Metrics(Protocol):
    """Records the metrics of `telemetry/metrics.py`. It never waits and never fails; labels are in a metric's order."""

    def add(self, counter: Counter, amount: float, *labels: str) -> None:
        """Count."""
        ...

    def record(self, histogram: Histogram, value: float, *labels: str) -> None:
        """Add a value to a distribution; the current trace may become an example of it."""
        ...

    def watch(self, gauge: Gauge, owner: T, read: Callable[[T], Iterable[Reading]]) -> None:
        """Read a gauge from its owner whenever somebody looks, as long as the owner lives; several add up."""
        ...
