"""How often what has left is wrong, by the samples of several routes and verdicts."""

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
