"""Limits of the configuration's table, as callers meet them."""

import asyncio
import gc
import logging
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from groundwire.v1 import answer_service_pb2, cause_pb2, limit_service_pb2, outcome_pb2, retrieval_service_pb2
from groundwire.v1.limit_service_pb2_grpc import LimitServiceStub
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.question import Question
from groundwire_server.edge import decision_log
from tests.doubles.upstream import Reply, upstream
from tests.e2e.calls import ACME, answer, info, ingest, question, stream, used
from tests.e2e.generation.conftest import Serve, Served, one_model, two, two_models
from tests.e2e.generation.drafts import DOCUMENTS, DONE, SENTENCE, answers, segments, usage, writes
from tests.redis_server import needs_redis, redis_server

BOB = (("groundwire-tenant", "acme"), ("groundwire-subject", "bob"), ("groundwire-principals", "staff"))


def limited(double: Any, **rows: dict[str, Any]) -> dict[str, Any]:
    return one_model(double) | {"limits": rows}


async def refused(served: Served, **fields: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await answer(served, question(**fields))
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    return raised.value


def detail(error: grpc.aio.AioRpcError, wanted: Message) -> Any:
    status = rpc_status.from_call(error)
    assert status is not None
    assert any(each.Unpack(wanted) for each in status.details)
    return wanted


def errors() -> list[BaseException]:
    """Every error in memory that a refused call could have left."""
    return [each for each in gc.get_objects() if isinstance(each, Rejection | grpc.aio.AbortError)]


async def test_what_is_submitted_for_later_is_counted_when_it_is_submitted(configured: Serve) -> None:
    rows = {"users": {"tenant": "*", "requests_per_minute": 1}}
    request = answer_service_pb2.SubmitAnswerRequest(question=question())
    async with upstream(answers(SENTENCE)) as double, configured(limited(double, **rows), queue=True) as served:
        await served.answers.SubmitAnswer(request, metadata=ACME, timeout=10)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await served.answers.SubmitAnswer(request, metadata=ACME, timeout=10)
        assert info(raised.value).reason == "QUOTA_EXCEEDED"
        # A worker is not refused for it.
        snapshot = served.reloader.current.snapshot
        caller = Caller("acme", "ada", frozenset({"staff"}))
        inquiry = snapshot.routes.inquiry(Question("default", "Who?", "request-1"), caller, time.monotonic(), None)
        assert (await snapshot.later.answer(inquiry, None)).report.request_id == "request-1"


async def test_a_refused_call_leaves_its_error_to_no_garbage_collector(configured: Serve) -> None:
    """What refers to itself stays in memory with all the frames that it went through, until it is collected."""
    rows = {"users": {"tenant": "*", "requests_per_minute": 1}}
    async with upstream(answers(SENTENCE)) as double, configured(limited(double, **rows)) as served:
        await answer(served)
        gc.collect()
        gc.disable()
        try:
            before = errors()
            await refused(served)
            left = [each for each in errors() if each not in before]
        finally:
            gc.enable()
    assert left == []


async def test_a_refused_call_says_which_limit_how_much_and_until_when(configured: Serve) -> None:
    rows = {"users": {"tenant": "*", "per": ["SUBJECT"], "requests_per_minute": 2}}
    async with upstream(answers(SENTENCE)) as double, configured(limited(double, **rows)) as served:
        for _ in range(2):
            assert (await answer(served)).WhichOneof("result") == "answered"
        error = await refused(served)
        asked = len(double.requests)
    assert asked == 2
    assert info(error).reason == "QUOTA_EXCEEDED"
    assert dict(info(error).metadata) == {"quota": "users.requests_per_minute"}
    (quota,) = detail(error, error_details_pb2.QuotaFailure()).violations
    assert (quota.subject, quota.quota_value) == ("subject:alice", 2)
    assert dict(quota.quota_dimensions) == {"tenant": "acme", "subject": "alice"}
    wait = detail(error, error_details_pb2.RetryInfo()).retry_delay.ToMilliseconds()
    assert 25_000 < wait <= 30_000
    (pushback,) = [value for key, value in error.trailing_metadata() or () if key == "grpc-retry-pushback-ms"]
    assert abs(int(pushback) - wait) <= 1


async def test_every_rpc_that_asks_something_is_counted_and_streams_are_refused_alike(configured: Serve) -> None:
    async with (
        upstream(answers(SENTENCE)) as double,
        configured(limited(double, users={"requests_per_minute": 2})) as served,
    ):
        request = retrieval_service_pb2.RetrieveRequest(text="lambda expressions")
        await RetrievalServiceStub(served.channel).Retrieve(request, metadata=ACME, timeout=10)
        await answer(served)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stream(served)
        assert info(raised.value).reason == "QUOTA_EXCEEDED"


async def test_documents_are_counted_where_a_row_says_so(configured: Serve) -> None:
    rows = {"import": {"tenant": "acme", "subject": "bob", "work": ["ingest"], "requests_per_minute": 1}}
    async with upstream(answers(SENTENCE)) as double, configured(limited(double, **rows)) as served:
        await ingest(served, *DOCUMENTS)
        first, second = await ingest(served, *DOCUMENTS[:2], metadata=BOB)
        assert not first.HasField("error")
        assert second.error.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]


async def test_a_changed_row_holds_at_once_and_forgets_no_count(configured: Serve) -> None:
    async with (
        upstream(answers(SENTENCE)) as double,
        configured(limited(double, users={"requests_per_minute": 2})) as served,
    ):
        await answer(served)
        assert await served.reconfigured(limited(double, users={"requests_per_minute": 1000}))
        await answer(served)
        assert await served.reconfigured(one_model(double))
        await answer(served)
        assert await served.reconfigured(limited(double, users={"requests_per_minute": 1}))
        await refused(served)


async def test_a_row_in_shadow_refuses_nothing_and_the_decision_says_what_it_would_have(
    configured: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    row = {"mode": "SHADOW", "requests_per_minute": 1, "tokens_per_call": 801, "question_chars": 5}
    async with upstream(answers(SENTENCE)) as double, configured(limited(double, trial=row)) as served:
        for _ in range(2):
            assert (await answer(served)).WhichOneof("result") == "answered"
    shadows = [vars(each).get("limits_in_shadow") for each in caplog.records if each.name == decision_log.LOGGER]
    assert [sorted(each) for each in shadows if each] == [
        ["trial.question_chars", "trial.tokens_per_call"],
        ["trial.question_chars", "trial.requests_per_minute", "trial.tokens_per_call"],
    ]


async def test_a_longer_question_than_the_row_allows_is_refused_as_one_of_the_routes(configured: Serve) -> None:
    async with (
        upstream(answers(SENTENCE)) as double,
        configured(limited(double, users={"question_chars": 9})) as served,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await answer(served, question(text="Too long?!"))
        assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert double.requests == []


async def test_one_ceiling_holds_for_all_that_one_call_sets_off(configured: Serve) -> None:
    """What the first model wrote must be repaired, and it has used nearly all there was: no model is asked again."""
    wrong = Reply(writes(*segments("Lambda expressions delete seven databases."), rest=(usage(1900, 61), DONE)))
    async with two([wrong, answers(SENTENCE), wrong], [answers(SENTENCE)]) as (first, second):
        async with configured(two_models(first, second)) as served:
            assert (await answer(served)).WhichOneof("result") == "answered"
            assert (len(first.requests), len(second.requests)) == (2, 0)
            sections = two_models(first, second) | {"limits": {"calls": {"tokens_per_call": 2500}}}
            assert await served.reconfigured(sections)
            outcome = await answer(served)
        assert (len(first.requests), len(second.requests)) == (3, 0)
    assert outcome.cause == cause_pb2.CAUSE_BUDGET_EXHAUSTED
    assert outcome.action == outcome_pb2.ACTION_FAIL_SAFE
    consumed = used(outcome)
    assert consumed.input_tokens + consumed.output_tokens == 1961


async def test_a_call_that_joins_a_run_takes_nothing_and_is_not_refused(configured: Serve) -> None:
    async with (
        upstream(answers(SENTENCE)) as double,
        configured(limited(double, users={"requests_per_minute": 1})) as served,
    ):
        request = answer_service_pb2.AnswerRequest(question=question(), request_id="order-4711")
        ended = await asyncio.gather(*(served.answers.Answer(request, metadata=ACME, timeout=10) for _ in range(5)))
        assert {each.outcome.WhichOneof("result") for each in ended} == {"answered"}
        assert len(double.requests) == 1
        await refused(served)


@pytest.mark.process
@needs_redis
async def test_servers_that_share_a_redis_share_one_count_and_go_on_without_it_as_their_routes_say(
    configured: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    with TemporaryDirectory(prefix="groundwire-") as folder:
        async with upstream(answers(SENTENCE)) as double:
            sections = limited(double, users={"requests_per_minute": 2, "tokens_per_minute": 100_000})
            with redis_server(Path(folder)) as url:
                sections["redis"] = {"url": url, "timeout_seconds": 5}
                async with configured(sections) as served:
                    await answer(served)
                async with configured(sections) as served:
                    await answer(served)
                    await refused(served)
            sections["redis"]["key_prefix"] = "again"
            async with configured(sections) as served:
                assert (await answer(served)).WhichOneof("result") == "answered"
                sections["routes"]["default"]["limits_without_store"] = "CLOSED"
                assert await served.reconfigured(sections)
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await answer(served)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert info(raised.value).reason == "LIMITS_UNAVAILABLE"


async def limits(served: Served, **fields: str) -> limit_service_pb2.GetLimitsResponse:
    request = limit_service_pb2.GetLimitsRequest(**fields)
    response: limit_service_pb2.GetLimitsResponse = await LimitServiceStub(served.channel).GetLimits(
        request, metadata=ACME, timeout=10
    )
    return response


async def test_an_operator_sees_what_is_used_and_left(configured: Serve) -> None:
    rows: dict[str, Any] = {
        "users": {"per": ["SUBJECT"], "requests_per_minute": 5, "concurrent_calls": 3, "passages": 4},
        "others": {"tenant": "globex", "requests_per_minute": 9},
    }
    async with upstream(answers(SENTENCE)) as double, configured(limited(double, **rows)) as served:
        await answer(served)
        await limits(served, subject="alice")
        found = await limits(served, subject="alice")
        seen = {each.name: (each.value, each.used, each.left) for each in found.limits}
        assert seen == {
            "users.requests_per_minute": (5, 1, 4),
            "users.concurrent_calls": (3, 0, 3),
            "users.passages": (4, 0, 0),
        }
        assert [each.HasField("used") for each in found.limits] == [True, True, False]
        assert found.limits[0].HasField("full_time")
        bobs = await limits(served, subject="bob")
        assert bobs.limits[0].left == 5
        assert (await limits(served, tenant="globex")).limits[-1].name == "others.requests_per_minute"


async def test_without_limits_there_is_nothing_to_see(configured: Serve) -> None:
    async with upstream(answers(SENTENCE)) as double, configured(one_model(double)) as served:
        assert not (await limits(served)).limits
