"""Turns, circuits and retry budgets, as callers and traces see them."""

import asyncio

import pytest

from groundwire.v1 import outcome_pb2
from tests.doubles.upstream import Pause, Reply, upstream
from tests.e2e.calls import answer, question
from tests.e2e.generation.conftest import Serve, model, one_model, two, two_models
from tests.e2e.generation.drafts import SENTENCE, answers
from tests.e2e.generation.test_faults import error

DOWN = error("500 Internal Server Error")


async def test_an_outage_is_not_multiplied_and_its_end_is_noticed(configured: Serve) -> None:
    quick = {"breaker": {"least": 5, "open_seconds": 0.2}}
    async with two([DOWN], [answers()]) as (first, second), configured(two_models(first, second, **quick)) as served:
        outcomes = [await answer(served) for _ in range(20)]
        assert {outcome.degraded.answer.text for outcome in outcomes} == {SENTENCE}
        assert len(second.requests) == 20
        # Five calls, with retries until half of the budget was spent; after that nobody is asked.
        assert len(first.requests) == 8
        states = [each["groundwire.circuit"] for each in served.spans.each("chat cloud-test")]
        assert states == ["closed"] * 5 + ["open"] * 15
        assert served.spans.each("chat cloud-test")[4]["groundwire.retry.budget"] == pytest.approx(2.0)
        first.replies[:] = [answers()]
        await asyncio.sleep(0.2)
        assert (await answer(served)).report.model == "large"
        assert (await answer(served)).report.model == "large"
        states = [each["groundwire.circuit"] for each in served.spans.each("chat cloud-test")]
        assert states[-2:] == ["half_open", "closed"]


async def test_what_a_provider_asks_for_is_in_the_trace_and_in_the_outcome(configured: Serve) -> None:
    limited = error("429 Too Many Requests", "rate_limit_exceeded", Retry_After="7")
    row = {"fallbacks": {"MODEL_RATE_LIMITED": ["FAIL_SAFE"]}}
    async with upstream(limited) as double, configured(one_model(double, route=row)) as served:
        outcome = await answer(served)
        assert outcome.next_step == outcome_pb2.NEXT_STEP_RETRY_AFTER
        assert outcome.failed_safe.retry_after.seconds == 7
        assert served.spans.attributes("chat cloud-test")["groundwire.retry.after_seconds"] == 7
        assert len(double.requests) == 1


@pytest.mark.parametrize("where", ["provider", "model"])
async def test_calls_wait_their_turn_within_their_time(configured: Serve, where: str) -> None:
    slow = Reply([Pause(0.02), *answers().body])
    async with upstream(slow) as double:
        sections = one_model(double)
        bound = {"calls": 2, "waiting": 50}
        (sections["providers"]["cloud"] if where == "provider" else sections["models"]["large"])["concurrency"] = bound
        most = 0
        async with configured(sections) as served:
            calls = [asyncio.ensure_future(answer(served)) for _ in range(20)]
            while not all(call.done() for call in calls):
                most = max(most, double.under_way)
                await asyncio.sleep(0.002)
        assert {call.result().answered.answer.text for call in calls} == {SENTENCE}
        assert most == 2


async def test_models_of_a_provider_share_its_turns(configured: Serve) -> None:
    async with upstream(Reply([Pause(0.3), *answers().body])) as double:
        sections = one_model(double)
        sections["providers"]["cloud"]["concurrency"] = {"calls": 1, "waiting": 0}
        sections["models"]["other"] = model()
        sections["routes"]["other"] = {**sections["routes"]["default"], "models": ["other"]}
        async with configured(sections) as served:
            first = asyncio.ensure_future(answer(served))
            await double.began.wait()
            refused = await answer(served, question(route="other"))
            assert refused.cause == outcome_pb2.CAUSE_CAPACITY_EXHAUSTED
            assert (await first).answered.answer.text == SENTENCE
