"""What is found of a query's names."""

import pytest

from tests.deploy.promql import named


@pytest.mark.parametrize(
    ("expr", "selectors", "groupings"),
    [
        ("up", {"up": set()}, set()),
        ('sum(rate(a_total{b="x, by (c)", d=~"e|f"}[5m]))', {"a_total": {"b", "d"}}, set()),
        ("sum by (b, c) (rate(a_total[5m] offset 1d)) > bool 0.5", {"a_total": set()}, {"b", "c"}),
        ("sum(x) by (b) / on () group_left (c) y:z", {"x": set(), "y:z": set()}, {"b", "c"}),
        ("topk(10, a{b!=''} or c) unless d".replace("''", '""'), {"a": {"b"}, "c": set(), "d": set()}, set()),
        ("histogram_quantile(0.95, sum by (le) (rate(a_bucket{}[5m])))", {"a_bucket": set()}, {"le"}),
        ('count(ALERTS{alertstate="firing"}) or vector(0)', {"ALERTS": {"alertstate"}}, set()),
    ],
)
def test_metrics_and_labels_are_found(expr: str, selectors: dict[str, set[str]], groupings: set[str]) -> None:
    found = named(expr)
    assert {metric: set(labels) for metric, labels in found.selectors} == selectors
    assert set(found.groupings) == groupings
