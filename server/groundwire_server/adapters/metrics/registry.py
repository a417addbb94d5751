"""The metrics of a process, kept by Prometheus's client: a fifth of the time that OpenTelemetry's SDK takes."""

import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from time import monotonic
from typing import Any, Final, TypeAlias, TypeVar

import prometheus_client
from opentelemetry.trace import format_span_id, format_trace_id, get_current_span
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from groundwire_server.ports.metrics import Reading
from groundwire_server.telemetry import names
from groundwire_server.telemetry.metrics import CATALOG, OTHER, Counter, Gauge, Histogram, Metric

_UNITS: Final = {"s": "_seconds", "By": "_bytes"}
"""The units that Prometheus's names end in."""

TENANTS: Final = 100
"""How many tenants are told apart: each has some thirty series, and its name may come from a credential."""

T = TypeVar("T")
_EXEMPLAR_SECONDS: Final = 1.0
"""How long the longest value of a series is the example, before any other may be."""

_Watched: TypeAlias = dict[int, tuple["weakref.ref[Any]", Callable[[Any], Iterable[Reading]]]]
"""The owners of a gauge, each with what reads it, by the id of the reference: owners may be equal, or have no hash."""


class MetricRegistry:
    """The metrics of `telemetry/metrics.py`.

    Args:
        tenants: how many tenants are told apart; the others are `other`.

    Attributes:
        registry: Prometheus's own, which is scraped.
    """

    def __init__(self, tenants: int = TENANTS) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        counters = [metric for metric in CATALOG if isinstance(metric, Counter)]
        histograms = [metric for metric in CATALOG if isinstance(metric, Histogram)]
        self._counters = {metric.name: self._counter(metric) for metric in counters}
        self._histograms = {metric.name: self._histogram(metric) for metric in histograms}
        self._counts: dict[tuple[str, ...], prometheus_client.Counter] = {}
        self._distributions: dict[tuple[str, ...], prometheus_client.Histogram] = {}
        self._of_tenants = {metric.name: metric.labels.index(names.TENANT) for metric in counters if _by_tenant(metric)}
        self._longest: dict[prometheus_client.Histogram, tuple[float, float]] = {}
        self._tenants: set[str] = set()
        self._most_tenants = tenants
        self._watched: dict[str, _Watched] = defaultdict(dict)
        self.registry.register(_Gauges(self._watched))
        prometheus_client.ProcessCollector(registry=self.registry)

    def __repr__(self) -> str:
        series = len(self._counts) + len(self._distributions)
        return f"<MetricRegistry: {series} series, {len(self._tenants)} tenants>"

    def add(self, counter: Counter, amount: float, *labels: str) -> None:
        """Count."""
        if counter.name in self._of_tenants:
            labels = self._bounded(labels, self._of_tenants[counter.name])
        key = (counter.name, *labels)
        series = self._counts.get(key)
        if series is None:
            family = self._counters[counter.name]
            series = self._counts[key] = family.labels(*labels) if labels else family
        series.inc(amount)

    def record(self, histogram: Histogram, value: float, *labels: str) -> None:
        """Add a value to a distribution; the current trace may become an example of it."""
        key = (histogram.name, *labels)
        series = self._distributions.get(key)
        if series is None:
            family = self._histograms[histogram.name]
            series = self._distributions[key] = family.labels(*labels) if labels else family
        series.observe(value, self._exemplar(series, value) if histogram.exemplars else None)

    def watch(self, gauge: Gauge, owner: T, read: Callable[[T], Iterable[Reading]]) -> None:
        """Read a gauge from its owner whenever somebody looks, as long as the owner lives; several add up."""
        watched = self._watched[gauge.name]
        reference = weakref.ref(owner, lambda gone: watched.pop(id(gone), None))
        watched[id(reference)] = (reference, read)

    def _exemplar(self, series: prometheus_client.Histogram, value: float) -> dict[str, str] | None:
        """Return the current trace for one value in a while, and for every one that is longer than those before it.

        Keeping an example costs more than recording the value.
        """
        now = monotonic()
        longest, until = self._longest.get(series, (0.0, 0.0))
        if value <= longest and now < until:
            return None
        self._longest[series] = (value, now + _EXEMPLAR_SECONDS)
        return _current_trace()

    def _counter(self, metric: Counter) -> prometheus_client.Counter:
        return prometheus_client.Counter(
            prometheus_name(metric), metric.about, _label_names(metric), registry=self.registry
        )

    def _histogram(self, metric: Histogram) -> prometheus_client.Histogram:
        return prometheus_client.Histogram(
            prometheus_name(metric),
            metric.about,
            _label_names(metric),
            registry=self.registry,
            buckets=metric.buckets,
        )

    def _bounded(self, labels: tuple[str, ...], at: int) -> tuple[str, ...]:
        tenant = labels[at]
        if tenant not in self._tenants:
            if len(self._tenants) >= self._most_tenants:
                return (*labels[:at], OTHER, *labels[at + 1 :])
            self._tenants.add(tenant)
        return labels


class _Gauges(Collector):
    """Reads gauges when Prometheus looks."""

    def __init__(self, watched: dict[str, _Watched]) -> None:
        self._watched = watched

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for metric in CATALOG:
            if not isinstance(metric, Gauge):
                continue
            family = GaugeMetricFamily(prometheus_name(metric), metric.about, labels=_label_names(metric))
            totals: dict[tuple[str, ...], float] = defaultdict(float)
            for reference, read in tuple(self._watched.get(metric.name, {}).values()):
                owner = reference()
                if owner is None:
                    continue
                for labels, value in read(owner):
                    totals[labels] += value
            for labels, value in totals.items():
                family.add_metric(labels, value)
            yield family


def prometheus_name(metric: Metric) -> str:
    """Return a metric's name as OpenTelemetry translates it for Prometheus; a counter's samples end in `_total`."""
    return metric.name.replace(".", "_") + _UNITS.get(metric.unit, "")


def _label_names(metric: Metric) -> Sequence[str]:
    return [label.replace(".", "_") for label in metric.labels]


def _by_tenant(metric: Counter) -> bool:
    return names.TENANT in metric.labels


def _current_trace() -> dict[str, str] | None:
    context = get_current_span().get_span_context()
    if not context.trace_flags.sampled:
        return None
    return {"trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}
