"""The same model again: before it begins, for what may pass, while there is time and budget."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from groundwire_server.adapters.providers.provider import FAILURES
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.adapters.resilience.retry_budget import RetryBudget, RetryBudgetOptions
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Piece
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.generator.wire.models import ask, soon
from tests.adapters.resilience.protected import protected, retries
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait, draft

ANSWER: list[Move] = [*draft(("Parcels wait.", ["p1"])), DONE]
MODEL_CAUSES = [cause for cause in Cause if cause.startswith("MODEL_")] + [Cause.PROMPT_TOO_LONG]


class Retried:
    """A model that plays scripts, asked through retries."""

    def __init__(
        self, *scripts: Sequence[Move], budget: RetryBudget | None = None, attempts: int = 3, seed: int = 7
    ) -> None:
        self.inner = ScriptedGenerator(*scripts)
        self.generator = protected(self.inner, retried_by=retries(RetryOptions(max_attempts=attempts), budget, seed))

    async def write(self, deadline: Deadline = NEVER) -> list[Piece]:
        return [piece async for piece in self.generator.generate(ask(), deadline)]

    async def fail(self, deadline: Deadline = NEVER) -> Failure:
        with pytest.raises(Failure) as failure:
            await self.write(deadline)
        return failure.value


def failing(cause: Cause = Cause.MODEL_UNAVAILABLE, retry_after: float | None = None) -> list[Move]:
    return [Failure(cause, retry_after=retry_after)]


@pytest.mark.parametrize("cause", MODEL_CAUSES)
async def test_only_what_may_pass_is_asked_again(cause: Cause) -> None:
    retried = Retried(failing(cause), ANSWER)
    if cause in {Cause.MODEL_UNAVAILABLE, Cause.MODEL_RATE_LIMITED}:
        assert await retried.write() == ANSWER
        assert len(retried.inner.requests) == 2
    else:
        assert (await retried.fail()).cause is cause
        assert len(retried.inner.requests) == 1


async def test_the_attempts_are_bounded() -> None:
    retried = Retried(failing())
    assert (await retried.fail()).cause is Cause.MODEL_UNAVAILABLE
    assert len(retried.inner.requests) == 3


async def test_after_the_first_text_nothing_is_asked_again() -> None:
    retried = Retried([ANSWER[0], *failing()], ANSWER)
    await retried.fail()
    assert len(retried.inner.requests) == 1


async def test_every_attempt_has_the_same_deadline() -> None:
    retried = Retried(failing())
    deadline = soon(10.0)
    await retried.fail(deadline)
    assert retried.inner.deadlines == [deadline] * 3


async def test_waits_are_drawn_from_a_bound_that_doubles() -> None:
    waits: list[list[float]] = []
    for seed in range(40):
        retried = Retried(failing(), attempts=4, seed=seed)
        times = [asyncio.get_running_loop().time()]
        async with asyncio.timeout(60):
            await retried.fail()
        times += [asyncio.get_running_loop().time()]
        waits.append(times)
    totals = [end - begin for begin, end in waits]
    # Three waits below 0.1, 0.2 and 0.4 s.
    assert max(totals) < 0.7
    assert max(totals) > 0.4
    assert min(totals) < 0.3
    assert len(set(totals)) == 40


async def test_what_the_provider_asks_for_is_waited_for() -> None:
    retried = Retried(failing(Cause.MODEL_RATE_LIMITED, 2.0), ANSWER)
    began = asyncio.get_running_loop().time()
    await retried.write(soon(10.0))
    assert 2.0 <= asyncio.get_running_loop().time() - began <= 2.1


@pytest.mark.parametrize(
    ("asked", "remaining"),
    [(2.0, 3.0), (0.5, 0.6), (5.1, math.inf), (60.0, 600.0)],
    ids=["more than half of the time", "hardly any time", "longer than is ever waited", "far too long"],
)
async def test_what_does_not_fit_is_left_to_the_next_model_at_once(asked: float, remaining: float) -> None:
    retried = Retried(failing(Cause.MODEL_RATE_LIMITED, asked), ANSWER)
    began = asyncio.get_running_loop().time()
    failure = await retried.fail(Deadline(began + remaining))
    assert (failure.cause, failure.retry_after) == (Cause.MODEL_RATE_LIMITED, asked)
    assert asyncio.get_running_loop().time() == began
    assert len(retried.inner.requests) == 1


async def test_leaving_while_it_waits_ends_it() -> None:
    retried = Retried(failing(Cause.MODEL_RATE_LIMITED, 2.0), ANSWER)
    task = asyncio.create_task(retried.write())
    await asyncio.sleep(1.0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert len(retried.inner.requests) == 1


async def test_closing_it_closes_what_it_asks() -> None:
    retried = Retried([ANSWER[0], Wait(5), DONE])
    writing = retried.generator.generate(ask(), NEVER)
    await anext(writing)
    await writing.aclose()
    assert retried.inner.closed == 1


async def test_an_outage_is_not_multiplied() -> None:
    budget = RetryBudget(RetryBudgetOptions())
    asked = 0
    for _ in range(100):
        retried = Retried(failing(), budget=budget)
        await retried.fail()
        asked += len(retried.inner.requests)
    # Ten tokens: five failures, then no retry any more.
    assert asked == 100 + 3
    assert budget.tokens == 0.0


async def test_successes_give_the_budget_back() -> None:
    budget = RetryBudget(RetryBudgetOptions(tokens=2.0, ratio=0.5))
    await Retried(failing(), budget=budget).fail()
    assert not budget.allows
    for _ in range(4):
        await Retried(ANSWER, budget=budget).write()
    assert budget.tokens == 2.0
    assert budget.allows


async def test_what_no_retry_mends_costs_no_budget() -> None:
    budget = RetryBudget(RetryBudgetOptions())
    for cause in set(MODEL_CAUSES) - FAILURES.retryable:
        await Retried(failing(cause), budget=budget).fail()
    assert budget.tokens == 10.0


async def test_a_wait_leaves_time_for_another_model() -> None:
    retried = Retried(failing(retry_after=1.0), ANSWER)
    hurried = replace(ask(), start_by=soon(1.5))
    with pytest.raises(Failure):
        await anext(retried.generator.generate(hurried, soon(60.0)))
    assert len(retried.inner.requests) == 1


async def test_what_is_left_of_a_budget_shows_in_its_repr() -> None:
    budget = RetryBudget(RetryBudgetOptions())
    assert repr(budget) == "<RetryBudget: 10 of 10 tokens, retries allowed>"
    for _ in range(3):
        await Retried(failing(), budget=budget).fail()
    assert repr(budget) == "<RetryBudget: 4 of 10 tokens, no retries>"


async def test_no_call_is_attempted_before_a_limited_dependency_wants_it() -> None:
    retried = Retried(failing(Cause.MODEL_RATE_LIMITED, retry_after=360.0), ANSWER)
    await retried.fail()
    await asyncio.sleep(100.0)
    failure = await retried.fail()
    assert failure.cause is Cause.MODEL_RATE_LIMITED
    assert failure.retry_after == pytest.approx(260.0)
    assert len(retried.inner.requests) == 1
    await asyncio.sleep(261.0)
    assert await retried.write() == ANSWER


async def test_a_call_with_time_waits_for_a_limit_that_is_lifted_soon() -> None:
    retried = Retried(failing(Cause.MODEL_RATE_LIMITED, retry_after=2.0), ANSWER, attempts=2)
    await retried.fail(soon(1.0))
    began = asyncio.get_running_loop().time()
    assert await retried.write(soon(30.0)) == ANSWER
    assert 2.0 <= asyncio.get_running_loop().time() - began < 2.2


async def test_a_limit_is_believed_for_an_hour() -> None:
    retried = Retried(failing(Cause.MODEL_RATE_LIMITED, retry_after=1e9), ANSWER)
    await retried.fail()
    await asyncio.sleep(3601.0)
    assert await retried.write() == ANSWER


async def test_a_wait_that_an_unavailable_model_asks_for_holds_for_its_call_alone() -> None:
    retried = Retried(failing(Cause.MODEL_UNAVAILABLE, retry_after=360.0), ANSWER)
    await retried.fail()
    assert await retried.write() == ANSWER


async def test_a_call_that_a_limit_refuses_costs_no_budget() -> None:
    budget = RetryBudget(RetryBudgetOptions())
    retried = Retried(failing(Cause.MODEL_RATE_LIMITED, retry_after=360.0), budget=budget)
    for _ in range(20):
        await retried.fail()
    assert (len(retried.inner.requests), budget.tokens) == (1, 9.0)
