"""Metrics kept in memory."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from groundwire_server.ports.metrics import Reading
from groundwire_server.telemetry.metrics import Counter, Gauge, Histogram, Metric

T = TypeVar("T")


class Counts:
    """Metrics that can be read."""

    def __init__(self) -> None:
        self._added: dict[tuple[str, ...], float] = defaultdict(float)
        self._recorded: dict[tuple[str, ...], list[float]] = defaultdict(list)
        self._watched: dict[str, list[Callable[[], Iterable[Reading]]]] = defaultdict(list)

    def add(self, counter: Counter, amount: float, *labels: str) -> None:
        """Count."""
        assert len(labels) == len(counter.labels), counter
        assert amount >= 0, counter
        self._added[counter.name, *labels] += amount

    def record(self, histogram: Histogram, value: float, *labels: str) -> None:
        """Keep a value."""
        assert len(labels) == len(histogram.labels), histogram
        self._recorded[histogram.name, *labels].append(value)

    def watch(self, gauge: Gauge, owner: T, read: Callable[[T], Iterable[Reading]]) -> None:
        """Keep what reads a gauge."""
        self._watched[gauge.name].append(lambda: read(owner))

    def of(self, metric: Counter, *labels: str) -> float:
        """What a counter stands at: that of some labels, or the sum of all that begin with them."""
        return sum(value for key, value in self._added.items() if key[: 1 + len(labels)] == (metric.name, *labels))

    def series(self, metric: Metric) -> dict[tuple[str, ...], float]:
        """What a counter stands at, or how many values a histogram has, by labels."""
        counted = {key: float(len(values)) for key, values in self._recorded.items()}
        return {key[1:]: value for key, value in {**self._added, **counted}.items() if key[0] == metric.name}

    def values(self, metric: Histogram, *labels: str) -> list[float]:
        """The values that were recorded under some labels."""
        return list(self._recorded[metric.name, *labels])

    def reading(self, gauge: Gauge) -> dict[tuple[str, ...], float]:
        """What a gauge reads now, by labels."""
        return dict(each for read in self._watched[gauge.name] for each in read())
