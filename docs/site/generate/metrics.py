"""The reference of metrics, from the catalog in `telemetry/metrics.py`."""

from collections.abc import Iterator

from docs.site.generate import markdown
from groundwire_server.adapters.metrics.registry import prometheus_name
from groundwire_server.telemetry.metrics import CATALOG, Counter, Histogram, Metric

_NONE = "none"


def page() -> str:
    """Return the page."""
    return markdown.page(
        "Metrics",
        "Prometheus fetches them from the page of `telemetry.prometheus_listen`; over OTLP they are sent once a "
        "minute, and when the server stops. [Operate the server](../how-to/operate.md) has queries for the usual "
        "questions.",
        "OpenTelemetry's name has dots, Prometheus' underscores. A counter's value is in the sample `…_total`; a "
        "histogram has `…_bucket`, `…_sum` and `…_count`. A label is an attribute of [traces](traces.md), with "
        "underscores for dots. An empty label means that there is none, such as no error.",
        "The first `telemetry.tenants_in_metrics` tenants are told apart; the rest are `other`. Histograms marked ● "
        "keep the id of a trace with a value (an exemplar), where the scraper asks for OpenMetrics.",
        *_tables(),
        "Beside these, Prometheus finds `process_*`: memory, CPU seconds, open files and the start of the process.",
    )


def rows(*metrics: Metric) -> Iterator[tuple[str, ...]]:
    """Return each metric with its names, kind, unit, labels and meaning."""
    for metric in metrics:
        marked = " ●" if isinstance(metric, Histogram) and metric.exemplars else ""
        yield (
            f"{markdown.code(metric.name)}<br>{markdown.code(sample(metric))}",
            metric.kind + marked,
            markdown.code(metric.unit),
            ", ".join(markdown.code(label.replace(".", "_")) for label in metric.labels) or _NONE,
            markdown.prose(metric.about),
        )


def sample(metric: Metric) -> str:
    """Return the name of a metric in Prometheus' queries; a histogram's samples add an ending of their own."""
    return prometheus_name(metric) + ("_total" if isinstance(metric, Counter) else "")


def _tables() -> Iterator[str]:
    head = ["metric", "kind", "unit", "labels", "meaning"]
    yield markdown.table(head, rows(*CATALOG))
    yield "## Buckets"
    yield markdown.table(
        ["histogram", "upper bounds"],
        (
            (markdown.code(metric.name), ", ".join(f"{bound:g}" for bound in metric.buckets))
            for metric in CATALOG
            if isinstance(metric, Histogram)
        ),
    )
