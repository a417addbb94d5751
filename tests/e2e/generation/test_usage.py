"""What models consume: counted by the provider or estimated, priced, set aside before and settled after."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import grpc
import pytest

from groundwire.v1 import (
    answer_service_pb2,
    cause_pb2,
    event_pb2,
    outcome_pb2,
    report_pb2,
)
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from tests.doubles.cable import Cable, cable
from tests.doubles.upstream import Beat, Reply, Reset, Stall, Upstream, upstream
from tests.e2e.calls import ACME, answer, ingest, question, stream, used
from tests.e2e.generation.conftest import Serve, Served, one_model, two, two_models
from tests.e2e.generation.drafts import DOCUMENTS, DONE, SENTENCE, segments, usage, writes

PRICE = {"input": 3, "output": 15, "cached": 0.3}
COUNTED = Reply(writes(*segments(SENTENCE), rest=(usage(812, 61, 512), DONE)))
UNCOUNTED = Reply(writes(*segments(SENTENCE), rest=(DONE,)))
BEGUN = [*writes(*segments(SENTENCE))[:3], Beat()]
OTHER = (("groundwire-tenant", "other"), ("groundwire-subject", "bob"))
NAMED = "request-0007"
Stream: TypeAlias = "grpc.aio.UnaryStreamCall[Any, answer_service_pb2.StreamAnswerResponse]"
MOST = 800 * 15 + 1200 * 3
"""What a call may cost in these tests at most: 800 tokens written, and a prompt of less than 1200."""


def priced(double: Upstream, daily: float | None = None, currency: str = "USD") -> dict[str, Any]:
    sections = one_model(double, price=PRICE, retry={"max_attempts": 1})
    sections["spending"] = {"currency": currency}
    if daily is not None:
        sections["limits"] = {"all": {"tenant": "*", "cost_per_day": daily}}
    return sections


async def test_the_providers_count_is_reported_and_priced(configured: Serve) -> None:
    async with upstream(COUNTED) as double, configured(priced(double)) as served:
        counted = used(await answer(served))
        assert counted == report_pb2.Usage(
            input_tokens=812,
            output_tokens=61,
            cached_input_tokens=512,
            cost_micros=1969,  # 300 x 3 + 512 x 0.3 + 61 x 15
            currency="USD",
        )
        noted = served.spans.attributes("groundwire.generate")
        assert noted["groundwire.usage.cost_micros"] == 1969
        assert noted["groundwire.usage.cached_input_tokens"] == 512
        assert noted["groundwire.usage.estimated"] is False


async def test_another_currency_is_no_dollar(configured: Serve) -> None:
    async with upstream(COUNTED) as double, configured(priced(double, currency="EUR")) as served:
        counted = used(await answer(served))
        assert (counted.cost_micros, counted.currency) == (1969, "EUR")


async def test_without_a_price_nothing_costs(configured: Serve) -> None:
    async with upstream(COUNTED) as double, configured(one_model(double)) as served:
        counted = used(await answer(served))
        assert (counted.input_tokens, counted.cost_micros, counted.currency) == (812, 0, "")


async def test_what_the_provider_does_not_count_is_estimated_and_marked_so(configured: Serve) -> None:
    async with upstream(UNCOUNTED) as double, configured(priced(double)) as served:
        counted = used(await answer(served))
        assert counted.estimated
        assert 50 < counted.input_tokens < 1200
        assert 10 < counted.output_tokens < 60
        assert counted.cost_micros == 3 * counted.input_tokens + 15 * counted.output_tokens


@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "streamed"])
async def test_what_a_cut_attempt_consumed_counts_beside_what_followed(configured: Serve, streamed: bool) -> None:
    async with two([Reply([*BEGUN, Reset()])], [COUNTED]) as (first, second):
        async with configured(two_models(first, second, price=PRICE)) as served:
            provisional = event_pb2.STREAM_MODE_PROVISIONAL
            outcome = (await stream(served, mode=provisional))[-1].outcome if streamed else await answer(served)
        counted = used(outcome)
        assert outcome.report.model == "small"
        assert counted.estimated
        assert counted.input_tokens > 812 + 50
        assert counted.output_tokens > 61 + 5
        # The second model has no price.
        assert counted.cost_micros == 3 * (counted.input_tokens - 812) + 15 * (counted.output_tokens - 61)
        noted = served.spans.each("groundwire.generate")
        assert [each["groundwire.usage.estimated"] for each in noted] == [True, False]


async def test_what_no_model_began_costs_nothing(configured: Serve) -> None:
    async with upstream(Reply([], "401 Unauthorized")) as double, configured(priced(double)) as served:
        assert used(await answer(served)) == report_pb2.Usage(currency="USD")


async def test_money_is_set_aside_before_the_call_and_what_is_left_given_back(configured: Serve) -> None:
    replies = [COUNTED, COUNTED, Reply([*BEGUN, Stall()]), COUNTED]
    async with upstream(*replies) as double, configured(priced(double, daily=MOST * 1.4 / 1e6)) as served:
        # Each could cost nearly all there is, and costs a little.
        for _ in range(2):
            assert (await answer(served)).WhichOneof("result") == "answered"
        request = answer_service_pb2.AnswerRequest(question=question())
        double.began.clear()
        call = served.answers.Answer(request, metadata=ACME, timeout=10)
        waiting = asyncio.ensure_future(call)
        await double.began.wait()
        # Not asked before: no earlier answer stands in.
        refused = await answer(served, question("Do lambda expressions create functions?"))
        assert cause_pb2.Cause.Name(refused.cause) == "CAUSE_BUDGET_EXHAUSTED"
        assert refused.action == outcome_pb2.ACTION_FAIL_SAFE
        assert len(double.requests) == 3
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await double.idle.wait()
        assert (await answer(served)).WhichOneof("result") == "answered"


async def test_a_tenants_budget_is_its_own_and_outlives_a_configuration(configured: Serve) -> None:
    async with upstream(COUNTED) as double, configured(priced(double, daily=MOST / 1e6)) as served:
        await ingest(served, *DOCUMENTS, metadata=OTHER)
        outcomes = [await answer(served) for _ in range(4)]
        assert outcomes[0].WhichOneof("result") == "answered"
        assert outcomes[-1].cause == cause_pb2.CAUSE_BUDGET_EXHAUSTED
        asked = len(double.requests)
        request = answer_service_pb2.AnswerRequest(question=question())
        other = await served.answers.Answer(request, metadata=OTHER, timeout=10)
        assert other.outcome.WhichOneof("result") == "answered"
        sections = priced(double, daily=MOST / 1e6)
        sections["routes"]["default"]["limits"] = {"nearest_passages": 1}
        assert await served.reconfigured(sections)
        assert (await answer(served)).cause == cause_pb2.CAUSE_BUDGET_EXHAUSTED
        assert len(double.requests) == asked + 1
        assert await served.reconfigured(priced(double, daily=MOST * 2 / 1e6))
        assert (await answer(served)).WhichOneof("result") == "answered"


async def _cancelled(served: Served, line: Cable, call: Stream) -> None:
    call.cancel()


async def _cut(served: Served, line: Cable, call: Stream) -> None:
    await line.cut()


async def _ended_by_name(served: Served, line: Cable, call: Stream) -> None:
    cancel = answer_service_pb2.CancelAnswerRequest(request_id=NAMED)
    assert (await served.answers.CancelAnswer(cancel, metadata=ACME)).cancelled


async def _out_of_time(served: Served, line: Cable, call: Stream) -> None:
    """It ends by itself."""


@pytest.mark.parametrize("leave", [_cancelled, _cut, _ended_by_name, _out_of_time])
async def test_a_stream_that_is_cut_is_paid_as_far_as_it_went_and_no_further(
    configured: Serve, leave: Callable[[Served, Cable, Stream], Awaitable[None]]
) -> None:
    stalls = Reply([*BEGUN, Stall()])
    async with (
        upstream(stalls, COUNTED) as double,
        configured(priced(double, daily=MOST * 1.4 / 1e6)) as served,
        cable(served.address) as line,
        grpc.aio.insecure_channel(line.address) as channel,
    ):
        request = answer_service_pb2.StreamAnswerRequest(question=question(), request_id=NAMED)
        seconds = 1.0 if leave is _out_of_time else 30.0
        call = AnswerServiceStub(channel).StreamAnswer(request, metadata=ACME, timeout=seconds)
        async for received in call:
            if received.HasField("text_delta"):
                break
        assert (await answer(served)).cause == cause_pb2.CAUSE_BUDGET_EXHAUSTED
        await leave(served, line, call)
        # What settles it ends with the request.
        await double.idle.wait()
        cost = served.spans.each("groundwire.generate")[-1]["groundwire.usage.cost_micros"]
        (asked,) = served.spans.each("chat cloud-test")
        assert asked["groundwire.usage.estimated"] is True
        read, written = asked["gen_ai.usage.input_tokens"], asked["gen_ai.usage.output_tokens"]
        assert isinstance(read, int)
        assert isinstance(written, int)
        assert read > 50
        assert 5 < written < 60
        assert cost == 3 * read + 15 * written
        # What was set aside and not used is there again.
        assert (await answer(served)).WhichOneof("result") == "answered"
