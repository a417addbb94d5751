"""Earlier answers in Redis: other processes have them, what is erased is gone, and no question stands there."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from redis.asyncio import Redis

from groundwire.v1 import document_service_pb2, erasure_pb2
from groundwire_server.adapters.redis.connection import connected
from groundwire_server.adapters.redis.options import RedisOptions
from tests.doubles.configured import beside
from tests.doubles.upstream import Upstream, upstream
from tests.e2e.calls import ACME, answer, ingest, question
from tests.e2e.generation.conftest import Served, one_model, served
from tests.e2e.generation.drafts import DOCUMENTS, SENTENCE, answers
from tests.redis_server import needs_redis, redis_server

pytestmark = [needs_redis, pytest.mark.process]

ASKED = "Zebulon wants to know: what do lambda expressions create?"


@pytest.fixture
def redis_url() -> Iterator[str]:
    # A socket's path is at most 108 bytes, so that a folder of pytest's may be too long.
    with TemporaryDirectory(prefix="groundwire-") as folder, redis_server(Path(folder)) as url:
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator["Redis"]:
    async with connected(RedisOptions(url=redis_url, timeout_seconds=10)) as client:
        yield client


def serving(folder: Path, url: str, double: Upstream) -> AbstractAsyncContextManager[Served]:
    """A process of a service; several have the same documents and the same Redis."""
    sections: dict[str, Any] = {
        **one_model(double, route={"cache": {"serve_fresh": True}}),
        "answer_cache": {"kind": "redis"},
        # So busy is no machine that Redis takes as long.
        "redis": {"url": url, "timeout_seconds": 10},
    }
    file = folder / "groundwire.yaml"
    file.write_text(json.dumps(sections))
    return served(beside(folder / "data", embedder=None, file=file))


async def values(redis: "Redis") -> bytes:
    """Everything that stands in Redis but for digests."""
    found = [name async for name in redis.scan_iter() if b":answer:" in name]
    stored = [value for name in found for value in await redis.hvals(name)]
    return b"\n".join(value for value in stored if isinstance(value, bytes))


async def test_what_one_process_has_answered_stands_in_for_another(tmp_path: Path, redis_url: str) -> None:
    async with upstream(answers()) as double:
        async with serving(tmp_path, redis_url, double) as one:
            await ingest(one, *DOCUMENTS)
            first = await answer(one, question(ASKED))
        async with serving(tmp_path, redis_url, double) as other:
            second = await answer(other, question(ASKED))
            assert len(double.requests) == 1
    assert second.cached.answer == first.answered.answer
    assert second.cached.answer.citations


async def test_of_a_question_nothing_stands_there_and_of_an_erased_document_nothing_is_left(
    tmp_path: Path, redis_url: str, redis: "Redis"
) -> None:
    target = erasure_pb2.ErasureTarget(document_id="lambdas")
    request = document_service_pb2.EraseDocumentsRequest(target=target, force=True)
    async with upstream(answers()) as double, serving(tmp_path, redis_url, double) as product:
        await ingest(product, *DOCUMENTS)
        assert (await answer(product, question(ASKED))).WhichOneof("result") == "answered"
        before = await values(redis)
        receipt = (await product.documents.EraseDocuments(request, metadata=ACME)).receipt
        after = await values(redis)
    assert SENTENCE.encode() in before
    assert b"Zebulon" not in before
    assert receipt.complete
    assert after == b""


async def test_calls_go_on_while_redis_is_away(tmp_path: Path) -> None:
    async with upstream(answers()) as double:
        with TemporaryDirectory(prefix="groundwire-") as folder:
            async with serving(tmp_path, f"unix://{folder}/redis.sock", double) as product:
                await ingest(product, *DOCUMENTS)
                found = [(await answer(product, question(ASKED))).WhichOneof("result") for _ in range(2)]
    assert found == ["answered", "answered"]
