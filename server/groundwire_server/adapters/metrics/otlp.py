"""The metrics of a process as OTLP has them, sent again and again."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import time_ns
from typing import Any, Final

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    HistogramDataPoint,
    MetricExporter,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.metrics.export import Gauge as GaugeData
from opentelemetry.sdk.metrics.export import Histogram as HistogramData
from opentelemetry.sdk.metrics.export import Metric as MetricData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import Metric as Family
from prometheus_client.registry import CollectorRegistry
from prometheus_client.samples import Sample

from groundwire_server.adapters.metrics.registry import prometheus_name
from groundwire_server.telemetry.metrics import CATALOG, Counter, Gauge, Histogram, Metric

_CUMULATIVE: Final = AggregationTemporality.CUMULATIVE


class OtlpMetrics:
    """What a registry holds, as OTLP has it: OpenTelemetry's names, cumulative values, exemplars.

    Args:
        registry: Prometheus's, with the metrics of `telemetry/metrics.py`; what else it holds is left out.
        resource: the service that they are of.
        scope: what records them.
        now: nanoseconds since the epoch.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        resource: Resource,
        scope: InstrumentationScope,
        now: Callable[[], int] = time_ns,
    ) -> None:
        self._registry = registry
        self._resource = resource
        self._scope = scope
        self._now = now
        self._began = now()

    def collect(self) -> MetricsData:
        """Return all that has been recorded."""
        families = {family.name: family for family in self._registry.collect()}
        found = [self._metric(metric, families.get(prometheus_name(metric))) for metric in CATALOG]
        metrics = [metric for metric in found if metric is not None]
        of_scope = ScopeMetrics(self._scope, metrics, schema_url=self._scope.schema_url or "")
        return MetricsData([ResourceMetrics(self._resource, [of_scope], schema_url=self._resource.schema_url)])

    def _metric(self, metric: Metric, family: Family | None) -> MetricData | None:
        if family is None:
            return None
        data: Sum | GaugeData | HistogramData
        match metric:
            case Counter():
                totals = [sample for sample in family.samples if sample.name.endswith("_total")]
                data = Sum(self._numbers(metric, totals), _CUMULATIVE, is_monotonic=True)
            case Gauge():
                data = GaugeData(self._numbers(metric, family.samples))
            case Histogram():
                data = HistogramData(self._distributions(metric, family.samples), _CUMULATIVE)
        return MetricData(metric.name, metric.about, metric.unit, data) if data.data_points else None

    def _numbers(self, metric: Metric, samples: Iterable[Sample]) -> list[NumberDataPoint]:
        now = self._now()
        return [NumberDataPoint(_attributes(metric, each.labels), self._began, now, each.value) for each in samples]

    def _distributions(self, metric: Histogram, samples: Iterable[Sample]) -> list[HistogramDataPoint]:
        series: dict[tuple[str, ...], list[Sample]] = {}
        for sample in samples:
            labels = tuple(value for name, value in sample.labels.items() if name != "le")
            series.setdefault(labels, []).append(sample)
        return [self._distribution(metric, each) for each in series.values()]

    def _distribution(self, metric: Histogram, samples: Sequence[Sample]) -> HistogramDataPoint:
        buckets = [each for each in samples if "le" in each.labels]
        at_most = [int(each.value) for each in buckets]
        return HistogramDataPoint(
            attributes=_attributes(metric, samples[0].labels),
            start_time_unix_nano=self._began,
            time_unix_nano=self._now(),
            count=at_most[-1],
            sum=next(each.value for each in samples if each.name.endswith("_sum")),
            bucket_counts=[count - before for before, count in zip([0, *at_most], at_most, strict=False)],
            explicit_bounds=metric.buckets,
            # Prometheus's client does not keep them, and the field is optional.
            min=None,  # type: ignore[arg-type]
            max=None,  # type: ignore[arg-type]
            exemplars=[_exemplar(each.exemplar) for each in buckets if each.exemplar is not None],
        )


class PeriodicExport:
    """Sends metrics at an interval, from a thread of its own, and a last time at the end.

    Args:
        metrics: what is sent.
        exporter: sends it; it bounds how long that takes.
        seconds: between two exports.
    """

    def __init__(self, metrics: OtlpMetrics, exporter: MetricExporter, seconds: float) -> None:
        self._metrics = metrics
        self._exporter = exporter
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def shutdown(self) -> None:
        """Send what has been recorded until now, and end."""
        self._ended.set()
        self._thread.join()
        self._exporter.export(self._metrics.collect())
        self._exporter.shutdown()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            self._exporter.export(self._metrics.collect())


def _attributes(metric: Metric, labels: Mapping[str, str]) -> dict[str, str]:
    """Return a sample's labels by the names of attributes; those that say nothing are left out."""
    values = {name: labels[name.replace(".", "_")] for name in metric.labels}
    return {name: value for name, value in values.items() if value}


def _exemplar(exemplar: Any) -> Exemplar:
    at = int((exemplar.timestamp or 0.0) * 1e9)
    span, trace = (int(exemplar.labels[name], 16) for name in ("span_id", "trace_id"))
    return Exemplar({}, exemplar.value, at, span, trace)
