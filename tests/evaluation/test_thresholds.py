"""Where the line is drawn, and what it gets wrong."""

import pytest

from groundwire_server.evaluation.thresholds import ErrorRates, Rate, error_rates, fit, split

ANSWERABLE = [0.9, 0.8, 0.7, 0.6, 0.3]
OTHERS = [0.5, 0.4, 0.2, 0.1, 0.65]


def test_errors_are_counted_on_both_sides_of_the_line() -> None:
    assert error_rates(ANSWERABLE, OTHERS, 0.6) == ErrorRates(Rate(1, 5), Rate(1, 5))
    assert error_rates(ANSWERABLE, OTHERS, 0.0) == ErrorRates(Rate(0, 5), Rate(5, 5))
    assert error_rates(ANSWERABLE, OTHERS, 1.0) == ErrorRates(Rate(5, 5), Rate(0, 5))


@pytest.mark.parametrize(
    ("answerable", "others", "max_refused", "threshold"),
    [
        ([0.8, 0.9], [0.1, 0.2], None, 0.8),
        (ANSWERABLE, OTHERS, None, 0.6),
        (ANSWERABLE, OTHERS, 0.0, 0.3),
        (ANSWERABLE, OTHERS, 0.2, 0.6),
        ([0.5], [0.5], None, 0.0),
        ([0.12345], [0.1], None, 0.123),
        ([1.0], [1.0, 0.9], None, 1.0),
    ],
)
def test_the_line_has_the_fewest_errors(
    answerable: list[float], others: list[float], max_refused: float | None, threshold: float
) -> None:
    assert fit(answerable, others, max_refused) == threshold


def test_no_other_line_has_fewer() -> None:
    fitted = error_rates(ANSWERABLE, OTHERS, fit(ANSWERABLE, OTHERS)).mean
    assert all(error_rates(ANSWERABLE, OTHERS, step / 1000).mean >= fitted for step in range(1001))


def test_halves_are_drawn_by_the_seed_and_share_nothing() -> None:
    items = list(range(101))
    first, second = split(items, 7)
    assert (len(first), len(second)) == (51, 50)
    assert sorted([*first, *second]) == items
    assert split(items, 7) == (first, second)
    assert split(items, 8) != (first, second)


@pytest.mark.parametrize(("rate", "low", "high"), [(Rate(0, 10), 0.0, 0.278), (Rate(5, 10), 0.237, 0.763)])
def test_few_questions_say_little(rate: Rate, low: float, high: float) -> None:
    assert rate.interval == pytest.approx((low, high), abs=0.001)
