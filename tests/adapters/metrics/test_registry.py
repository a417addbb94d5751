"""Metrics in Prometheus's client."""

import gc

import pytest
from opentelemetry.trace import format_span_id, format_trace_id
from prometheus_client.openmetrics.exposition import generate_latest

from groundwire_server.adapters.metrics import registry
from groundwire_server.adapters.metrics.registry import MetricRegistry, prometheus_name
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.metrics import CATALOG, OTHER, Counter, Gauge, Histogram, Metric
from tests.doubles.clock import SetClock
from tests.doubles.spans import Spans


def exposed(registry: MetricRegistry) -> dict[tuple[str, ...], float]:
    """The samples, by their name and the values of their labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in registry.registry.collect()
        for sample in family.samples
    }


@pytest.mark.parametrize("metric", CATALOG, ids=lambda metric: metric.name)
def test_every_metric_is_exposed_under_the_name_that_opentelemetry_gives_it(metric: Metric) -> None:
    registry, labels = MetricRegistry(), tuple(f"value {number}" for number, _ in enumerate(metric.labels))
    suffix = {"counter": "_total", "histogram": "_sum", "gauge": ""}[metric.kind]
    match metric:
        case Counter():
            registry.add(metric, 2, *labels)
        case Histogram():
            registry.record(metric, 0.5, *labels)
            registry.record(metric, 1.5, *labels)
        case Gauge():
            registry.watch(metric, registry, lambda _: [(labels, 2.0)])
    assert exposed(registry)[prometheus_name(metric) + suffix, *labels] == 2


def test_names_and_labels_occur_once() -> None:
    assert len({prometheus_name(metric) for metric in CATALOG}) == len(CATALOG)
    assert all(len(set(metric.labels)) == len(metric.labels) for metric in CATALOG)


def test_tenants_after_the_first_are_one() -> None:
    registry = MetricRegistry(tenants=2)
    for number in range(1000):
        registry.add(metrics.TOKENS, 1, f"tenant {number}", "cloud", "ANSWER", "input")
    tokens = {key[1]: value for key, value in exposed(registry).items() if key[0] == "groundwire_tokens_total"}
    assert tokens == {"tenant 0": 1, "tenant 1": 1, OTHER: 998}
    assert repr(registry) == "<MetricRegistry: 3 series, 2 tenants>"


def test_a_gauge_is_read_as_long_as_its_owner_lives_and_several_add_up() -> None:
    class Owner:
        def __init__(self, value: float) -> None:
            self.value = value

    registry, first, second = MetricRegistry(), Owner(1.0), Owner(2.0)
    for owner in (first, second):
        registry.watch(metrics.CALLS_ACTIVE, owner, lambda owner: [((), owner.value)])
    del owner
    assert exposed(registry)[("groundwire_calls_active",)] == 3
    first.value = 5.0
    del second
    gc.collect()
    assert exposed(registry)[("groundwire_calls_active",)] == 5


def test_an_owner_that_is_gone_is_forgotten_without_a_look() -> None:
    class Owner:
        pass

    registry = MetricRegistry()
    for _ in range(1000):
        registry.watch(metrics.CALLS_ACTIVE, Owner(), lambda _: [((), 1.0)])
    gc.collect()
    assert sum(map(len, registry._watched.values())) == 0


def test_equal_owners_are_read_each() -> None:
    registry, owners = MetricRegistry(), [frozenset({1}), frozenset({1})]
    for owner in owners:
        registry.watch(metrics.CALLS_ACTIVE, owner, lambda each: [((), float(len(each)))])
    assert exposed(registry)[("groundwire_calls_active",)] == 2


def test_a_duration_keeps_its_trace_as_an_example() -> None:
    registry, spans = MetricRegistry(), Spans()
    with spans.tracer.start_as_current_span("call") as span:
        registry.record(metrics.ANSWER_DURATION, 0.3, "default", "Answered")
    context = span.get_span_context()
    page = generate_latest(registry.registry).decode()  # type: ignore[no-untyped-call]
    ids = f'span_id="{format_span_id(context.span_id)}",trace_id="{format_trace_id(context.trace_id)}"'
    assert f"# {{{ids}}} 0.3 " in page


def test_without_a_trace_there_is_no_example() -> None:
    registry = MetricRegistry()
    registry.record(metrics.ANSWER_DURATION, 0.3, "default", "Answered")
    page = generate_latest(registry.registry).decode()  # type: ignore[no-untyped-call]
    assert "trace_id" not in page


def test_the_longest_value_of_a_while_is_its_example(monkeypatch: pytest.MonkeyPatch) -> None:
    now = SetClock()
    monkeypatch.setattr(registry, "monotonic", now.now)
    kept, spans = MetricRegistry(), Spans()
    for value in (0.3, 0.2, 0.9, 0.1):
        with spans.tracer.start_as_current_span("call"):
            kept.record(metrics.ANSWER_DURATION, value, "default", "Answered")
    now.move(1.0)
    with spans.tracer.start_as_current_span("call"):
        kept.record(metrics.ANSWER_DURATION, 0.15, "default", "Answered")
    samples = [sample for family in kept.registry.collect() for sample in family.samples]
    assert [sample.exemplar.value for sample in samples if sample.exemplar] == [0.15, 0.3, 0.9]
