"""Time and leaving: nobody waits for what nobody wants, and what stands stands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
from tests.doubles.cable import cable
from tests.doubles.upstream import Beat, Move, Pause, Reply, Reset, Stall, Upstream, upstream
from tests.e2e.calls import ACME, answer, kept_text, kinds, question, stream
from tests.e2e.generation.conftest import Serve, Served, one_model, two, two_models
from tests.e2e.generation.drafts import SECOND, SENTENCE, answers, chunk, segments, writes

AT_ONCE = 0.05
"""Seconds within which a provider sees that nobody wants its answer any more."""

HALF = writes(*segments(SENTENCE, SECOND))[:3]
"""The first of two segments, whole."""

SLOWLY: list[Move] = [chunk(" "), Pause(0.25)] * 1000
WAITS: dict[str, Reply] = {
    "before the head": Reply([], before=[Stall()]),
    "before the first token": Reply([chunk("", role="assistant"), Stall()]),
    "in the middle": Reply([*HALF, Stall()]),
    "while it writes": Reply([*HALF, *SLOWLY]),
}
PATIENT = {"bounds": {"first_token_seconds": None}}


FEW = 4096
"""Bytes that a provider which writes slowly may send after a cancel, until it sees it."""


def now() -> float:
    return asyncio.get_running_loop().time()


async def closed(double: Upstream, since: float) -> float:
    """Seconds until every request was closed at the provider's end."""
    async with asyncio.timeout(5):
        await double.idle.wait()
    assert double.under_way == 0
    assert double.abandoned == len(double.requests)
    return double.left_at - since


@asynccontextmanager
async def waiting(configured: Serve, case: str) -> AsyncIterator[tuple[Served, Upstream]]:
    async with upstream(WAITS[case]) as double, configured(one_model(double, **PATIENT)) as served:
        yield served, double


@pytest.mark.parametrize("case", WAITS)
async def test_a_call_that_is_cancelled_closes_its_request_at_once(configured: Serve, case: str) -> None:
    async with waiting(configured, case) as (served, double):
        request = answer_service_pb2.AnswerRequest(question=question())
        call = served.answers.Answer(request, metadata=ACME, timeout=30)
        task = asyncio.ensure_future(call)
        await double.began.wait()
        await asyncio.sleep(0.02)
        assert double.under_way == 1
        since = now()
        call.cancel()
        assert await closed(double, since) < AT_ONCE
        assert double.written_after(since) < FEW
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("case", WAITS)
async def test_a_stream_that_its_client_breaks_closes_its_request_at_once(configured: Serve, case: str) -> None:
    async with (
        waiting(configured, case) as (served, double),
        cable(served.address) as connection,
        grpc.aio.insecure_channel(connection.address) as channel,
    ):
        request = answer_service_pb2.StreamAnswerRequest(question=question())
        call = AnswerServiceStub(channel).StreamAnswer(request, metadata=ACME, timeout=30)
        await call.read()
        await double.began.wait()
        since = now()
        await connection.cut()
        assert await closed(double, since) < AT_ONCE
        assert double.written_after(since) < FEW


@pytest.mark.parametrize("streamed", [False, True], ids=["unary", "streamed"])
@pytest.mark.parametrize("case", WAITS)
async def test_the_end_of_the_callers_time_closes_its_request_and_an_outcome_still_comes(
    configured: Serve, case: str, streamed: bool
) -> None:
    async with waiting(configured, case) as (served, double):
        began = now()
        outcome = (await stream(served, seconds=6.0))[-1].outcome if streamed else await answer(served, seconds=6.0)
        assert now() - began < 6.0
        assert await closed(double, began) < 6.0
        checked = case in {"in the middle", "while it writes"}
        assert outcome.cause == cause_pb2.CAUSE_MODEL_TIMEOUT
        assert outcome.action == (outcome_pb2.ACTION_CUT_SHORT if checked else outcome_pb2.ACTION_PASSAGES_ONLY)


async def test_an_answer_cancelled_by_name_closes_its_request_at_once(configured: Serve) -> None:
    async with waiting(configured, "in the middle") as (served, double):
        request = answer_service_pb2.StreamAnswerRequest(question=question(), request_id="request-0001")
        call = served.answers.StreamAnswer(request, metadata=ACME, timeout=30)
        events = aiter(call)
        await anext(events)
        await double.began.wait()
        since = now()
        cancel = answer_service_pb2.CancelAnswerRequest(request_id="request-0001")
        assert (await served.answers.CancelAnswer(cancel, metadata=ACME)).cancelled
        assert await closed(double, since) < AT_ONCE
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            _ = [event async for event in events]
        assert caught.value.code() is grpc.StatusCode.CANCELLED


async def test_of_many_that_leave_none_is_left_open(configured: Serve) -> None:
    async with waiting(configured, "in the middle") as (served, double):
        request = answer_service_pb2.AnswerRequest(question=question())
        calls = [served.answers.Answer(request, metadata=ACME, timeout=30) for _ in range(50)]
        tasks = [asyncio.ensure_future(call) for call in calls]
        await double.busy(50)
        since = now()
        for call in calls:
            call.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await closed(double, since) < 0.5
        assert double.abandoned == 50


async def test_a_model_that_does_not_begin_is_left_for_the_next(configured: Serve) -> None:
    slow = {"bounds": {"first_token_seconds": 0.1}}
    async with two([WAITS["before the first token"]], [answers()]) as (first, second):
        async with configured(two_models(first, second, **slow)) as served:
            began = now()
            outcome = await answer(served, seconds=5.0)
            assert 0.09 < now() - began < 0.4
        assert outcome.degraded.answer.text == SENTENCE
        assert (outcome.cause, outcome.action) == (cause_pb2.CAUSE_MODEL_SLOW_START, outcome_pb2.ACTION_NEXT_MODEL)
        assert (outcome.report.model, outcome.report.attempts) == ("small", 2)
        assert (first.abandoned, second.abandoned) == (1, 0)
        assert [
            (each.attempt, each.cause) for each in outcome.report.stages if each.stage == report_pb2.STAGE_GENERATE
        ] == [
            (1, cause_pb2.CAUSE_MODEL_SLOW_START),
            (2, cause_pb2.CAUSE_UNSPECIFIED),
        ]


async def test_a_model_is_not_left_for_another_that_the_time_cannot_hold(configured: Serve) -> None:
    slow = {"bounds": {"first_token_seconds": 4.2}}
    patient = {"time": {"first_token_share": 1}}
    async with two([WAITS["before the first token"]], [answers()]) as (first, second):
        async with configured(two_models(first, second, route=patient, **slow)) as served:
            outcome = await answer(served, seconds=4.5)
        assert outcome.action == outcome_pb2.ACTION_PASSAGES_ONLY
        assert not second.requests


async def test_a_chain_is_walked_to_its_end(configured: Serve) -> None:
    down = Reply([], "500 Internal Server Error")
    async with two([down], [down]) as (first, second):
        sections = two_models(first, second)
        sections["models"]["quoting"] = {"kind": "extractive"}
        sections["routes"]["default"]["models"] = ["large", "small", "quoting"]
        async with configured(sections) as served:
            outcome = await answer(served)
        assert outcome.degraded.answer.text == SENTENCE
        assert (outcome.report.model, outcome.report.attempts) == ("quoting", 3)


BREAKS: dict[str, tuple[list[Move], str]] = {
    "a reset": ([Beat(), Reset()], "MODEL_INTERRUPTED"),
    "a stall": ([Stall()], "MODEL_INTERRUPTED"),
    "a segment that is not supported": (
        [chunk(', {"text": "Church invented lambda calculus.", "cites": ["p1"]}')],
        "UNSUPPORTED",
    ),
    "another draft": (writes("]} Or rather: ", *segments(SENTENCE))[1:], "OUTPUT_MALFORMED"),
    "a length stop": (writes(', {"text": "and', reason="length")[1:], "OUTPUT_CUT_OFF"),
    "a content filter": ([chunk(reason="content_filter")], "MODEL_CONTENT_FILTERED"),
}


@pytest.mark.parametrize("case", BREAKS)
async def test_verified_text_that_has_left_stands_when_the_model_fails(configured: Serve, case: str) -> None:
    moves, cause = BREAKS[case]
    quick = {"bounds": {"silence_seconds": 0.1}}
    async with upstream(Reply([*HALF, *moves])) as double:
        async with configured(one_model(double, **quick)) as served:
            events = await stream(served)
        assert kinds(events) == ["started", "evidence", "text_delta", "citation", "outcome"]
        outcome = events[-1].outcome
        assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"
        assert outcome.action == outcome_pb2.ACTION_CUT_SHORT
        assert outcome.degraded.answer.text == kept_text(events) == SENTENCE
        assert list(outcome.degraded.losses) == [outcome_pb2.Degraded.LOSS_REST_OF_ANSWER]


@pytest.mark.parametrize("case", BREAKS)
async def test_provisional_text_is_taken_back_and_the_next_model_writes_anew(configured: Serve, case: str) -> None:
    moves, cause = BREAKS[case]
    quick = {"bounds": {"silence_seconds": 0.1}}
    async with two([Reply([*HALF, *moves])], [answers()]) as (first, second):
        async with configured(two_models(first, second, **quick)) as served:
            events = await stream(served, mode=event_pb2.STREAM_MODE_PROVISIONAL)
        outcome = events[-1].outcome
        # A repair that fails as well is taken back in its turn.
        retractions = {each.retraction.cause for each in events if each.HasField("retraction")}
        assert {cause_pb2.Cause.Name(each) for each in retractions} == {f"CAUSE_{cause}"}
        assert outcome.action == outcome_pb2.ACTION_NEXT_MODEL
        assert outcome.degraded.answer.text == kept_text(events) == SENTENCE
