"""Turns, circuits and retry budgets, as callers and traces see them."""

import asyncio

import pytest

from groundwire.v1 import (
    answer_service_pb2,
    cause_pb2,
    outcome_pb2,
)
from tests.doubles.upstream import Pause, Reply, Stall, Until, upstream
from tests.e2e.calls import ACME, answer, ingest, question
from tests.e2e.generation.conftest import Serve, model, one_model, two, two_models
from tests.e2e.generation.drafts import DOCUMENTS, SENTENCE, answers
from tests.e2e.generation.test_faults import error
from tests.e2e.generation.test_usage import OTHER

DOWN = error("500 Internal Server Error")


async def test_an_outage_is_not_multiplied_and_its_end_is_noticed(configured: Serve) -> None:
    quick = {"breaker": {"min_calls": 5, "open_seconds": 20}}
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
        await asyncio.sleep(20)
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


@pytest.mark.parametrize("where", ["provider", "model", "worker"])
async def test_calls_wait_their_turn_within_their_time(configured: Serve, where: str) -> None:
    slow = Reply([Pause(0.02), *answers().body])
    async with upstream(slow) as double:
        sections = one_model(double)
        bound = {"max_concurrent": 2, "queue_size": 50}
        bounded = {"provider": sections["providers"]["cloud"], "model": sections["models"]["large"], "worker": sections}
        bounded[where]["concurrency"] = bound
        async with configured(sections) as served:
            outcomes = await asyncio.gather(*(answer(served, seconds=60.0) for _ in range(20)))
        assert {outcome.answered.answer.text for outcome in outcomes} == {SENTENCE}
        assert double.most == 2


async def test_models_of_a_provider_share_its_turns(configured: Serve) -> None:
    refusal = asyncio.Event()
    async with upstream(Reply([Until(refusal), *answers().body])) as double:
        sections = one_model(double)
        sections["providers"]["cloud"]["concurrency"] = {"max_concurrent": 1, "queue_size": 0}
        sections["models"]["other"] = model()
        sections["routes"]["other"] = {**sections["routes"]["default"], "models": ["other"]}
        async with configured(sections) as served:
            first = asyncio.ensure_future(answer(served))
            await double.began.wait()
            refused = await answer(served, question(route="other"))
            assert refused.cause == cause_pb2.CAUSE_CAPACITY_EXHAUSTED
            refusal.set()
            assert (await first).answered.answer.text == SENTENCE


async def test_all_models_of_a_worker_share_its_turns(configured: Serve) -> None:
    async with two([Reply([Stall()])], [answers()]) as (first, second):
        sections = two_models(first, second, bounds={"first_token_seconds": None})
        sections["concurrency"] = {"max_concurrent": 1, "queue_size": 1}
        sections["models"]["quoting"] = {"kind": "extractive"}
        for name in ("small", "quoting"):
            sections["routes"][name] = {**sections["routes"]["default"], "models": [name]}
        async with configured(sections) as served:
            request = answer_service_pb2.AnswerRequest(question=question())
            holder = served.answers.Answer(request, metadata=ACME, timeout=30)
            holding = asyncio.ensure_future(holder)
            await first.busy(1)
            for name in ("small", "quoting"):
                # There is room to wait, and the wait counts.
                began = asyncio.get_running_loop().time()
                refused = await answer(served, question(route=name), seconds=3.0)
                assert 1.5 < asyncio.get_running_loop().time() - began < 3.0
                assert refused.cause == cause_pb2.CAUSE_CAPACITY_EXHAUSTED
            waiting = asyncio.ensure_future(answer(served, question(route="small")))
            assert not second.requests
            holder.cancel()
            assert (await waiting).answered.answer.text == SENTENCE
            assert (await answer(served, question(route="quoting"))).WhichOneof("result") == "answered"
            await asyncio.gather(holding, return_exceptions=True)


async def test_the_tenants_of_a_worker_take_turns_at_its_models(configured: Serve) -> None:
    waiting = asyncio.Event()
    async with two([Reply([Until(waiting), *answers().body])], [answers()]) as (first, second):
        sections = two_models(first, second)
        sections["concurrency"] = {"max_concurrent": 1, "queue_size": 50}
        async with configured(sections) as served:
            await ingest(served, *DOCUMENTS, metadata=OTHER)
            ended: list[str] = []

            async def one(who: str, metadata: tuple[tuple[str, str], ...]) -> None:
                request = answer_service_pb2.AnswerRequest(question=question())
                await served.answers.Answer(request, metadata=metadata, timeout=20)
                ended.append(who)

            busy = [asyncio.ensure_future(one("busy", ACME)) for _ in range(10)]
            await first.busy(1)
            quiet = asyncio.ensure_future(one("quiet", OTHER))
            # A call that has made its prompt holds the model, or waits for it.
            await served.spans.ended("groundwire.prompt", 11)
            waiting.set()
            await asyncio.gather(*busy, quiet)
        assert ended.index("quiet") <= 3
