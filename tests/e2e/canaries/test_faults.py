"""Whatever goes wrong with a dependency, what it said, what was asked of it and its credentials are not seen."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from groundwire.v1 import (
    answer_service_pb2,
    document_pb2,
    document_service_pb2,
    grounding_service_pb2,
    passage_pb2,
    question_pb2,
    retrieval_service_pb2,
)
from groundwire.v1.grounding_service_pb2_grpc import GroundingServiceStub
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from groundwire_server.domain.vocabulary import Action, Cause
from tests.app.test_weaviate_start import applied
from tests.doubles.canaries import Canaries
from tests.doubles.embeddings import embedding
from tests.doubles.time import waiting_skipped
from tests.doubles.upstream import Reply, Upstream, upstream
from tests.doubles.weaviate.server import FakeWeaviate
from tests.e2e.calls import ACME, ingest
from tests.e2e.canaries.observed import Observed, Seen, observed
from tests.e2e.generation.conftest import ROUTE, model, provider, two
from tests.e2e.generation.drafts import DOCUMENTS, answers
from tests.e2e.generation.test_faults import FAULTS, SIZES
from tests.e2e.generation.test_table import DRIVES
from tests.e2e.generation.test_table import sections as of_the_table
from tests.e2e.weaviate import test_faults as of_weaviate

NEVER = {"min_calls": 10_000}
"""A circuit that stays closed, so that every fault is met."""
BOUNDED = {**SIZES, "first_token_seconds": 0.2, "silence_seconds": 0.2}
LIMITED_SECONDS = 400.0
OF_THE_ROUTE = {
    Cause.MODEL_TIMEOUT,
    Cause.NOT_VERIFIED,
    Cause.BUDGET_EXHAUSTED,
    Cause.CAPACITY_EXHAUSTED,
    Cause.NO_EVIDENCE,
    Cause.INSUFFICIENT_EVIDENCE,
}
"""Causes that another route, or another question, is needed for: a model has no words of its own in them."""
NAMES = ("document_id",)


@pytest.mark.slow
async def test_no_fault_of_a_model_shows_what_was_asked_or_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canaries, seen = Canaries(), Seen()
    replies = {
        **{name: reply for name, (reply, _) in FAULTS.items()},
        **{f"table: {cause}": drive.reply for cause, drive in DRIVES.items()},
    }
    monkeypatch.setenv("MODEL_KEY", canaries.word("the model's key"))
    async with upstream(answers()) as double, observed(tmp_path, _one_model(double), seen) as product:
        await _stored(product, canaries)
        with waiting_skipped():
            for name, reply in replies.items():
                double.replies[:] = [_singing(reply, canaries, name)]
                await _asked(product, canaries, name)
                if reply.status.startswith("429"):
                    # Until then a provider that limits is not asked again.
                    await asyncio.sleep(LIMITED_SECONDS)
    driven = {event.get("cause") for event in seen.events}
    # A sentence with a canary in it says something else than its passage, and nothing to the contrary.
    assert driven >= {cause for cause in DRIVES if cause not in {*OF_THE_ROUTE, Cause.CONTRADICTED}}
    assert seen.leaks(canaries, NAMES) == set()


@pytest.mark.slow
@pytest.mark.parametrize("cause", sorted(OF_THE_ROUTE - {Cause.NO_EVIDENCE}))
async def test_no_cause_of_a_route_shows_what_was_asked_or_said(tmp_path: Path, cause: Cause) -> None:
    canaries, seen, drive = Canaries(), Seen(), DRIVES[cause]
    async with (
        two([_singing(drive.reply, canaries, "first"), answers()], [answers()]) as (first, second),
        observed(
            tmp_path, of_the_table(drive, first, second, fallbacks={cause.value: [Action.FAIL_SAFE.value]}), seen
        ) as product,
    ):
        await _stored(product, canaries)
        holding = None
        if cause is Cause.CAPACITY_EXHAUSTED:
            asked = answer_service_pb2.AnswerRequest(question=question_pb2.Question(text=drive.text))
            holding = asyncio.ensure_future(product.call(product.answers.Answer, asked, ACME))
            await first.began.wait()
        with waiting_skipped():
            await _asked(product, canaries, cause, drive.text)
        if holding is not None:
            await holding
    assert str(cause) in {event.get("cause") for event in seen.events}
    assert seen.leaks(canaries, NAMES) == set()


@pytest.mark.parametrize("fault", of_weaviate.FAULTS)
async def test_no_fault_of_weaviate_shows_what_was_asked_or_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    canaries, seen = Canaries(), Seen()
    key = canaries.word("Weaviate's key")
    monkeypatch.setenv("WEAVIATE_KEY", key)
    async with FakeWeaviate() as double:
        double.world.key = key
        (tmp_path / "applied.yaml").write_text(json.dumps(_over_weaviate(double)))
        await applied(tmp_path / "applied.yaml")
        async with observed(tmp_path, _over_weaviate(double), seen) as product:
            await _stored(product, canaries)
            of_weaviate.FAULTS[fault].begin(double.world)
            if double.world.says_always is not None:
                code, said = double.world.says_always
                double.world.says_always = (code, f"{said} {canaries.text('what Weaviate says')}")
            with waiting_skipped():
                await _asked(product, canaries, fault)
    assert str(of_weaviate.FAULTS[fault].cause) in {event.get("cause") for event in seen.events}
    assert seen.leaks(canaries, NAMES) == set()


async def test_no_fault_of_an_embedder_shows_what_was_asked_or_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canaries, seen = Canaries(), Seen()
    monkeypatch.setenv("MODEL_KEY", canaries.word("the embedder's key"))
    said = json.dumps({"error": {"message": canaries.text("what the embedder says"), "code": "SECRET"}}).encode()
    faults = [
        *(Reply([said], status) for status in ("400 Bad Request", "401 Unauthorized", "429 Too Many", "500 Broken")),
        Reply([said]),
        Reply([said[:20]]),
    ]
    async with (
        upstream(embedding()) as double,
        observed(tmp_path, _one_embedder(double), seen, embedder="house") as product,
    ):
        await _stored(product, canaries)
        with waiting_skipped():
            for place, reply in enumerate(faults):
                double.replies[:] = [reply]
                await _asked(product, canaries, f"embedder {place}")
    assert "EMBEDDER_UNAVAILABLE" in {event.get("cause") for event in seen.events}
    assert seen.leaks(canaries, NAMES) == set()


@pytest.mark.parametrize("screen", ["question", "evidence", "answer"])
async def test_no_fault_of_a_guard_shows_what_it_was_sent_or_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, screen: str
) -> None:
    canaries, seen = Canaries(), Seen()
    monkeypatch.setenv("MODEL_KEY", canaries.word("the model's key"))
    monkeypatch.setenv("GUARD_KEY", canaries.word("the guard's key"))
    said = canaries.text("what the guard says")
    finding = {"category": "terms", "rule": canaries.word("its rule"), "text": said}
    bodies: list[object] = [
        {"error": {"message": said, "code": said}},
        {"results": said},
        {"results": [{"text": said}]},
        {"results": [{"findings": [finding]}]},
        {"results": [{"findings": [{**finding, "category": canaries.word("its category")}]}]},
        {"results": [{"findings": [{"category": "terms", "rule": canaries.word("its rule")}]}] * 3},
    ]
    faults = [
        *(Reply([json.dumps(body).encode()]) for body in bodies),
        *(Reply([json.dumps(bodies[0]).encode()], status) for status in ("400 Bad Request", "429 Too Many", "500 No")),
        Reply([json.dumps(bodies[0]).encode()[:20]]),
    ]
    async with upstream(answers()) as writer, upstream(faults[0]) as guard:
        made = _one_model(writer)
        made["providers"]["guards"] = provider(guard, api_key="env://GUARD_KEY")
        section = {"kind": "http", "provider": "guards", "version": "1", "categories": ["terms"], "breaker": NEVER}
        made["guards"] = {"it": {**section, "retry": {"max_attempts": 1}}}
        made["routes"]["default"]["screens"] = {
            screen: {"use": [{"guard": "it", "action": "FLAG"}], "without_guard": "CLOSED"}
        }
        async with observed(tmp_path, made, seen) as product:
            await _stored(product, canaries)
            with waiting_skipped():
                for place, fault in enumerate(faults):
                    guard.replies[:] = [fault]
                    await _asked(product, canaries, f"guard {place}")
        assert guard.requests
    assert "GUARD_UNAVAILABLE" in {event.get("cause") for event in seen.events}
    assert seen.leaks(canaries, NAMES) == set()


async def _stored(product: Observed, canaries: Canaries) -> None:
    """Store documents with a canary in every field, and ones that answer the question."""
    await ingest(product, *DOCUMENTS)
    whole = _document(canaries, "stored")
    (result,) = await ingest(product, whole)
    assert result.state == document_pb2.INGEST_STATE_CREATED


def _document(canaries: Canaries, place: str) -> document_pb2.Document:
    document = document_pb2.Document(
        document_id=canaries.word(f"{place}: document_id"),
        title=canaries.text(f"{place}: title"),
        source_uri=canaries.text(f"{place}: source_uri"),
        text=f"Lambda expressions create what {canaries.text(f'{place}: text')} says.",
        allowed_principals=["*", canaries.word(f"{place}: principal")],
    )
    document.metadata[canaries.word(f"{place}: key")].string_value = canaries.text(f"{place}: value")
    return document


async def _asked(
    product: Observed, canaries: Canaries, name: str, text: str = "What do lambda expressions create?"
) -> None:
    """Make every kind of call that the dependency has a part in."""
    asked = question_pb2.Question(
        text=f"{text} {canaries.text(f'{name}: question')}",
        end_user_id=canaries.text(f"{name}: end user"),
        turns=[
            question_pb2.Turn(role=role, text=canaries.text(f"{name}: turn {role}"))
            for role in (question_pb2.Turn.ROLE_USER, question_pb2.Turn.ROLE_ASSISTANT)
        ],
    )
    await product.call(product.answers.Answer, answer_service_pb2.AnswerRequest(question=asked), ACME, 8.0)
    await product.call(product.answers.StreamAnswer, answer_service_pb2.StreamAnswerRequest(question=asked), ACME, 8.0)
    search = retrieval_service_pb2.RetrieveRequest(text=canaries.text(f"{name}: search"))
    await product.call(RetrievalServiceStub(product.channel).Retrieve, search, ACME, 8.0)
    check = grounding_service_pb2.CheckGroundingRequest(
        text=canaries.text(f"{name}: checked text"), search=passage_pb2.Search()
    )
    await product.call(GroundingServiceStub(product.channel).CheckGrounding, check, ACME, 8.0)
    new = document_service_pb2.PutDocumentRequest(document=_document(canaries, name))
    await product.call(product.documents.PutDocument, new, ACME, 8.0)


def _singing(reply: Reply, canaries: Canaries, name: str) -> Reply:
    """The reply with canaries for its secrets, in what the model writes, and in its headers."""
    body = [
        move.replace(b"SECRET", canaries.word(f"{name}: what the provider says").encode())
        .replace(b"Bananas", canaries.word(f"{name}: what the model writes").encode())
        .replace(b"Sure!", canaries.word(f"{name}: what the model writes first").encode())
        .replace(b"Church", canaries.word(f"{name}: what the model invents").encode())
        .replace(b'"No."', f'"{canaries.word(f"{name}: refusal")}"'.encode())
        if isinstance(move, bytes)
        else move
        for move in reply.body
    ]
    headers = (("X-Request-Id", canaries.word(f"{name}: header")), ("Set-Cookie", canaries.word(f"{name}: cookie")))
    return replace(reply, body=body, headers=(*reply.headers, *headers))


def _one_model(double: Upstream) -> dict[str, Any]:
    return {
        "providers": {"cloud": provider(double, api_key="env://MODEL_KEY")},
        "models": {"large": model(bounds=BOUNDED, breaker=NEVER, output="prompt", retry={"max_attempts": 1})},
        "routes": {"default": {**ROUTE, "models": ["large"]}},
    }


def _one_embedder(double: Upstream) -> dict[str, Any]:
    house = {"kind": "openai", "provider": "vectors", "model": "bge-test", "dimensions": 256, "breaker": NEVER}
    return {
        "providers": {"vectors": provider(double, api_key="env://MODEL_KEY")},
        "embedders": {"house": house},
        "models": {"quoting": {"kind": "extractive", "store": "main"}},
        "routes": {"default": {**ROUTE, "models": ["quoting"]}},
    }


def _over_weaviate(double: FakeWeaviate) -> dict[str, Any]:
    store = {
        "kind": "weaviate",
        "http": f"127.0.0.1:{double.http_port}",
        "grpc": f"127.0.0.1:{double.grpc_port}",
        "api_key": "env://WEAVIATE_KEY",
    }
    return {"stores": {"main": store}, "routes": {"default": {**ROUTE, "models": ["extractive"]}}}
