"""What figures come to."""

import random
from itertools import combinations
from statistics import median

import pytest

from groundwire_server.cli.bench.figures import chance_of_greater, median_interval, percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7.0], 0.5, 7.0),
        ([7.0], 0.99, 7.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([4.0, 3.0, 2.0, 1.0], 0.5, 2.0),
        ([float(value) for value in range(1, 101)], 0.95, 95.0),
        ([float(value) for value in range(1, 101)], 0.99, 99.0),
        ([1.0, 2.0], 0.0, 1.0),
        ([1.0, 2.0], 1.0, 2.0),
    ],
)
def test_a_percentile_is_one_of_the_values(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_nothing_has_no_percentile_and_no_median() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)
    with pytest.raises(ValueError, match="nothing"):
        median_interval([])


@pytest.mark.parametrize(
    ("count", "cut"),
    [(1, 0), (2, 0), (4, 0), (5, 0), (7, 0), (8, 1), (10, 1), (11, 2), (13, 3), (20, 5)],
)
def test_the_range_of_a_median_narrows_with_more_figures(count: int, cut: int) -> None:
    interval = median_interval([float(value) for value in range(count)])

    assert (interval.low, interval.middle, interval.high) == (cut, (count - 1) / 2, count - 1 - cut)


@pytest.mark.parametrize("count", [5, 9, 20])
def test_the_range_holds_the_true_median_in_nine_of_ten_cases(count: int) -> None:
    chance = random.Random(1)
    drawn = [median_interval([chance.lognormvariate(0, 1) for _ in range(count)]) for _ in range(2000)]

    assert sum(each.low <= 1.0 <= each.high for each in drawn) >= 0.88 * len(drawn)


def test_noise_is_half_the_range_as_a_share() -> None:
    assert median_interval([90.0, 100.0, 130.0]).noise == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("values", "others"),
    [
        ([5.0, 6.0], [1.0, 2.0, 3.0]),
        ([1.0, 2.0], [5.0, 6.0, 7.0]),
        ([1.0, 4.0, 4.0], [4.0, 2.0, 9.0, 4.0]),
        ([3.0, 3.0], [3.0, 3.0]),
    ],
)
def test_the_chance_counts_every_draw(values: list[float], others: list[float]) -> None:
    pooled = [*values, *others]
    ranks = [sum(each < value for each in pooled) + sum(each == value for each in pooled) / 2 for value in pooled]
    sums = [sum(drawn) for drawn in combinations(ranks, len(values))]
    observed = sum(ranks[: len(values)])

    assert chance_of_greater(values, others) == sum(total >= observed for total in sums) / len(sums)


def test_figures_of_one_source_are_seldom_found_greater() -> None:
    chance = random.Random(2)

    def draw(count: int) -> list[float]:
        return [chance.gauss(100, 5) for _ in range(count)]

    found = sum(chance_of_greater(draw(5), draw(20)) <= 0.05 for _ in range(400))

    assert median([found, 0, 40]) == found  # within 0 and 40: 20 are to be expected
