"""Exact intervals, against values of SciPy's beta.ppf."""

from math import comb

import pytest

from groundwire_server.evaluation.measures.binomial import exact_interval, items_needed


@pytest.mark.parametrize(
    ("wrong", "of", "confidence", "low", "high"),
    [
        (0, 100, 0.95, 0.0, 0.036217),
        (100, 100, 0.95, 0.963783, 1.0),
        (1, 10, 0.95, 0.002529, 0.445016),
        (5, 10, 0.95, 0.187086, 0.812914),
        (3, 120, 0.95, 0.005186, 0.071323),
        (3, 120, 0.99, 0.002835, 0.088488),
        (40, 2000, 0.95, 0.014326, 0.027136),
        (0, 0, 0.95, 0.0, 1.0),
    ],
)
def test_intervals_are_those_of_clopper_and_pearson(
    wrong: int, of: int, confidence: float, low: float, high: float
) -> None:
    assert exact_interval(wrong, of, confidence) == pytest.approx((low, high), abs=2e-6)


def test_an_interval_covers_the_share_at_least_as_often_as_it_says() -> None:
    """The definition: each end makes what was seen, or more of it, as unlikely as half of what is left."""
    low, high = exact_interval(3, 40, 0.9)
    assert _at_least(3, 40, low) == pytest.approx(0.05, abs=1e-9)
    assert 1 - _at_least(4, 40, high) == pytest.approx(0.05, abs=1e-9)


def _at_least(wrong: int, of: int, share: float) -> float:
    return sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(wrong, of + 1))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.5])
def test_as_many_as_are_needed_are_near_enough_and_one_less_is_not(share: float) -> None:
    needed = items_needed(share, 0.02, 0.95)
    for count, near in ((needed, True), (needed - 1, False)):
        low, high = exact_interval(share * count, count, 0.95)
        assert (max(high - share, share - low) <= 0.02) is near
