"""How often what has left is wrong, by the samples of several routes and verdicts."""

import math
from dataclasses import replace
from itertools import product

import pytest

from groundwire_server.evaluation.measures.binomial import exact_interval
from groundwire_server.evaluation.sampled_wrong import SampleTally, wrong_shares


def tally(
    route: str = "default", sampled: int = 100, decided: int = 100, wrong: int = 0, share: float = 0.1
) -> SampleTally:
    return SampleTally(route, "ENTAILED", sampled, decided, wrong, share)


def test_none_wrong_still_has_an_upper_end() -> None:
    found = wrong_shares([tally()], 0.02, 0.95)
    ((_, row),) = found.rows
    assert (row.value, row.low) == (0.0, 0.0)
    assert row.high == pytest.approx(0.0362, abs=1e-4)
    # Two points at 95 % are had from 183 of which none is wrong.
    assert row.needed == 83


def test_as_many_more_are_needed_as_bring_the_ends_near_enough() -> None:
    found = wrong_shares([tally(decided=50, sampled=50, wrong=5)], 0.05, 0.95)
    of = 50 + found.total.needed
    low, high = exact_interval(0.1 * of, of, 0.95)
    assert max(high - 0.1, 0.1 - low) <= 0.05
    assert wrong_shares([tally(wrong=0)], 0.05, 0.95).total.needed == 0


def test_rows_of_one_weight_add_up() -> None:
    found = wrong_shares([tally(wrong=4), tally(route="other", wrong=2)], 0.02, 0.95)
    assert found.weighed is False
    assert found.total.value == pytest.approx(0.03)
    assert (found.total.low, found.total.high) == pytest.approx(exact_interval(6, 200, 0.95))


def test_a_route_of_which_fewer_answers_are_sampled_weighs_more() -> None:
    # 100 of 1,000 answers, and 100 of 100.
    found = wrong_shares([tally(wrong=10, share=0.1), tally(route="strict", wrong=0, share=1.0)], 0.02, 0.95)
    assert found.weighed is True
    assert found.total.value == pytest.approx(10 / 100 * 1000 / 1100)
    # They are worth less than 200 equal ones.
    plain = exact_interval(200 * 10 / 110, 200, 0.95)
    assert found.total.high - found.total.low > plain[1] - plain[0]


def test_nothing_is_known_without_decisions() -> None:
    found = wrong_shares([tally(decided=0)], 0.02, 0.95)
    assert found.total.value is None
    assert (found.total.low, found.total.high) == (0.0, 1.0)
    assert found.total.needed == 183
    assert (found.few, found.undecided, found.many_undecided) == (True, 100, True)
    assert wrong_shares([], 0.02, 0.95).total.value is None


@pytest.mark.parametrize(
    ("decided", "few", "many_undecided"), [(100, False, False), (80, False, False), (79, False, True), (29, True, True)]
)
def test_it_says_where_the_decided_are_few_or_may_differ(decided: int, few: bool, many_undecided: bool) -> None:
    found = wrong_shares([tally(decided=decided)], 0.02, 0.95)
    assert (found.few, found.many_undecided) == (few, many_undecided)


@pytest.mark.parametrize(
    ("light", "heavy"),
    [
        # Nothing is wrong in most answers, and of the row in which much is, one sample in ten was decided.
        ((tally(sampled=360, decided=300, share=1.0), 0.01), (tally("hard", 100, 10, share=1.0), 0.5)),
        ((tally(sampled=300, decided=60, share=1.0), 0.02), (tally("hard", 40, 8, share=1.0), 0.6)),
        ((tally(sampled=900, decided=900, share=1.0), 0.0), (tally("hard", 100, 20, share=1.0), 0.1)),
    ],
)
def test_the_interval_of_all_holds_what_it_promises(
    light: tuple[SampleTally, float], heavy: tuple[SampleTally, float]
) -> None:
    answers = light[0].sampled + heavy[0].sampled
    truth = sum(each.sampled * share for each, share in (light, heavy)) / answers
    covered = 0.0
    for first, second in product(*(range(each.decided + 1) for each, _ in (light, heavy))):
        chance = binomial(first, *light) * binomial(second, *heavy)
        if chance > 1e-4:
            found = wrong_shares([replace(light[0], wrong=first), replace(heavy[0], wrong=second)], 0.5, 0.95)
            covered += chance * (found.total.low <= truth <= found.total.high)
    assert covered >= 0.94


def binomial(wrong: int, decided: SampleTally, share: float) -> float:
    of = decided.decided
    return math.comb(of, wrong) * share**wrong * (1 - share) ** (of - wrong)


def test_a_row_of_which_nothing_is_decided_may_be_right_or_wrong() -> None:
    known, unknown = tally(sampled=90, decided=90, wrong=9, share=1.0), tally("hard", 10, 0, share=1.0)
    found = wrong_shares([known, unknown], 0.02, 0.95).total
    assert found.value == pytest.approx(0.1)
    low, high = exact_interval(9, 90, 0.95)
    assert (found.low, found.high) == pytest.approx((0.9 * low, 0.9 * high + 0.1))


def test_how_many_answers_few_samples_stand_for_is_not_known_exactly() -> None:
    def high(share: float, samples: int) -> float:
        # As many answers, and as much decided of them, in both.
        rows = [tally(sampled=1000, decided=1000, share=1.0), tally("hard", samples, 20, 10, share)]
        return wrong_shares(rows, 0.5, 0.95).total.high

    assert high(0.02, 20) > high(1.0, 1000) + 0.01
