import pytest

from groundwire_server.domain.deadline import Deadline
from tests.doubles.policies import built_in_policy, time_plan


@pytest.mark.parametrize(("seconds", "reserve"), [(0.1, 0.025), (1.0, 0.05), (4.0, 0.2), (5.0, 0.25), (60.0, 0.25)])
def test_keeps_a_reserve_of_five_per_cent_within_bounds(seconds: float, reserve: float) -> None:
    plan = time_plan(seconds, arrived=10.0)
    assert plan.answer_by.at == pytest.approx(10.0 + seconds - reserve)


@pytest.mark.parametrize(
    ("seconds", "lag", "reserve"),
    [(4.0, 0.1, 0.2), (4.0, 0.3, 0.475), (1.0, 0.1, 0.175), (1.0, 9.0, 0.5), (0.1, 0.0, 0.025)],
)
def test_the_reserve_grows_with_the_lag_of_the_loop_to_half_of_the_time(
    seconds: float, lag: float, reserve: float
) -> None:
    assert Deadline(seconds).reply_by(0.0, lag).at == pytest.approx(seconds - reserve)


def test_validation_keeps_thirty_milliseconds() -> None:
    plan = time_plan(1.0)
    assert plan.answer_by.at - plan.generate_by.at == pytest.approx(0.030)


@pytest.mark.parametrize(("seconds", "share"), [(1.0, 0.2375), (4.0, 0.95), (60.0, 2.0)])
def test_a_search_gets_a_quarter_of_what_is_left_and_two_seconds_at_most(seconds: float, share: float) -> None:
    plan = time_plan(seconds)
    assert plan.retrieve_by(0.0).at == pytest.approx(share)


def test_nothing_is_left_of_a_deadline_that_has_passed() -> None:
    assert Deadline(1.0).remaining(2.0) == 0.0
    assert time_plan(0.01).retrieve_by(0.0).remaining(0.0) == 0.0


@pytest.mark.parametrize(("now", "by"), [(0.0, 0.46), (0.5, 0.71), (2.0, 2.0)])
def test_a_model_has_half_of_what_is_left_to_begin(now: float, by: float) -> None:
    assert time_plan(1.0).first_token_by(now).at == pytest.approx(by)


def test_the_built_in_route_divides_time_so() -> None:
    policy, plan = built_in_policy(), time_plan(1.0)
    shares = (policy.retrieval_share, policy.retrieval_max, policy.first_token_share)
    assert shares == (plan.retrieval_share, plan.retrieval_max, plan.first_token_share)
