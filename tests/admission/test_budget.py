"""What models may consume for a requester, and for one call."""

import asyncio
from collections.abc import Callable

import pytest

from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.quota import Reservation
from groundwire_server.domain.vocabulary import Cause, WithoutStore
from groundwire_server.ports.budget import Holding
from groundwire_server.telemetry import metrics
from groundwire_server.telemetry.trail import begin_trail
from tests.admission.limiting import ADA, AwayStore, Limited, RemoteStore, row, wall_clock

MOST = Usage(60, 40, cost_micros=50)


async def exhausted(limited: Limited, most: Usage = MOST) -> float | None:
    with pytest.raises(Failure) as raised:
        await limited.budget.reserve(ADA, most)
    assert raised.value.cause is Cause.BUDGET_EXHAUSTED
    return raised.value.retry_after


async def test_tokens_are_reserved_and_what_was_not_used_comes_back() -> None:
    limited = Limited((row(tokens_per_minute=150),))
    reservation = await limited.budget.reserve(ADA, MOST)
    assert await exhausted(limited) == pytest.approx(20.0, abs=0.01)
    limited.budget.settle(reservation, Usage(30, 20))
    await limited.budget.reserve(ADA, MOST)


async def test_money_is_reserved_and_what_was_used_stays_used_until_midnight() -> None:
    limited = Limited((row(cost_per_day=100),))
    limited.budget.settle(await limited.budget.reserve(ADA, MOST), Usage(cost_micros=60))
    assert await exhausted(limited) == 86_400.0
    await limited.budget.reserve(ADA, Usage(cost_micros=40))
    await asyncio.sleep(86_400)
    await limited.budget.reserve(ADA, MOST)


async def test_a_call_that_costs_more_than_the_whole_limit_is_not_told_to_come_again() -> None:
    limited = Limited((row(cost_per_day=100, cost_per_month=1000),))
    assert await exhausted(limited, Usage(cost_micros=101)) is None


async def test_a_reservation_that_is_never_settled_stays_charged() -> None:
    limited = Limited((row(cost_per_day=100),))
    await limited.budget.reserve(ADA, Usage(cost_micros=100))
    await asyncio.sleep(86_399)
    await exhausted(limited, Usage(cost_micros=1))


async def test_a_caller_that_leaves_while_money_is_reserved_is_charged_nothing() -> None:
    limited = Limited((row(cost_per_day=50, tokens_per_minute=100),), store=RemoteStore(wall_clock))
    leaving = asyncio.create_task(limited.budget.reserve(ADA, MOST))
    await asyncio.sleep(0.5)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await asyncio.sleep(1)
    await limited.budget.reserve(ADA, MOST)


async def test_two_that_reserve_at_once_do_not_both_get_what_is_there_for_one() -> None:
    limited = Limited((row(cost_per_day=90),))
    found = await asyncio.gather(*(limited.budget.reserve(ADA, MOST) for _ in range(2)), return_exceptions=True)
    assert {type(each) for each in found} == {Reservation, Failure}


async def test_limits_in_shadow_keep_no_model_from_being_asked_and_count_what_they_would_have() -> None:
    limited = Limited((row(tokens_per_minute=150, cost_per_day=80, shadow=True),))
    trail = begin_trail()
    for _ in range(2):
        limited.budget.settle(await limited.budget.reserve(ADA, MOST), MOST)
    assert limited.counts.series(metrics.LIMITS_REACHED) == {
        ("users.tokens_per_minute", "SHADOW"): 1,
        ("users.cost_per_day", "SHADOW"): 1,
    }
    assert trail.limits_in_shadow == ["users.tokens_per_minute", "users.cost_per_day"]


async def test_a_model_without_a_price_is_asked_when_money_is_used_up() -> None:
    limited = Limited((row(cost_per_day=10),))
    await limited.budget.reserve(ADA, Usage(cost_micros=10))
    await limited.budget.reserve(ADA, Usage(500, 500))


@pytest.mark.parametrize("without", WithoutStore)
async def test_without_its_store_a_route_asks_models_unchecked_or_not_at_all(without: WithoutStore) -> None:
    limited = Limited((row(cost_per_day=10),), store=AwayStore(), without_store={"default": without})
    if without is WithoutStore.OPEN:
        limited.budget.settle(await limited.budget.reserve(ADA, MOST), MOST)
    else:
        assert await exhausted(limited) == 1.0
    assert limited.counts.of(metrics.LIMITS_UNCHECKED) == 1


@pytest.mark.parametrize("allowance", [Allowance(tokens=150), Allowance(cost_micros=75)], ids=["tokens", "money"])
async def test_all_that_is_asked_for_one_call_has_one_ceiling(allowance: Allowance) -> None:
    answer, repair = Holding(None, allowance), Holding(None, allowance)
    await answer.reserve(ADA, MOST)
    with pytest.raises(Failure) as raised:
        await repair.reserve(ADA, MOST)
    assert (raised.value.cause, raised.value.retry_after) == (Cause.BUDGET_EXHAUSTED, None)
    answer.settle(Usage(10, 10, cost_micros=10))
    await repair.reserve(ADA, MOST)


async def test_a_ceiling_is_not_spent_by_what_the_budget_refuses() -> None:
    limited, allowance = Limited((row(cost_per_day=10),)), Allowance(tokens=100)
    with pytest.raises(Failure):
        await Holding(limited.budget, allowance).reserve(ADA, MOST)
    await Holding(None, allowance).reserve(ADA, MOST)


async def test_the_share_left_of_the_day_is_the_least_of_the_limits_on_money() -> None:
    limited = Limited((row(cost_per_day=100), row("all", cost_per_day=1000), row("more", tokens_per_minute=1000)))
    assert await limited.budget.left_today(ADA) == 1.0
    limited.budget.settle(await limited.budget.reserve(ADA, MOST), Usage(cost_micros=50))
    assert await limited.budget.left_today(ADA) == 0.5
    await asyncio.sleep(86_400)
    assert await limited.budget.left_today(ADA) == 1.0, "and looking takes nothing"


@pytest.mark.parametrize(
    "limited",
    [
        lambda: Limited((row(tokens_per_minute=1000),)),
        lambda: Limited((row(cost_per_day=100, shadow=True),)),
        lambda: Limited((row(cost_per_day=100),), store=AwayStore()),
    ],
    ids=["no limit of the day", "a limit in shadow", "counts that cannot be asked"],
)
async def test_the_share_left_of_the_day_is_not_known_without_a_limit_or_its_count(
    limited: Callable[[], Limited],
) -> None:
    assert await limited().budget.left_today(ADA) is None
