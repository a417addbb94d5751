"""What a provider is asked for vectors with, and how its answers are read."""

import asyncio
import json
import math
from base64 import b64encode
from typing import Any

import numpy as np
import pytest

from groundwire_server.adapters.embedder.batches import BatchOptions
from groundwire_server.adapters.providers.profiles import PROFILES
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.embedding_model import KEY, Wired, options, soon, wired
from tests.doubles.embeddings import embedding, said
from tests.doubles.upstream import Pause, Reply

SMALL = options(dimensions=2)
SPAN = "embeddings bge-test"


def bodies(at: Wired) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in at.upstream.requests]


@pytest.mark.parametrize("name", PROFILES)
async def test_vectors_are_asked_for_as_the_server_expects(name: str) -> None:
    profile = PROFILES[name]
    header = profile.api_key_header or "authorization"
    async with wired(embedding(), profile=profile) as at:
        (vector,) = await at.embedder.embed(["Where do parcels wait?"], soon(5.0))
        assert list(vector) == pytest.approx(list(HashingEmbedder().vector("Where do parcels wait?")), abs=1e-6)
        (body,) = bodies(at)
        expected = {} if profile.encoding is None else {"encoding_format": profile.encoding}
        assert body == {"model": "bge-test", "input": ["Where do parcels wait?"], **expected}
        (request,) = at.upstream.requests
        assert request.path == "/v1/embeddings"
        assert request.headers[header].removeprefix("Bearer ") == KEY
        assert "traceparent" in request.headers


@pytest.mark.parametrize(("profile", "name"), [("openai", "dimensions"), ("mistral", "output_dimension")])
async def test_shorter_vectors_are_asked_for_where_that_is_set(profile: str, name: str) -> None:
    model = options(dimensions=2, shorten=True)
    async with wired(said([3.0, 4.0]), model=model, profile=PROFILES[profile]) as at:
        await at.embedder.embed(["x"], soon(5.0))
        assert bodies(at)[0][name] == 2


async def test_azures_version_is_in_the_address_and_no_trace_leaves_where_none_may() -> None:
    async with wired(said([3.0, 4.0]), model=SMALL, api_version="2024-10-21", trace_context=False) as at:
        await at.embedder.embed(["x"], soon(5.0))
        (request,) = at.upstream.requests
        assert request.path == "/v1/embeddings?api-version=2024-10-21"
        assert "traceparent" not in request.headers


@pytest.mark.parametrize(
    "vector",
    [[3, 4], [3e-30, 4e-30], [3e300, 4e300], b64encode(np.array([3, 4], "<f4").tobytes()).decode()],
    ids=["integers", "small", "large", "base64"],
)
async def test_vectors_are_made_unit_vectors(vector: object) -> None:
    async with wired(said(vector), model=SMALL) as at:
        (found,) = await at.embedder.embed(["x"], soon(5.0))
        assert list(found) == pytest.approx([0.6, 0.8])


async def test_an_answer_without_indexes_is_in_order() -> None:
    body = json.dumps({"data": [{"embedding": [1, 0]}, {"embedding": [0, 1]}]}).encode()
    async with wired(Reply([body]), model=SMALL) as at:
        assert [list(each) for each in await at.embedder.embed(["x", "y"], soon(5.0))] == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("batch", "sizes"),
    [
        (BatchOptions(texts=3), [3, 3, 1]),
        (BatchOptions().model_copy(update={"bytes": 8}), [2, 2, 2, 1]),
        (BatchOptions(tokens=1), [1] * 7),
        (BatchOptions(), [7]),
    ],
)
async def test_requests_hold_no_more_than_they_may(batch: BatchOptions, sizes: list[int]) -> None:
    texts = [f"w{n:03}" for n in range(7)]
    async with wired(embedding(), model=options(batch=batch)) as at:
        found = await at.embedder.embed(texts, soon(5.0))
        assert sorted((len(body["input"]) for body in bodies(at)), reverse=True) == sizes
        for text, vector in zip(texts, found, strict=True):
            assert list(vector) == pytest.approx(list(HashingEmbedder().vector(text)), abs=1e-6)
        assert at.spans.attributes(SPAN)["gen_ai.usage.input_tokens"] == 7 * 4


async def test_the_beginning_of_a_long_text_counts_and_no_character_is_cut() -> None:
    batch = BatchOptions(text_tokens=2)
    async with wired(embedding(), model=options(batch=batch)) as at:
        await at.embedder.embed(["ñññññññ", "a\U0001f642\U0001f642", "\ud800 lone", "", " \n"], soon(5.0))
        (body,) = bodies(at)
        assert body["input"] == ["ññññ", "a\U0001f642", "? lone", " ", " "]


async def test_stored_texts_take_turns_and_a_question_does_not_wait_for_them() -> None:
    batch = BatchOptions(texts=1, requests=2)
    slow = Reply([Pause(0.05), *embedding().body], headers=embedding().headers)
    async with wired(slow, model=options(batch=batch)) as at:
        many = asyncio.create_task(at.embedder.embed([f"text {n}" for n in range(8)], soon(5.0)))
        await at.upstream.busy(2)
        await at.embedder.embed(["the question"], soon(5.0))
        asked = [body["input"][0] for body in bodies(at)]
        assert asked.index("the question") <= 4
        assert not many.done()
        assert len(await many) == 8
        assert at.upstream.connections <= 3


async def test_the_providers_turns_are_kept() -> None:
    slots = FairLimiter(ConcurrencyOptions(max_concurrent=1, queue_size=0))
    slow = Reply([Pause(0.05), *embedding().body], headers=embedding().headers)
    async with wired(slow, limiters=[slots]) as at:
        first = asyncio.create_task(at.embedder.embed(["one"], soon(5.0)))
        await at.upstream.busy(1)
        failure = await at.fail("two")
        assert failure.cause is Cause.EMBEDDER_UNAVAILABLE
        assert failure.retry_after == pytest.approx(1.0)
        assert len(await first) == 1
        assert len(at.upstream.requests) == 1


async def test_a_call_is_one_span_in_the_words_of_the_conventions() -> None:
    async with wired(Reply([], "503 Service Unavailable"), embedding()) as at:
        await at.embedder.embed(["SECRET-TEXT"], soon(5.0))
        attributes = at.spans.attributes(SPAN)
        assert attributes == {
            "gen_ai.operation.name": "embeddings",
            "gen_ai.provider.name": "house",
            "gen_ai.request.model": "bge-test",
            "gen_ai.embeddings.dimension.count": 256,
            "gen_ai.request.encoding_formats": ("float",),
            "gen_ai.usage.input_tokens": 11,
            "server.address": "127.0.0.1",
            "server.port": at.upstream.port,
            "groundwire.residency": "hosted",
            "groundwire.circuit": "closed",
            "groundwire.retry.budget": 9.0,
            "http.response.status_code": 200,
        }
        (span,) = at.spans.finished
        assert span.kind.name == "CLIENT"
        (event,) = at.spans.events(SPAN)
        assert event["groundwire.retry.attempt"] == 1
        assert "SECRET" not in at.spans.everything()


async def test_two_providers_may_mean_different_models_by_one_name() -> None:
    async with wired(embedding()) as at:
        assert at.embedder.model == "house/bge-test"
        assert math.isclose(sum(x * x for x in (await at.embedder.embed(["x"], soon(5.0)))[0]), 1.0, abs_tol=1e-5)
