"""A guard behind an endpoint stands on each screen of a route, through a real server."""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from groundwire.v1 import cause_pb2, report_pb2, retrieval_service_pb2
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from tests.doubles.checking_model import JSON, said
from tests.doubles.guarding import HTTP, grpc_guard
from tests.doubles.upstream import Echo, Pause, Reply, Stall, Upstream, upstream
from tests.e2e.calls import ACME, answer, question
from tests.e2e.generation.conftest import QUICK, Serve, one_model, provider
from tests.e2e.generation.drafts import SECOND, SENTENCE, answers, segments, writes

FIND = "create"
"""A word of the documents and of the answer."""


def objects_to(word: str) -> Reply:
    """A guard that objects to a word."""

    def screen(body: bytes) -> bytes:
        texts: Iterable[str] = json.loads(body)["texts"]
        places = [(text.find(word), text) for text in texts]
        found: list[list[dict[str, Any]]] = [
            [] if at < 0 else [{"category": "terms", "start": at, "end": at + len(word)}] for at, _ in places
        ]
        return json.dumps({"results": [{"findings": each} for each in found]}).encode()

    return Reply([Echo(screen)], headers=JSON)


def sections(writer: Upstream, guard: Upstream | str, screen: str, **settings: Any) -> dict[str, Any]:
    """The sections of a server whose route has the guard on one screen."""
    use = {"guard": "it", **settings.pop("use", {})}
    made = one_model(writer, route={"screens": {screen: {"use": [use], **settings}}})
    made["providers"]["guards"] = provider(guard, residency="self_hosted")
    made["guards"] = {"it": {"kind": "http", "provider": "guards", "version": "3", "categories": ["terms"], **QUICK}}
    return made


async def test_a_question_that_it_forbids_is_blocked_before_anything_sees_it(configured: Serve) -> None:
    async with upstream(answers()) as writer, upstream(objects_to("forbidden")) as guard:
        async with configured(sections(writer, guard, "question")) as served:
            outcome = await answer(served, question("What is forbidden?"))
        assert writer.requests == []
        asked = json.loads(guard.requests[0].body)
        assert (asked["screen"], asked["texts"]) == ("QUESTION", ["What is forbidden?"])
    assert outcome.WhichOneof("result") == "blocked"
    assert (outcome.blocked.policy, outcome.blocked.policy_version, outcome.blocked.category) == ("it", "3", "terms")


@pytest.mark.parametrize("count", [100, 101, 200])
async def test_repeating_what_is_forbidden_does_not_get_past_it(configured: Serve, count: int) -> None:
    async with upstream(answers()) as writer, upstream(Reply([Echo(HTTP["http"][1])], headers=JSON)) as guard:
        async with configured(sections(writer, guard, "question", without_guard="OPEN")) as served:
            outcome = await answer(served, question("forbidden " * count))
        assert writer.requests == []
    assert (outcome.WhichOneof("result"), list(outcome.report.guards_unavailable)) == ("blocked", [])


async def test_a_passage_that_it_objects_to_is_flagged_and_left_out(configured: Serve) -> None:
    async with upstream(answers(SECOND)) as writer, upstream(objects_to(FIND)) as guard:
        made = sections(writer, guard, "evidence", use={"action": "DROP"})
        async with configured(made) as served:
            outcome = await answer(served)
        assert {json.loads(each.body)["screen"] for each in guard.requests} == {"EVIDENCE"}
        assert SENTENCE not in writer.requests[0].body.decode()
    assert [(each.guard, each.category, each.action) for each in outcome.report.flags] == [
        ("it", "terms", report_pb2.GUARD_ACTION_DROP)
    ]


async def test_an_answer_is_masked_where_it_objects(configured: Serve) -> None:
    async with upstream(answers()) as writer, upstream(objects_to(FIND)) as guard:
        made = sections(writer, guard, "answer", use={"action": "MASK"})
        async with configured(made) as served:
            outcome = await answer(served)
    assert outcome.WhichOneof("result") == "degraded"
    assert outcome.degraded.answer.text == SENTENCE.replace(FIND, "[terms]")


LIES: dict[str, Callable[[], list[Reply]]] = {
    "negative spans": lambda: [said({"results": [{"findings": [{"category": "terms", "start": -3, "end": 3}]}]})],
    "other words": lambda: [said({"results": [{"findings": [], "text": "What else?"}]})],
    "too few results": lambda: [said({"results": []})],
    "ten thousand findings out of place": lambda: [
        said({"results": [{"findings": [{"category": "terms", "start": -3, "end": 3}] * 10_000}]})
    ],
    "a slow drip": lambda: [Reply([move for _ in range(60) for move in (b" ", Pause(0.1))], headers=JSON)],
    "nobody": list,
}


@pytest.mark.parametrize("without", ["OPEN", "CLOSED"])
@pytest.mark.parametrize("case", LIES)
async def test_one_that_fails_lies_or_is_late_is_what_the_route_says(
    configured: Serve, case: str, without: str
) -> None:
    replies = LIES[case]()
    async with upstream(answers()) as writer, upstream(*replies) as guard:
        where = guard if replies else "http://127.0.0.1:9/v1"
        made = sections(writer, where, "question", without_guard=without, max_seconds=0.3)
        async with configured(made) as served:
            outcome = await answer(served)
    if without == "OPEN":
        assert outcome.WhichOneof("result") == "answered"
        assert list(outcome.report.guards_unavailable) == ["it"]
    else:
        assert outcome.WhichOneof("result") == "failed_safe"
        assert outcome.cause == cause_pb2.CAUSE_GUARD_UNAVAILABLE


@pytest.mark.parametrize("without", ["OPEN", "CLOSED"])
async def test_a_short_deadline_does_not_get_past_it(configured: Serve, without: str) -> None:
    async with (
        upstream(answers()) as writer,
        upstream(Reply([Stall()], headers=JSON)) as guard,
        configured(sections(writer, guard, "question", without_guard=without, max_seconds=5)) as served,
    ):
        outcome = await answer(served, seconds=0.5)
        assert writer.requests == []
    assert (outcome.WhichOneof("result"), outcome.cause) == ("failed_safe", cause_pb2.CAUSE_TIME_EXHAUSTED)


@pytest.mark.parametrize("without", ["OPEN", "CLOSED"])
async def test_what_is_spent_does_not_get_past_it(configured: Serve, without: str) -> None:
    async with upstream(answers()) as writer, upstream(Reply([Echo(HTTP["tei"][1])], headers=JSON)) as guard:
        made = sections(writer, guard, "question", without_guard=without)
        made["guards"]["it"] = {
            "kind": "classifier",
            "provider": "guards",
            "version": "3",
            "model": "m",
            "labels": {"LABEL_1": {"category": "terms"}},
            "price": {"input": 2.0, "output": 2.0},
            **QUICK,
        }
        made["limits"] = {"all": {"cost_per_day": 0.00005}}
        async with configured(made) as served:
            assert (await answer(served)).WhichOneof("result") == "answered"
            outcome = await answer(served, question("What is forbidden?"))
        assert len(writer.requests) == 1
    assert outcome.cause == cause_pb2.CAUSE_BUDGET_EXHAUSTED
    assert outcome.WhichOneof("result") == "failed_safe"


async def test_a_search_says_what_was_found_and_which_guard_could_not_be_asked(configured: Serve) -> None:
    request = retrieval_service_pb2.RetrieveRequest(text="What do lambda expressions create?")
    async with (
        upstream(answers()) as writer,
        upstream(objects_to(FIND), Reply([b"{}"], status="400 Bad Request", headers=JSON)) as guard,
        configured(sections(writer, guard, "question", use={"action": "FLAG"})) as served,
    ):
        search = RetrievalServiceStub(served.channel).Retrieve
        found, without = [await search(request, metadata=ACME) for _ in range(2)]
    assert [(each.guard, each.category, each.action) for each in found.flags] == [
        ("it", "terms", report_pb2.GUARD_ACTION_FLAG)
    ]
    assert (list(found.guards_unavailable), list(without.guards_unavailable)) == ([], ["it"])
    assert without.passages
    assert not without.flags


@pytest.mark.parametrize("wait", ["1e300", "500000000000", "2592001"])
async def test_a_wait_that_it_asks_for_is_passed_on_up_to_thirty_days(configured: Serve, wait: str) -> None:
    busy = Reply([b"{}"], status="429 Too Many Requests", headers=(*JSON, ("Retry-After", wait)))
    async with (
        upstream(answers()) as writer,
        upstream(busy) as guard,
        configured(sections(writer, guard, "question", without_guard="CLOSED")) as served,
    ):
        outcome = await answer(served)
    assert outcome.cause == cause_pb2.CAUSE_GUARD_UNAVAILABLE
    assert outcome.failed_safe.retry_after.ToTimedelta() == timedelta(days=30)


async def test_an_answer_says_what_a_guard_s_model_consumed(configured: Serve) -> None:
    draft = Reply(writes(*segments(SENTENCE)))
    async with upstream(draft) as writer, upstream(Reply([Echo(HTTP["tei"][1])], headers=JSON)) as guard:
        made = sections(writer, guard, "evidence")
        made["guards"]["it"] = {
            "kind": "classifier",
            "provider": "guards",
            "version": "3",
            "model": "m",
            "labels": {"LABEL_1": {"category": "terms"}},
            **QUICK,
        }
        async with configured(made) as served:
            outcome = await answer(served)
    usage = {(each.model, each.purpose): each for each in outcome.report.usage}
    assert usage["it", report_pb2.Usage.PURPOSE_GUARD].input_tokens > 0


async def test_a_guard_behind_grpc_forbids_as_well(configured: Serve) -> None:
    async with upstream(answers()) as writer, grpc_guard() as guard:
        made = sections(writer, "http://127.0.0.1:9/v1", "question")
        made["guards"]["it"] = {
            "kind": "grpc",
            "version": "3",
            "categories": ["terms"],
            **QUICK,
            "endpoint": {"url": f"http://127.0.0.1:{guard.port}"},
        }
        async with configured(made) as served:
            outcome = await answer(served, question("What is forbidden?"))
            assert outcome.WhichOneof("result") == "blocked"
            assert (await answer(served)).WhichOneof("result") == "answered"
        assert writer.requests
