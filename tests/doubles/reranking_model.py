"""Rerankers on sockets, each in its API, and one in a folder: all find the share of the question's words in a text."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.parts.rerankers import open_reranker
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.reranking import RerankRequest
from groundwire_server.ports.reranker import Reranker
from tests.doubles.checking_model import JSON, overlap
from tests.doubles.spans import Spans
from tests.doubles.upstream import Echo, Reply, Upstream, upstream

MODEL = "test-reranker"
SECRET_QUESTION = "CANARY-QUESTION"
SECRET_TEXT = "CANARY-TEXT"
SECRET_KEY = "CANARY-KEY"
TOKENS = 90
_MOST_TEXTS = 32


def _ranked(asked: dict[str, Any], key: str, score: str, *, texts_back: bool = False) -> list[dict[str, Any]]:
    texts = asked[key]
    assert 0 < len(texts) <= _MOST_TEXTS
    assert all(text.strip() for text in texts)
    # A model would take these for the ends of its inputs.
    assert not any(marker in text for text in (asked["query"], *texts) for marker in ("</s>", "[SEP]"))
    rows: list[dict[str, Any]] = [
        {"index": index, score: overlap(asked["query"], text)} for index, text in enumerate(texts)
    ]
    if texts_back:
        rows = [{**row, "document": {"text": texts[row["index"]]}} for row in rows]
    return sorted(rows, key=lambda row: -row[score])


def cohere(body: bytes) -> bytes:
    """Ranks as Cohere's `/v2/rerank` does."""
    asked = json.loads(body)
    assert asked.keys() == {"model", "query", "documents", "top_n"}
    meta = {"billed_units": {"search_units": 1}, "tokens": {"input_tokens": TOKENS}}
    return json.dumps({"id": "1", "results": _ranked(asked, "documents", "relevance_score"), "meta": meta}).encode()


def jina(body: bytes) -> bytes:
    """Ranks as Jina's `/v1/rerank` does, which sends the texts back unless it is told not to."""
    asked = json.loads(body)
    assert asked.keys() == {"model", "query", "documents", "top_n", "return_documents"}
    rows = _ranked(asked, "documents", "relevance_score", texts_back=asked["return_documents"])
    usage = {"total_tokens": TOKENS, "prompt_tokens": TOKENS}
    return json.dumps({"model": MODEL, "results": rows, "usage": usage}).encode()


def tei(body: bytes) -> bytes:
    """Ranks as TEI's `/rerank` does: the bare rows, and logits where `raw_scores` are asked for."""
    asked = json.loads(body)
    assert asked.keys() == {"query", "texts", "truncate", "raw_scores"}
    assert asked["truncate"]
    rows = _ranked(asked, "texts", "score")
    if asked["raw_scores"]:
        rows = [{**row, "score": 20 * (row["score"] - 0.5)} for row in rows]
    return json.dumps(rows).encode()


def vllm(body: bytes) -> bytes:
    """Ranks as vLLM's `/rerank` does, with the texts."""
    asked = json.loads(body)
    assert asked.keys() == {"model", "query", "documents", "top_n", "truncate_prompt_tokens"}
    rows = _ranked(asked, "documents", "relevance_score", texts_back=True)
    return json.dumps({"model": MODEL, "usage": {"total_tokens": TOKENS}, "results": rows}).encode()


def _rescored(low: float, high: float) -> Any:
    def answer(body: bytes) -> bytes:
        whole = json.loads(vllm(body))
        for row in whole["results"]:
            row["relevance_score"] = low + row["relevance_score"] * (high - low)
        return json.dumps(whole).encode()

    return answer


_SECTION = f"kind: endpoint, provider: house, model: {MODEL}"

APIS = {
    "cohere": (f"{_SECTION}, api: cohere", cohere),
    "jina": (f"{_SECTION}, api: jina", jina),
    "tei": (f"{_SECTION}, api: tei", tei),
    "vllm": (_SECTION, vllm),
    "tei with logits": (f"{_SECTION}, api: tei, scores: logits", tei),
    "logits": (f"{_SECTION}, scores: logits", _rescored(-10, 10)),
    "cosines": (f"{_SECTION}, scores: cosines", _rescored(-1, 1)),
}
"""The section of each reranker behind HTTP, and its double."""


def reply(name: str) -> Reply:
    """The reply of a double that works."""
    return Reply([Echo(APIS[name][1])], headers=JSON)


@dataclass(frozen=True, slots=True)
class WiredReranker:
    """A reranker with what stands behind it."""

    reranker: Reranker
    upstream: Upstream
    spans: Spans = field(default_factory=Spans)

    async def fail(self, request: RerankRequest, deadline: Deadline) -> ChargedFailure:
        """What a call fails with."""
        try:
            await self.reranker.rate(request, deadline)
        except ChargedFailure as failure:
            return failure
        raise AssertionError


@asynccontextmanager
async def wired(
    folder: Path, section: str, *replies: Reply, limits: str = "", provider: str = ""
) -> AsyncIterator[WiredReranker]:
    """A reranker whose provider answers with the replies.

    Args:
        folder: for the configuration.
        section: of the reranker.
        replies: of the provider.
        limits: a row of the table of limits.
        provider: more of its section.
    """
    spans = Spans()
    async with upstream(*replies) as double:
        over_http = "" if section.startswith("kind: onnx") else ", retry: {base_seconds: 0.001}"
        file, key = folder / "groundwire.yaml", folder / "key"
        key.write_text(SECRET_KEY)
        file.write_text(
            f"providers: {{house: {{kind: openai, base_url: 'http://127.0.0.1:{double.port}/v1', "
            f"residency: self_hosted, api_key: 'file://{key}'{provider}}}}}\n"
            + (f"limits: {{all: {{{limits}}}}}\n" if limits else "")
            + f"rerankers: {{it: {{{section}{over_http}}}}}\n"
        )
        lease = Shared().lease()
        try:
            configuration = load(Sources(file)).configuration
            yield WiredReranker(await open_reranker("it", configuration, lease, spans.recording), double, spans)
        finally:
            await lease.end()


def asked(*texts: str, question: str = "The desk opens at six by day.", tenant: str = "acme") -> RerankRequest:
    """A request about texts."""
    return RerankRequest(Requester(tenant), question, texts)
