"""What rerankers send, what they make of a reply, and what their spans say."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.telemetry import metrics
from tests.doubles.checking_model import JSON, said
from tests.doubles.reranking_model import (
    APIS,
    SECRET_KEY,
    SECRET_QUESTION,
    SECRET_TEXT,
    TOKENS,
    asked,
    reply,
    wired,
)
from tests.doubles.upstream import Echo, Reply

SPAN = "rerank test-reranker"
HALF = asked("The desk opens at nine.", question="The desk opens at six.")
"""Four of the five words of its question occur in its text."""


def soon(seconds: float = 20.0) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)


@pytest.mark.parametrize("api", APIS)
async def test_one_request_holds_the_question_and_the_texts(tmp_path: Path, api: str) -> None:
    async with wired(tmp_path, APIS[api][0], reply(api)) as at:
        await at.reranker.rate(asked(*["Cats sleep."] * 9, question="Who sleeps?"), soon())
        (sent,) = at.upstream.requests
        assert sent.path == "/v1/rerank"
        body = json.loads(sent.body)
        assert body["query"] == "Who sleeps?"
        assert body["texts" if api.startswith("tei") else "documents"] == ["Cats sleep."] * 9
        assert sent.headers["authorization"] == f"Bearer {SECRET_KEY}"
        assert "traceparent" in sent.headers


@pytest.mark.parametrize("api", APIS)
async def test_no_text_has_a_marker_of_the_model(tmp_path: Path, api: str) -> None:
    async with wired(tmp_path, APIS[api][0], reply(api)) as at:
        await at.reranker.rate(asked("Cats.</s>[SEP]<|im_start|>", question="Who?</s> It is \u202eCats."), soon())
        (sent,) = at.upstream.requests
    said = json.loads(sent.body)
    for marker in ("</s>", "[SEP]", "<|", "\u202e"):
        assert marker not in str(said)


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        ("cohere", 0.8),
        ("jina", 0.8),
        ("tei", 0.8),
        ("vllm", 0.8),
        ("tei with logits", 0.99753),
        ("logits", 0.99753),
        ("cosines", 0.8),
    ],
)
async def test_scores_become_ratings_by_their_kind(tmp_path: Path, api: str, expected: float) -> None:
    async with wired(tmp_path, APIS[api][0], reply(api)) as at:
        (rating,) = (await at.reranker.rate(HALF, soon())).ratings
        assert rating == pytest.approx(expected, abs=0.0001)


@pytest.mark.parametrize(("score", "rating"), [(1e308, 1.0), (-1e308, 0.0), (0, 0.5)])
async def test_a_sigmoid_takes_any_number(tmp_path: Path, score: float, rating: float) -> None:
    answer = said({"results": [{"index": 0, "relevance_score": score}]})
    async with wired(tmp_path, APIS["logits"][0], answer) as at:
        assert (await at.reranker.rate(asked("A."), soon())).ratings == (rating,)


async def test_probabilities_that_half_precision_has_rounded_are_taken(tmp_path: Path) -> None:
    answer = said([{"index": 1, "score": -0.0001}, {"index": 0, "score": 1.0002}])
    async with wired(tmp_path, APIS["tei"][0], answer) as at:
        assert (await at.reranker.rate(asked("A.", "B."), soon())).ratings == (1.0, 0.0)


@pytest.mark.parametrize(("texts", "sizes"), [(32, [32, 32, 6]), (70, [70]), (1000, [70])])
async def test_more_texts_than_one_request_takes_are_split(tmp_path: Path, texts: int, sizes: list[int]) -> None:
    def scores(count: int) -> bytes:
        return json.dumps([{"index": index, "score": 0.5} for index in range(count)]).encode()

    double = Reply([Echo(lambda body: scores(len(json.loads(body)["texts"])))], headers=JSON)
    async with wired(tmp_path, f"{APIS['tei'][0]}, batch: {{texts: {texts}}}", double) as at:
        assert (await at.reranker.rate(asked(*["Cats."] * 70), soon())).ratings == (0.5,) * 70
        assert sorted(len(json.loads(each.body)["texts"]) for each in at.upstream.requests) == sorted(sizes)
        assert len(at.spans.each(SPAN)) == 1


async def test_the_end_of_a_text_that_is_too_long_is_not_sent(tmp_path: Path) -> None:
    async with wired(tmp_path, f"{APIS['vllm'][0]}, batch: {{text_tokens: 16}}", reply("vllm")) as at:
        await at.reranker.rate(asked("é" * 100, "short"), soon())
        (sent,) = at.upstream.requests
        assert json.loads(sent.body)["documents"] == ["é" * 32, "short"]


@pytest.mark.parametrize(("api", "counted"), [("cohere", True), ("jina", True), ("vllm", True), ("tei", False)])
async def test_tokens_are_those_that_the_endpoint_counted(tmp_path: Path, api: str, counted: bool) -> None:
    async with wired(tmp_path, APIS[api][0], reply(api)) as at:
        usage = (await at.reranker.rate(HALF, soon())).usage
        (sent,) = at.upstream.requests
        assert usage == (Usage(TOKENS) if counted else Usage(-(-len(sent.body) // 4), estimated=True))
        span = at.spans.attributes(SPAN)
        assert (span["gen_ai.usage.input_tokens"], span["groundwire.usage.estimated"]) == (
            usage.input_tokens,
            usage.estimated,
        )


async def test_a_price_makes_a_cost(tmp_path: Path) -> None:
    section = f"{APIS['vllm'][0]}, price: {{input: 1000000, output: 0}}"
    async with wired(tmp_path, section, reply("vllm")) as at:
        usage = (await at.reranker.rate(HALF, soon())).usage
        assert (usage.cost_micros, usage.currency) == (TOKENS * 1_000_000, "USD")


async def test_a_call_that_a_tenant_cannot_pay_is_not_made(tmp_path: Path) -> None:
    section = f"{APIS['vllm'][0]}, price: {{input: 1000000, output: 0}}"
    async with wired(tmp_path, section, reply("vllm"), limits="cost_per_day: 1") as at:
        failure = await at.fail(HALF, soon())
        assert failure.cause is Cause.BUDGET_EXHAUSTED
        assert at.upstream.requests == []


async def test_spans_and_metrics_say_how_it_went(tmp_path: Path) -> None:
    async with wired(tmp_path, APIS["vllm"][0], reply("vllm")) as at:
        await at.reranker.rate(asked("The desk.", "Cats."), soon())
        span = at.spans.attributes(SPAN)
        assert {
            key: span[key] for key in span if key.startswith(("groundwire.reranker", "gen_ai.op", "gen_ai.prov"))
        } == {
            "groundwire.reranker": "it",
            "groundwire.reranker.fingerprint": at.reranker.fingerprint,
            "groundwire.reranker.texts": 2,
            "groundwire.reranker.best": pytest.approx(2 / 7),
            "gen_ai.operation.name": "rerank",
            "gen_ai.provider.name": "house",
        }
        assert span["groundwire.residency"] == "self_hosted"
        assert at.spans.counts.of(metrics.DEPENDENCY_FAILURES) == 0


@pytest.mark.parametrize("api", APIS)
async def test_no_text_and_no_key_is_in_what_is_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, api: str
) -> None:
    caplog.set_level(logging.DEBUG)
    async with wired(tmp_path, APIS[api][0], reply(api)) as at:
        await at.reranker.rate(asked(SECRET_TEXT, question=SECRET_QUESTION), soon())
        (sent,) = at.upstream.requests
        assert SECRET_TEXT in sent.body.decode()
        told = at.spans.everything() + caplog.text
        assert [secret for secret in (SECRET_TEXT, SECRET_QUESTION, SECRET_KEY) if secret in told] == []
