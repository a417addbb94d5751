"""Figures with their intervals, and joint measures against their definitions."""

from itertools import product

import numpy as np
import pytest

from groundwire_server.evaluation.measures import intervals
from groundwire_server.evaluation.measures.intervals import auc_of, bootstrap, mean, mean_of, samples, share
from groundwire_server.evaluation.measures.joint import (
    answer_statistics,
    best_coverage_threshold,
    risk_coverage,
    statement_statistics,
)


def test_a_share_has_wilson_s_interval() -> None:
    figure = share([1.0] * 5 + [0.0] * 5)
    assert (figure.value, figure.count) == (0.5, 10)
    assert (figure.low, figure.high) == pytest.approx((0.237, 0.763), abs=0.001)
    assert share([]).facts() == {"value": None, "low": None, "high": None, "count": 0}


def test_a_mean_has_an_interval_that_holds_it_and_is_the_same_each_time() -> None:
    values = [0.1 * (place % 11) for place in range(200)]
    figure = mean(values)
    assert figure.value == pytest.approx(sum(values) / 200)
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    # About two standard errors on each side.
    assert 0.02 < figure.value - figure.low < 0.08
    assert 0.02 < figure.high - figure.value < 0.08
    assert mean(values) == figure
    assert mean([]).value is None


def test_values_that_are_all_alike_are_not_sure() -> None:
    assert mean([1.0] * 4) == share([1.0] * 4)
    assert mean([1.0] * 4).low == pytest.approx(0.51, abs=0.001)


def test_samples_are_drawn_with_replacement_and_hold_as_many_items() -> None:
    drawn = np.concatenate(list(samples(7)))
    assert drawn.shape == (intervals.SAMPLES, 7)
    assert set(drawn.sum(axis=1)) == {7.0}
    assert drawn.max() > 1
    assert drawn.mean(axis=0) == pytest.approx(np.ones(7), abs=0.15)


def test_samples_are_the_same_however_many_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(samples(9)))
    monkeypatch.setattr(intervals, "_CELLS", 30)
    parts = list(samples(9))
    assert len(parts) > 100
    assert (np.concatenate(parts) == whole).all()


def counted(counts: list[float]) -> np.ndarray:
    return np.array([counts], dtype=float)


def test_a_mean_leaves_out_items_without_a_value() -> None:
    statistic = mean_of(np.array([1.0, np.nan, 0.0]))
    assert statistic(counted([1, 1, 1]))[0] == 0.5
    assert statistic(counted([3, 9, 1]))[0] == 0.75
    assert np.isnan(statistic(counted([0, 5, 0]))[0])


SCORED = [(0.9, 1.0), (0.9, 0.0), (0.4, 1.0), (0.3, 0.0), (0.3, 1.0), (0.1, 0.0), (0.5, float("nan"))]


@pytest.mark.parametrize("counts", [[1] * 7, [2, 1, 0, 3, 1, 1, 5], [0, 0, 1, 1, 0, 0, 0]])
def test_the_area_under_the_roc_curve_is_the_share_of_pairs_in_order(counts: list[float]) -> None:
    scores, positive = (np.array(column) for column in zip(*SCORED, strict=True))
    pairs = [
        (weight * other, 1.0 if score > lower else 0.5 if score == lower else 0.0)
        for ((score, good), weight), ((lower, bad), other) in product(zip(SCORED, counts, strict=True), repeat=2)
        if good == 1 and bad == 0
    ]
    expected = sum(weight * order for weight, order in pairs) / sum(weight for weight, _ in pairs)

    assert auc_of(scores, positive)(counted(counts))[0] == pytest.approx(expected)


def test_without_pairs_there_is_no_area() -> None:
    statistic = auc_of(np.array([0.1, 0.2]), np.array([1.0, 1.0]))
    assert bootstrap(statistic, 2).value is None
    assert bootstrap(statistic, 0).value is None


def answers(*ranked: tuple[float, float | None]) -> list[dict[str, float]]:
    return [{"rank": rank, "level": rank} | ({} if right is None else {"right": right}) for rank, right in ranked]


def test_risk_over_coverage_counts_abstentions_as_not_covered() -> None:
    ranked = [(4.0, 1.0)] * 8 + [(3.0, 1.0), (3.0, 0.0)] + [(2.0, 0.0)] * 6 + [(0.0, None)] * 4
    points = risk_coverage(answers(*ranked))
    assert [(point.coverage, point.risk) for point in points] == [
        pytest.approx((10 / 20, 1 / 10)),
        pytest.approx((16 / 20, 7 / 16)),
    ]


def test_a_curve_begins_where_its_risk_is_more_than_chance() -> None:
    assert risk_coverage(answers(*[(1.0, 1.0)] * 9)) == []
    assert risk_coverage([]) == []


def test_the_area_under_the_curve_is_the_mean_risk() -> None:
    items = answers((3.0, 1.0), (2.0, 0.0), (1.0, 1.0), (1.0, 0.0))
    area = answer_statistics(items)["abstention/area"](counted([1, 1, 1, 1]))[0]
    # Risks of what is kept: 0 of 1, 1 of 2, then the two of equal rank together, 2 of 4.
    assert area == pytest.approx((0 + 1 / 2 + 2 / 4 + 2 / 4) / 4)
    assert answer_statistics(answers((0.0, None))) == {}


def statements(*rows: tuple[bool, bool, float]) -> list[dict[str, float]]:
    return [
        {"supported": float(supported), "refused": float(refused), "coverage": coverage}
        for supported, refused, coverage in rows
    ]


STATEMENTS = statements(
    (True, False, 0.9),
    (True, True, 0.8),
    (False, True, 0.7),
    (False, True, 0.9),
    (False, False, 0.1),
    (False, True, 0.2),
)


def test_a_checker_is_compared_with_coverage_at_its_best_threshold() -> None:
    assert best_coverage_threshold(STATEMENTS) == 0.8
    found = {path: each(counted([1] * 6))[0] for path, each in statement_statistics(STATEMENTS).items()}
    assert found == {
        "verdicts/balanced_accuracy": pytest.approx((1 / 2 + 3 / 4) / 2),
        "verdicts/balanced_accuracy_of_coverage": pytest.approx((2 / 2 + 3 / 4) / 2),
        "verdicts/gain_over_coverage": pytest.approx((1 / 2 - 2 / 2) / 2),
    }


def test_no_threshold_is_better_than_the_best() -> None:
    supported = np.array([each["supported"] for each in STATEMENTS])
    coverage = np.array([each["coverage"] for each in STATEMENTS])

    def accuracy(threshold: float) -> float:
        accepted = coverage >= threshold
        return float((accepted[supported == 1].mean() + (~accepted[supported == 0]).mean()) / 2)

    best = best_coverage_threshold(STATEMENTS)
    assert best is not None
    assert all(accuracy(step / 100) <= accuracy(best) for step in range(102))


def test_one_kind_of_statements_alone_has_no_accuracy() -> None:
    assert statement_statistics(statements((True, False, 0.9))) == {}
    assert best_coverage_threshold([]) is None
