"""What surrounds the calls of a model, in its order, and what becomes of one that is slow to begin."""

import asyncio
import math
from contextlib import aclosing
from dataclasses import replace

import pytest

from groundwire_server.adapters.resilience.circuit import CircuitOptions, CircuitState
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.adapters.resilience.retry_budget import RetryBudget, RetryBudgetOptions
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.generator.wire.models import ask, soon
from tests.adapters.resilience.protected import circuit, limiter, protected, retries
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait, draft

ANSWER: list[Move] = [*draft(("Parcels wait.", ["p1"])), DONE]
DOWN: list[Move] = [Failure(Cause.MODEL_UNAVAILABLE)]


@pytest.mark.parametrize(
    ("own", "start_by", "deadline", "cause", "after", "state"),
    [
        (1.0, None, math.inf, Cause.MODEL_SLOW_START, 1.0, CircuitState.OPEN),
        (1.0, 2.0, 5.0, Cause.MODEL_SLOW_START, 1.0, CircuitState.OPEN),
        (2.0, 1.0, 5.0, Cause.MODEL_SLOW_START, 1.0, CircuitState.CLOSED),
        (None, 1.0, 5.0, Cause.MODEL_SLOW_START, 1.0, CircuitState.CLOSED),
        (2.0, 3.0, 1.0, Cause.MODEL_TIMEOUT, 1.0, CircuitState.CLOSED),
        (None, None, 1.0, Cause.MODEL_TIMEOUT, 1.0, CircuitState.CLOSED),
    ],
    ids=[
        "the model's bound",
        "the model's bound before the caller's",
        "the caller's bound before the model's",
        "the caller's bound",
        "the deadline before both",
        "the deadline",
    ],
)
async def test_what_ends_a_slow_start_decides_its_cause_and_who_is_to_blame(
    own: float | None, start_by: float | None, deadline: float, cause: Cause, after: float, state: CircuitState
) -> None:
    began = asyncio.get_running_loop().time()
    guard = circuit(CircuitOptions(min_calls=1))
    inner = ScriptedGenerator([Wait(60.0), *ANSWER])
    request = ask() if start_by is None else replace(ask(), start_by=Deadline(began + start_by))
    with pytest.raises(Failure) as failure:
        await anext(
            protected(inner, guarded_by=guard, first_token_seconds=own).generate(request, Deadline(began + deadline))
        )
    assert failure.value.cause is cause
    assert asyncio.get_running_loop().time() - began == pytest.approx(after)
    assert guard.state is state
    assert inner.ended.is_set()


async def test_a_model_that_has_begun_may_take_its_time() -> None:
    inner = ScriptedGenerator([ANSWER[0], Wait(60.0), *ANSWER[1:]])
    request = replace(ask(), start_by=soon(1.0))
    async with aclosing(protected(inner, first_token_seconds=1.0).generate(request, NEVER)) as pieces:
        assert [piece async for piece in pieces] == ANSWER


async def test_the_bound_of_a_slow_start_is_each_attempts_own() -> None:
    inner = ScriptedGenerator([Wait(0.8), *DOWN], [Wait(0.8), *ANSWER])
    model = protected(inner, retried_by=retries(RetryOptions(base_seconds=0.0)), first_token_seconds=1.0)
    async with aclosing(model.generate(ask(), NEVER)) as pieces:
        assert [piece async for piece in pieces] == ANSWER


async def test_a_slot_is_held_over_retries_until_the_last_piece() -> None:
    slots = limiter(1, 10)
    waits = Failure(Cause.MODEL_RATE_LIMITED, retry_after=2.0)
    inner = ScriptedGenerator([waits], [ANSWER[0], Wait(1.0), *ANSWER[1:]], ANSWER)
    model = protected(inner, retried_by=retries(RetryOptions()), limiters=[slots])
    began = asyncio.get_running_loop().time()
    ended: list[float] = []

    async def call() -> None:
        async with aclosing(model.generate(ask(), soon(60.0))) as pieces:
            async for _ in pieces:
                pass
        ended.append(asyncio.get_running_loop().time() - began)

    await asyncio.gather(call(), call())
    assert ended[0] >= 3.0
    assert ended[1] >= ended[0]
    assert len(inner.requests) == 3


async def test_a_call_counts_once_however_often_it_is_attempted() -> None:
    guard = circuit(CircuitOptions(min_calls=2))
    model = protected(ScriptedGenerator(DOWN), guarded_by=guard, retried_by=retries(RetryOptions(max_attempts=3)))
    for state in (CircuitState.CLOSED, CircuitState.OPEN):
        with pytest.raises(Failure):
            await anext(model.generate(ask(), NEVER))
        assert guard.state is state


async def test_an_open_circuit_takes_no_retry_budget() -> None:
    guard, budget = circuit(CircuitOptions(min_calls=1)), RetryBudget(RetryBudgetOptions())
    inner = ScriptedGenerator(DOWN)
    model = protected(inner, guarded_by=guard, retried_by=retries(RetryOptions(max_attempts=2), budget))
    for _ in range(3):
        with pytest.raises(Failure):
            await anext(model.generate(ask(), NEVER))
    assert guard.state is CircuitState.OPEN
    assert (len(inner.requests), budget.tokens) == (2, 8.0)


@pytest.mark.parametrize(
    ("taken", "waiting", "idle", "contended"),
    [(0, 0, True, False), (1, 0, True, False), (2, 0, False, False), (4, 1, False, True)],
)
async def test_slots_are_idle_while_fewer_than_half_are_taken_and_contended_once_somebody_waits(
    taken: int, waiting: int, idle: bool, contended: bool
) -> None:
    slots = limiter(4, 4)
    model = protected(ScriptedGenerator([Wait(60.0), *ANSWER]), limiters=[slots])
    calls = [asyncio.create_task(anext(model.generate(ask(), NEVER))) for _ in range(taken + waiting)]
    await asyncio.sleep(0.01)
    assert (slots.used, slots.waiting) == (taken, waiting)
    assert (model.contention.idle(), model.contention.contended()) == (idle, contended)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_calls_that_are_never_repeated_leave_the_budget_of_retries_alone() -> None:
    budget = RetryBudget(RetryBudgetOptions())
    for attempts, left in ((1, 10.0), (2, 8.0)):
        model = protected(ScriptedGenerator(DOWN), retried_by=retries(RetryOptions(max_attempts=attempts), budget))
        with pytest.raises(Failure):
            await anext(model.generate(ask(), NEVER))
        assert budget.tokens == left
