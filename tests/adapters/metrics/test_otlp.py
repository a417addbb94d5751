"""The same metrics as OTLP has them."""

from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from groundwire_server.adapters.metrics.otlp import OtlpMetrics, PeriodicExport
from groundwire_server.adapters.metrics.registry import MetricRegistry
from groundwire_server.telemetry import metrics
from tests.doubles.spans import Spans

RESOURCE = Resource({"service.name": "groundwire"})
SCOPE = InstrumentationScope("groundwire", "1.2.3")


@pytest.fixture
def registry() -> MetricRegistry:
    return MetricRegistry()


def sent(registry: MetricRegistry) -> dict[str, Any]:
    """What goes over the wire, by the names of the metrics."""
    times = iter(range(1, 1000))
    request = encode_metrics(OtlpMetrics(registry.registry, RESOURCE, SCOPE, lambda: next(times)).collect())
    (of_resource,) = request.resource_metrics
    (of_scope,) = of_resource.scope_metrics
    assert (of_scope.scope.name, of_scope.scope.version) == ("groundwire", "1.2.3")
    return {metric.name: metric for metric in of_scope.metrics}


def attributes(point: Any) -> dict[str, str]:
    return {each.key: each.value.string_value for each in point.attributes}


def test_a_counter_is_a_sum_since_the_beginning(registry: MetricRegistry) -> None:
    registry.add(metrics.ATTEMPTS, 1, "default", "cloud", "ANSWER", "")
    registry.add(metrics.ATTEMPTS, 2, "default", "cloud", "NEXT_MODEL", "MODEL_TIMEOUT")
    metric = sent(registry)["groundwire.attempts"]
    assert (metric.unit, metric.sum.is_monotonic, metric.sum.aggregation_temporality) == ("{attempt}", True, 2)
    first, second = metric.sum.data_points
    assert (first.as_double, first.start_time_unix_nano) == (1.0, 1)
    # What says nothing is left out.
    assert attributes(first) == {
        "groundwire.route": "default",
        "groundwire.model": "cloud",
        "groundwire.action": "ANSWER",
    }
    assert attributes(second)["groundwire.cause"] == "MODEL_TIMEOUT"


def test_a_distribution_has_its_buckets_and_an_example(registry: MetricRegistry) -> None:
    spans = Spans()
    with spans.tracer.start_as_current_span("call") as span:
        for value in (0.003, 0.3, 0.3, 100.0):
            registry.record(metrics.CALL_DURATION, value, "grpc", "Answer", "OK", "")
    (point,) = sent(registry)["rpc.server.call.duration"].histogram.data_points
    assert tuple(point.explicit_bounds) == metrics.CALL_DURATION.buckets
    assert list(point.bucket_counts) == [1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    assert (point.count, point.sum) == (4, pytest.approx(100.603))
    assert not point.HasField("min")
    # Each longer than those before it; the second of 0.3 s was not.
    assert [each.as_double for each in point.exemplars] == [0.003, 0.3, 100.0]
    assert {each.trace_id for each in point.exemplars} == {span.get_span_context().trace_id.to_bytes(16)}


def test_a_gauge_is_what_it_reads_now(registry: MetricRegistry) -> None:
    registry.watch(metrics.SLOTS_USED, registry, lambda _: [(("cloud",), 3.0)])
    (point,) = sent(registry)["groundwire.slots.used"].gauge.data_points
    assert (point.as_double, attributes(point)) == (3.0, {"groundwire.limiter": "cloud"})


def test_what_the_process_measures_of_itself_is_left_to_the_scraper(registry: MetricRegistry) -> None:
    assert not [name for name in sent(registry) if name.startswith("process")]


class Kept(MetricExporter):
    def __init__(self) -> None:
        super().__init__()
        self.exports: list[MetricsData] = []
        self.ended = False

    def export(self, metrics_data: MetricsData, timeout_millis: float = 0, **_: Any) -> MetricExportResult:
        self.exports.append(metrics_data)
        return MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 0) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 0, **_: Any) -> None:
        self.ended = True


def test_the_end_sends_what_was_recorded_until_then(registry: MetricRegistry) -> None:
    exporter = Kept()
    export = PeriodicExport(OtlpMetrics(registry.registry, RESOURCE, SCOPE), exporter, seconds=3600)
    export.start()
    registry.add(metrics.ATTEMPTS, 1, "default", "cloud", "ANSWER", "")
    export.shutdown()
    assert exporter.ended
    (data,) = exporter.exports
    assert "groundwire.attempts" in data.to_json()


def test_exports_are_repeated_however_they_end(registry: MetricRegistry) -> None:
    exporter = Kept()
    export = PeriodicExport(OtlpMetrics(registry.registry, RESOURCE, SCOPE), exporter, seconds=0.001)
    export.start()
    while len(exporter.exports) < 3:
        pass
    export.shutdown()
    assert len(exporter.exports) >= 4
