"""Every name of the telemetry is defined once."""

import ast
import inspect
from collections import Counter

from groundwire_server.telemetry import metrics, names

DEFINED = [
    (node.targets[0].id, ast.literal_eval(node.value))
    for node in ast.parse(inspect.getsource(names)).body
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
]


def test_no_constant_is_assigned_twice() -> None:
    assert [name for name, count in Counter(name for name, _ in DEFINED).items() if count > 1] == []


def test_no_two_constants_have_the_same_value() -> None:
    assert [value for value, count in Counter(value for _, value in DEFINED).items() if count > 1] == []


def test_every_metric_is_in_the_catalog() -> None:
    kinds = metrics.Counter | metrics.Gauge | metrics.Histogram
    assert {each.name for each in vars(metrics).values() if isinstance(each, kinds)} == {
        each.name for each in metrics.CATALOG
    }
