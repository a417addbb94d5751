"""Gateways in front of a model, such as Helicone: what they see on the wire, and what the span says of it."""

import json
from collections.abc import Mapping
from random import Random

import pytest

from groundwire_server.adapters.embedder.openai.client import OpenAiEmbeddingClient
from groundwire_server.adapters.embedder.openai.options import OpenAiEmbeddingOptions
from groundwire_server.adapters.generator.http.options import ModelBounds
from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.providers.profiles import PROFILES
from groundwire_server.adapters.providers.provider import Provider
from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.adapters.resilience.retry_budget import RetryBudgetOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.parts.models import protected_model
from groundwire_server.domain.deadline import NEVER
from groundwire_server.options.secret import Secret
from tests.adapters.generator.wire.models import KEY, Model, dialect
from tests.adapters.generator.wire.transcripts import transcript
from tests.doubles.spans import Spans
from tests.doubles.upstream import Reply, Upstream, upstream

AUTH = "Bearer helicone-SECRET"
HEADERS = {"Helicone-Auth": AUTH, "Helicone-Property-App": "faq"}


def endpoint(double: Upstream, headers: Mapping[str, str] = HEADERS) -> Endpoint:
    secrets = {name: Secret(f"env://{number}", value) for number, (name, value) in enumerate(headers.items())}
    return Endpoint(base_url=f"http://127.0.0.1:{double.port}/gateway/openai/v1/", headers=secrets)


@pytest.mark.parametrize(
    ("name", "path", "credential"),
    [
        ("openai", "/gateway/openai/v1/chat/completions", ("authorization", f"Bearer {KEY}")),
        ("anthropic", "/gateway/openai/v1/messages", ("x-api-key", KEY)),
    ],
)
async def test_a_model_is_asked_below_the_gateways_url_with_its_headers_and_the_models_key(
    name: str, path: str, credential: tuple[str, str]
) -> None:
    spans = Spans()
    async with upstream(transcript(f"{name}-answer")) as double:
        provider = Provider(
            "gateway", endpoint(double), SystemClock(), spans.recording, Random(1), RetryBudgetOptions()
        )
        async with provider:
            generator = protected_model(provider, dialect(name), ModelBounds(), RetryOptions(), CircuitOptions())
            await Model(generator, double).write()
        (request,) = double.requests
    assert request.path == path
    sent = {key: request.headers[key] for key in ("helicone-auth", "helicone-property-app", credential[0])}
    assert sent == {"helicone-auth": AUTH, "helicone-property-app": "faq", credential[0]: credential[1]}
    assert request.headers["content-type"] == "application/json"
    assert "SECRET" not in spans.everything() + repr(provider)


async def test_a_gateways_headers_replace_none_of_the_servers_own() -> None:
    async with upstream(transcript("openai-answer")) as double:
        own = endpoint(double, {"Content-Type": "text/plain", "Authorization": "Bearer other"})
        async with Provider(
            "gateway", own, SystemClock(), Spans().recording, Random(1), RetryBudgetOptions()
        ) as provider:
            generator = protected_model(provider, dialect("openai"), ModelBounds(), RetryOptions(), CircuitOptions())
            await Model(generator, double).write()
        (request,) = double.requests
    assert (request.headers["content-type"], request.headers["authorization"]) == ("application/json", f"Bearer {KEY}")


async def test_an_embedder_is_asked_in_the_same_way() -> None:
    body = json.dumps({"data": [{"index": 0, "embedding": [1.0, 0.0]}], "usage": {"prompt_tokens": 3}}).encode()
    async with upstream(Reply([body], headers=(("Content-Type", "application/json"),))) as double:
        provider = Provider(
            "gateway", endpoint(double), SystemClock(), Spans().recording, Random(1), RetryBudgetOptions()
        )
        async with provider:
            options = OpenAiEmbeddingOptions(model="embed-test", dimensions=2)
            client = OpenAiEmbeddingClient(provider.session, options, PROFILES["openai"])
            await client.embed(["a text"], NEVER)
        (request,) = double.requests
    assert request.path == "/gateway/openai/v1/embeddings"
    assert request.headers["helicone-auth"] == AUTH


@pytest.mark.parametrize(
    ("answered_by", "found"),
    [
        ("gpt-5-mini-2026-08-07", "gpt-5-mini-2026-08-07"),
        ("a model that says more than its name", None),
        ("x" * 129, None),
        (7, "7"),
        (None, None),
    ],
)
async def test_the_span_names_the_model_that_answered_where_it_is_a_name(
    answered_by: object, found: str | None
) -> None:
    draft = json.dumps({"confidence": "high", "segments": [{"text": "At noon.", "cites": ["p2"]}]})
    whole = {"model": answered_by, "choices": [{"message": {"content": draft}, "finish_reason": "stop"}]}
    spans = Spans()
    async with upstream(Reply([json.dumps(whole).encode()], headers=(("Content-Type", "application/json"),))) as double:
        provider = Provider(
            "gateway", endpoint(double), SystemClock(), spans.recording, Random(1), RetryBudgetOptions()
        )
        async with provider:
            generator = protected_model(provider, dialect("openai"), ModelBounds(), RetryOptions(), CircuitOptions())
            await Model(generator, double).write()
    (span,) = spans.finished
    assert (span.attributes or {}).get("gen_ai.response.model") == found
    assert (span.attributes or {})["gen_ai.request.model"] == "model-test"
