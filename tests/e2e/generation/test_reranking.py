"""A route's reranker orders what is found, through a real server."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from groundwire.v1 import passage_pb2, report_pb2, retrieval_service_pb2, retrieval_service_pb2_grpc
from tests.doubles.checking_model import JSON, overlap, said
from tests.doubles.upstream import Echo, Reply, Stall, Upstream, upstream
from tests.e2e.calls import ACME, answer
from tests.e2e.generation.conftest import QUICK, ROUTE, Serve, Served, one_model, provider
from tests.e2e.generation.drafts import SENTENCE, segments, writes

QUESTION = "What do lambda expressions create?"


def ranks(rate: Callable[[str], float]) -> Reply:
    """An endpoint of TEI's API that rates texts so."""

    def answer(body: bytes) -> bytes:
        texts = json.loads(body)["texts"]
        return json.dumps([{"index": index, "score": rate(text)} for index, text in enumerate(texts)]).encode()

    return Reply([Echo(answer)], headers=JSON)


def sections(reranker: Upstream | str, writer: Upstream | None = None, **rerank: Any) -> dict[str, Any]:
    route = {"rerank": {"reranker": "it", "candidates": 20, **rerank}}
    made: dict[str, Any] = (
        {"routes": {"default": {**ROUTE, "models": ["extractive"], **route}}, "providers": {}}
        if writer is None
        else one_model(writer, route=route)
    )
    made["providers"]["rerankers"] = provider(reranker)
    made["rerankers"] = {"it": {"kind": "endpoint", "provider": "rerankers", "model": "m", "api": "tei", **QUICK}}
    return made


async def retrieved(served: Served, top_k: int = 3) -> retrieval_service_pb2.RetrieveResponse:
    stub: Any = retrieval_service_pb2_grpc.RetrievalServiceStub(served.channel)
    search = passage_pb2.Search(top_k=top_k)
    found: retrieval_service_pb2.RetrieveResponse = await stub.Retrieve(
        retrieval_service_pb2.RetrieveRequest(text=QUESTION, search=search), timeout=10, metadata=ACME
    )
    return found


async def test_the_best_rated_passages_are_returned_in_their_order(configured: Serve) -> None:
    async with upstream(ranks(lambda text: 1 / (1 + len(text)))) as reranker:
        async with configured(sections(reranker)) as served:
            found = await retrieved(served, top_k=2)
        (asked,) = reranker.requests
    candidates = json.loads(asked.body)["texts"]
    assert len(candidates) > 2
    assert [each.text for each in found.passages] == sorted(candidates, key=len)[:2]
    assert [each.scores.reranker for each in found.passages] == [1 / (1 + len(each.text)) for each in found.passages]
    assert all(each.scores.HasField("relevance") for each in found.passages)


async def test_an_answer_says_what_the_reranker_consumed(configured: Serve) -> None:
    draft = Reply(writes(*segments(SENTENCE)))
    rate = ranks(lambda text: overlap(SENTENCE, text))
    async with (
        upstream(draft) as writer,
        upstream(rate) as reranker,
        configured(sections(reranker, writer)) as served,
    ):
        outcome = await answer(served)
    assert outcome.WhichOneof("result") == "answered"
    usage = {(each.model, each.purpose): each for each in outcome.report.usage}
    assert usage["it", report_pb2.Usage.PURPOSE_RERANK].input_tokens > 0
    assert usage["it", report_pb2.Usage.PURPOSE_RERANK].estimated


@pytest.mark.parametrize("failing", ["away", "nonsense", "other ratings", "late"])
async def test_what_fails_or_is_late_changes_nothing(configured: Serve, failing: str) -> None:
    replies = {
        "nonsense": said({"results": "all fine"}),
        "other ratings": said([{"index": 7, "score": 0.9}]),
        "late": Reply([Stall()]),
    }
    async with upstream(*[replies[failing]] * 4 if failing in replies else []) as reranker:
        where = reranker if failing in replies else "http://127.0.0.1:9/v1"
        made = sections(where, min_rating=0.99, max_seconds=0.2)
        plain = json.loads(json.dumps(made))
        del plain["routes"]["default"]["rerank"]
        async with configured(made) as served:
            found, noted = await retrieved(served), served.spans.attributes("groundwire.retrieve")
            assert await served.reconfigured(plain)
            without = await retrieved(served)
    assert "groundwire.reranker.cause" in noted
    assert [each.chunk_id for each in found.passages] == [each.chunk_id for each in without.passages]
    assert [each.scores.relevance for each in found.passages] == [each.scores.relevance for each in without.passages]
    assert not any(each.scores.HasField("reranker") for each in found.passages)


@pytest.mark.parametrize(("min_rating", "result"), [(0.4, "answered"), (0.6, "abstained")])
async def test_a_threshold_of_ratings_decides_what_is_evidence(
    configured: Serve, min_rating: float, result: str
) -> None:
    async with (
        upstream(ranks(lambda text: 0.5)) as reranker,
        configured(sections(reranker, min_rating=min_rating)) as served,
    ):
        outcome = await answer(served)
    assert outcome.WhichOneof("result") == result


async def test_a_reload_changes_the_reranker_without_a_restart(configured: Serve) -> None:
    by_length = ranks(lambda text: 1 / (1 + len(text)))
    async with (
        upstream(by_length) as reranker,
        upstream(ranks(lambda text: len(text) / 1e6)) as other,
        configured(sections(reranker)) as served,
    ):
        one = await retrieved(served, top_k=20)
        assert await served.reconfigured(sections(other))
        two = await retrieved(served, top_k=20)
    assert [each.chunk_id for each in one.passages] != [each.chunk_id for each in two.passages]
    assert [len(each.text) for each in two.passages] == sorted((len(each.text) for each in two.passages), reverse=True)
