import pytest

from groundwire_server.adapters.budget.memory import DailyBudget, Ledger
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.clock import SetClock

DAY = 86_400.0


def test_what_is_set_aside_is_not_there_for_others_until_it_is_settled() -> None:
    budget = DailyBudget(Ledger(), SetClock(), 100)
    first = budget.reserve("acme", 80)
    with pytest.raises(Failure) as failure:
        budget.reserve("acme", 30)
    assert failure.value.cause is Cause.BUDGET_EXHAUSTED
    budget.reserve("other", 100)
    budget.settle(first, 10)
    budget.settle(budget.reserve("acme", 90), 90)
    with pytest.raises(Failure):
        budget.reserve("acme", 1)


def test_another_day_has_money_of_its_own_and_what_began_before_it_costs_it_nothing() -> None:
    clock = SetClock()
    budget = DailyBudget(Ledger(), clock, 100)
    late = budget.reserve("acme", 100)
    clock.move(DAY)
    fresh = budget.reserve("acme", 100)
    budget.settle(late, 50)
    with pytest.raises(Failure):
        budget.reserve("acme", 1)
    budget.settle(fresh, 99)
    budget.reserve("acme", 1)


def test_a_bound_that_changes_finds_what_was_spent() -> None:
    ledger = Ledger()
    DailyBudget(ledger, SetClock(), None).reserve("acme", 1_000)
    with pytest.raises(Failure):
        DailyBudget(ledger, SetClock(), 1_000).reserve("acme", 1)
    DailyBudget(ledger, SetClock(), 1_001).reserve("acme", 1)
