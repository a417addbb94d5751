"""Confidence sequences: their margins, and that they hold at every look."""

from math import log, sqrt
from random import Random
from statistics import NormalDist

import pytest

from groundwire_server.domain.experiments.sequences import TUNED_CALLS, one_sided_margin, two_sided_margin


@pytest.mark.parametrize("error", [0.1, 0.05, 0.001])
@pytest.mark.parametrize("calls", [30, 1_000, 10**6])
def test_margins_are_those_of_the_paper(calls: int, error: float) -> None:
    """Write the formulas as the paper has them, for a standard deviation of 1, in units of σ / √t."""
    rho2 = (-2 * log(error) + log(-2 * log(error) + 1)) / TUNED_CALLS
    two = sqrt(2 * (calls * rho2 + 1) / (calls**2 * rho2) * log(sqrt(calls * rho2 + 1) / error))
    assert two_sided_margin(calls, error) == pytest.approx(two * sqrt(calls))
    rho2 = (-2 * log(2 * error) + log(-2 * log(2 * error) + 1)) / TUNED_CALLS
    one = sqrt(2 * (calls * rho2 + 1) / (calls**2 * rho2) * log(1 + sqrt(calls * rho2 + 1) / (2 * error)))
    assert one_sided_margin(calls, error) == pytest.approx(one * sqrt(calls))


@pytest.mark.parametrize("error", [0.1, 0.05, 0.001])
@pytest.mark.parametrize("calls", [1, 30, 1_000, 10**7])
def test_a_margin_is_wider_than_that_of_one_look(calls: int, error: float) -> None:
    assert one_sided_margin(calls, error) > NormalDist().inv_cdf(1 - error)
    assert two_sided_margin(calls, error) > NormalDist().inv_cdf(1 - error / 2)


@pytest.mark.parametrize("error", [0.1, 0.05, 0.001])
def test_one_side_is_narrower_than_two_from_the_tuned_number_of_calls_on(error: float) -> None:
    for calls in (TUNED_CALLS, 100 * TUNED_CALLS):
        assert one_sided_margin(calls, error) < two_sided_margin(calls, error)


def test_margins_are_narrowest_where_they_are_tuned() -> None:
    at = [two_sided_margin(TUNED_CALLS * factor, 0.05) for factor in (0.1, 0.9, 1.1, 10)]
    assert min(at) == pytest.approx(two_sided_margin(TUNED_CALLS, 0.05), rel=1e-3)
    assert at[0] / min(at) == pytest.approx(1.27, abs=0.01)
    assert at[3] / min(at) == pytest.approx(1.07, abs=0.01)


def test_a_random_walk_that_is_looked_at_after_each_step_stays_within_its_margins() -> None:
    random, error, walks, steps = Random(18), 0.1, 400, 1_500
    left_both = left_above = left_fixed = 0
    both = [two_sided_margin(step, error) * sqrt(step) for step in range(1, steps + 1)]
    above = [one_sided_margin(step, error) * sqrt(step) for step in range(1, steps + 1)]
    fixed = NormalDist().inv_cdf(1 - error / 2)
    for _ in range(walks):
        place, places = 0.0, []
        for _ in range(steps):
            place += random.gauss(0, 1)
            places.append(place)
        left_both += any(abs(at) > most for at, most in zip(places, both, strict=True))
        left_above += any(at > most for at, most in zip(places, above, strict=True))
        left_fixed += any(abs(at) > fixed * sqrt(step) for step, at in enumerate(places, 1))
    # Three standard errors above the rate: less than one seed in a thousand would fail by chance.
    most_left = walks * error + 3 * sqrt(walks * error * (1 - error))
    assert 0 < left_both <= most_left
    assert 0 < left_above <= most_left
    # An interval that is made for one look does not do.
    assert left_fixed > walks / 2
