import pytest

from groundwire_server.domain.deadline import Deadline, TimePlan


@pytest.mark.parametrize(("seconds", "reserve"), [(0.1, 0.025), (1.0, 0.05), (4.0, 0.2), (5.0, 0.25), (60.0, 0.25)])
def test_keeps_a_reserve_of_five_per_cent_within_bounds(seconds: float, reserve: float) -> None:
    plan = TimePlan(arrived=10.0, deadline=Deadline(10.0 + seconds))
    assert plan.answer_by.at == pytest.approx(10.0 + seconds - reserve)


def test_validation_keeps_thirty_milliseconds() -> None:
    plan = TimePlan(arrived=0.0, deadline=Deadline(1.0))
    assert plan.answer_by.at - plan.generate_by.at == pytest.approx(0.030)


@pytest.mark.parametrize(("seconds", "share"), [(1.0, 0.2375), (4.0, 0.95), (60.0, 2.0)])
def test_a_search_gets_a_quarter_of_what_is_left_and_two_seconds_at_most(seconds: float, share: float) -> None:
    plan = TimePlan(arrived=0.0, deadline=Deadline(seconds))
    assert plan.retrieve_by(0.0).at == pytest.approx(share)


def test_nothing_is_left_of_a_deadline_that_has_passed() -> None:
    assert Deadline(1.0).remaining(2.0) == 0.0
    assert TimePlan(0.0, Deadline(0.01)).retrieve_by(0.0).remaining(0.0) == 0.0


@pytest.mark.parametrize(("now", "by"), [(0.0, 0.46), (0.5, 0.71), (2.0, 2.0)])
def test_a_model_has_half_of_what_is_left_to_begin(now: float, by: float) -> None:
    assert TimePlan(0.0, Deadline(1.0)).begin_by(now).at == pytest.approx(by)
