"""Guards on sockets, each in its protocol, and one without: all object to the word `forbidden`."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import grpc

from groundwire.guard.v1 import guard_service_pb2 as messages
from groundwire.guard.v1.guard_service_pb2_grpc import GuardServiceServicer, add_GuardServiceServicer_to_server
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.remote_guards import RemoteGuardConfig
from groundwire_server.app.parts.remote_guards import open_remote_guard
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, Screen
from groundwire_server.ports.guard import RemoteGuard, ScreenReply, ScreenRequest
from tests.doubles.checking_model import JSON, QUICK
from tests.doubles.spans import Spans
from tests.doubles.upstream import Echo, Reply, Upstream, upstream

MODEL = "test-guard"
SECRET_TEXT = "CANARY-TEXT"
SECRET_KEY = "CANARY-KEY"
SCORE = 0.95
_WORD = re.compile("forbidden")
_MOST_TEXTS = 64
_MOST_INPUTS = 32


class WordGuard:
    """The RemoteGuard without an endpoint."""

    model = "it"

    async def screen(self, request: ScreenRequest, deadline: Deadline) -> ScreenReply:
        if not any(map(str.strip, request.texts)):
            return ScreenReply(((),) * len(request.texts))
        if not deadline.remaining(asyncio.get_running_loop().time()):
            raise ChargedFailure(Failure(Cause.MODEL_TIMEOUT), ScreenReply(()).usage)
        await asyncio.sleep(0)
        return ScreenReply(
            tuple(
                tuple(Finding("terms", *word.span(), rule="word") for word in _WORD.finditer(text))
                for text in request.texts
            )
        )


def tei(body: bytes) -> bytes:
    """Labels texts as TEI's `/predict` does: it takes two bare strings for one pair."""
    asked = json.loads(body)
    assert asked.keys() == {"inputs", "truncate", "raw_scores"}
    assert not asked["truncate"]
    assert all(isinstance(each, list) and len(each) == 1 for each in asked["inputs"])
    scores = _scored([text for (text,) in asked["inputs"]])
    if asked["raw_scores"]:
        scores = [20 * (score - 0.5) for score in scores]
    rows = [[{"label": "LABEL_0", "score": 1 - score}, {"label": "LABEL_1", "score": score}] for score in scores]
    return json.dumps(rows).encode()


def classify(body: bytes) -> bytes:
    """Classifies as vLLM's `/classify` does, in another order than was asked."""
    asked = json.loads(body)
    assert asked.keys() == {"model", "input"}
    data = [
        {"index": index, "label": "LABEL_1", "probs": [1 - score, score], "num_classes": 2}
        for index, score in enumerate(_scored(asked["input"]))
    ]
    return json.dumps({"data": data[::-1], "usage": {"prompt_tokens": 5}}).encode()


def _scored(texts: Sequence[str]) -> Sequence[float]:
    assert 0 < len(texts) <= _MOST_INPUTS
    assert all(text.strip() and len(text.encode()) <= 1024 for text in texts)
    return [SCORE if _WORD.search(text) else 0.01 for text in texts]


def screen(body: bytes) -> bytes:
    """Screens as the contract in JSON says."""
    asked = json.loads(body)
    assert asked["contract"] == "groundwire.guard/1"
    assert asked.keys() <= {"contract", "screen", "texts", "caller"}
    assert 0 < len(asked["texts"]) <= _MOST_TEXTS
    results = [
        {
            "findings": [
                {"category": "terms", "start": word.start(), "end": word.end(), "rule": "word", "score": SCORE}
                for word in _WORD.finditer(text)
            ]
        }
        for text in asked["texts"]
    ]
    return json.dumps({"results": results, "version": "whatever else a guard has to say"}).encode()


Screening: TypeAlias = Callable[[messages.ScreenRequest, Any], Awaitable[messages.ScreenResponse]]


async def screening(request: messages.ScreenRequest, context: Any) -> messages.ScreenResponse:
    """Screen as the contract in Protobuf says."""
    del context
    assert 0 < len(request.texts) <= _MOST_TEXTS
    response = messages.ScreenResponse()
    for text in request.texts:
        result = response.results.add()
        for word in _WORD.finditer(text):
            result.findings.add(category="terms", start=word.start(), end=word.end(), rule="word", score=SCORE)
    return response


@dataclass(slots=True)
class GrpcGuard(GuardServiceServicer):
    """A guard behind gRPC.

    Attributes:
        answer: to each request.
        requests: as they came in, with their metadata.
        cancelled: is set when a client has left a call.
    """

    answer: Screening = screening
    port: int = 0
    requests: list[tuple[messages.ScreenRequest, dict[str, str]]] = field(default_factory=list)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def Screen(  # noqa: N802  # the RPC's name
        self, request: messages.ScreenRequest, context: Any
    ) -> messages.ScreenResponse:
        self.requests.append((request, dict(context.invocation_metadata())))
        self.began.set()
        try:
            return await self.answer(request, context)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@asynccontextmanager
async def grpc_guard(
    answer: Screening = screening, credentials: grpc.ServerCredentials | None = None
) -> AsyncIterator[GrpcGuard]:
    """Serve a guard on a port of its own."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    double = GrpcGuard(answer)
    add_GuardServiceServicer_to_server(double, server)
    address = "127.0.0.1:0"
    double.port = (
        server.add_insecure_port(address) if credentials is None else server.add_secure_port(address, credentials)
    )
    await server.start()
    try:
        yield double
    finally:
        await server.stop(0)


_CLASSIFIER = f"kind: classifier, provider: house, model: {MODEL}, version: '2'"
_CONTRACT = "version: '2', categories: [terms, other]"
HTTP = {
    "tei": (f"{_CLASSIFIER}, labels: {{LABEL_1: {{category: terms}}}}", tei),
    "logits": (f"{_CLASSIFIER}, scores: logits, labels: {{LABEL_1: {{category: terms}}}}", tei),
    "vllm_classify": (f"{_CLASSIFIER}, api: vllm_classify, labels: {{'1': {{category: terms}}}}", classify),
    "http": (f"kind: http, provider: house, {_CONTRACT}", screen),
}
"""The section of each guard behind HTTP, and its double."""


def reply(name: str) -> Reply:
    """The reply of a double that works."""
    return Reply([Echo(HTTP[name][1])], headers=JSON)


def over_grpc(port: int, more: str = "", endpoint: str = "") -> str:
    """The section of a guard behind gRPC."""
    return (
        f"kind: grpc, {_CONTRACT}, endpoint: {{url: 'http://127.0.0.1:{port}', residency: self_hosted{endpoint}}}{more}"
    )


@dataclass(frozen=True, slots=True)
class WiredGuard:
    """A guard with what records its calls."""

    guard: RemoteGuard
    spans: Spans

    async def fail(self, request: ScreenRequest, deadline: Deadline) -> ChargedFailure:
        """What a call fails with."""
        try:
            await self.guard.screen(request, deadline)
        except ChargedFailure as failure:
            return failure
        raise AssertionError


@asynccontextmanager
async def opened(folder: Path, section: str, port: int = 9, limits: str = "") -> AsyncIterator[WiredGuard]:
    """A guard of the configuration.

    Args:
        folder: for the configuration.
        section: of the guard.
        port: of its provider.
        limits: a row of the table of limits.
    """
    spans = Spans()
    key = folder / "key"
    key.write_text(SECRET_KEY)
    file = folder / "groundwire.yaml"
    file.write_text(
        f"providers: {{house: {{kind: openai, base_url: 'http://127.0.0.1:{port}/v1', residency: self_hosted, "
        f"api_key: 'file://{key}'}}}}\n"
        + (f"limits: {{all: {{{limits}}}}}\n" if limits else "")
        + "models:\n  extractive: {kind: extractive}\n"
        f"guards: {{it: {{{section}, {QUICK}}}}}\n"
    )
    lease = Shared().lease()
    try:
        configuration = load(Sources(file)).configuration
        guarding = configuration.guards["it"]
        assert isinstance(guarding, RemoteGuardConfig)
        guard = await open_remote_guard("it", guarding, configuration, lease, spans.recording)
        yield WiredGuard(guard, spans)
    finally:
        await lease.end()


@asynccontextmanager
async def wired(
    folder: Path, section: str, *replies: Reply, limits: str = ""
) -> AsyncIterator[tuple[WiredGuard, Upstream]]:
    """A guard whose provider answers with the replies."""
    async with upstream(*replies) as double, opened(folder, section, double.port, limits) as guard:
        yield guard, double


def asked(*texts: str, at: Screen = Screen.EVIDENCE, requester: Requester | None = None) -> ScreenRequest:
    """A request to screen texts."""
    return ScreenRequest(requester or Requester("acme"), at, texts, Allowance())
