"""A model that is loading is not ready, not failed: it is left alone, looked for, and used again."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

import pytest

from groundwire_server.adapters.generator.http.options import ModelBounds
from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.providers.options import ReadinessOptions, health_url
from groundwire_server.adapters.providers.profiles import PROFILES
from groundwire_server.adapters.providers.provider import Provider
from groundwire_server.adapters.resilience.circuit import CircuitOptions, CircuitState
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.adapters.resilience.retry_budget import RetryBudgetOptions
from groundwire_server.app.parts.models import protected_model
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.residency import Residency
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.telemetry.metrics import MODELS_READY
from tests.adapters.generator.wire.models import Model, dialect, soon
from tests.adapters.generator.wire.transcripts import DRAFT, transcript
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime
from tests.doubles.upstream import Move, Reply, Stall, Upstream, upstream

NAME = "chat model-test"
READY = Reply([b"{}"])
LOADING = Reply([b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}'], "503 Unavailable")
ANSWER = transcript("openai-answer")


class World:
    """A provider of the operator's own, in front of a double; closed, nothing listens at the double's port."""

    def __init__(self, provider: Provider, double: Upstream, spans: Spans) -> None:
        self.provider = provider
        self.double = double
        self.spans = spans
        generator = protected_model(provider, dialect("llamacpp"), ModelBounds(), RetryOptions(), CircuitOptions())
        self.model = Model(generator, double)

    @property
    def ready(self) -> float:
        return self.spans.counts.reading(MODELS_READY)[NAME,]

    @property
    def calls(self) -> int:
        return sum(request.path == "/v1/chat/completions" for request in self.double.requests)

    @property
    def questions(self) -> list[float]:
        """When the health check was asked, in seconds."""
        return [request.at for request in self.double.requests if request.path == "/health"]

    async def fail(self) -> Failure:
        with pytest.raises(Failure) as failure:
            await self.model.write(soon(30.0))
        return failure.value


@asynccontextmanager
async def world(*replies: Reply, options: ReadinessOptions | None = None, port: int = 0) -> AsyncIterator[World]:
    spans, options = Spans(), options or ReadinessOptions()
    async with upstream(*replies) as double:
        port = port or double.port
        endpoint = Endpoint(base_url=f"http://127.0.0.1:{port}/v1", residency=Residency.SELF_HOSTED)
        health = health_url(endpoint, options, PROFILES["llamacpp"].health)
        clock, budget = LoopTime(), RetryBudgetOptions()
        provider = Provider(
            "house", endpoint, clock, spans.recording, Random(1), budget, health=health, readiness=options
        )
        async with provider:
            yield World(provider, double, spans)


async def turns() -> None:
    await asyncio.sleep(0.01)


@pytest.fixture
def nobody() -> int:
    """A port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_a_loading_model_is_asked_once_and_then_left_alone_until_its_server_says_that_it_is_ready() -> None:
    async with world(READY, LOADING, LOADING, LOADING, READY, ANSWER) as at:
        await turns()
        assert at.ready == 1.0
        failures = [await at.fail() for _ in range(20)]
        assert {failure.cause for failure in failures} == {Cause.MODEL_NOT_READY}
        assert failures[-1].retry_after == ReadinessOptions().max_seconds
        assert (at.calls, at.ready) == (1, 0.0)
        assert at.provider.circuits[NAME].state is CircuitState.CLOSED
        assert at.provider.budget.allows
        await asyncio.sleep(10.0)
        assert at.ready == 1.0
        assert (await at.model.write(soon(30.0)))[0] == DRAFT


async def test_the_server_is_asked_once_at_the_beginning_and_never_while_its_models_are_ready() -> None:
    async with world(READY) as at:
        await asyncio.sleep(600.0)
        assert len(at.questions) == 1


async def test_questions_back_off_and_are_jittered() -> None:
    async with world(LOADING) as at:
        await asyncio.sleep(60.0)
        gaps = [later - earlier for earlier, later in zip(at.questions, at.questions[1:], strict=False)]
        for gap, most in zip(gaps, [1.0, 2.0, 4.0, *[5.0] * len(gaps)], strict=False):
            assert most / 2 <= gap <= most + 0.01
        assert len({round(gap, 3) for gap in gaps}) == len(gaps)
        assert (at.calls, at.ready) == (0, 0.0)


async def test_a_server_that_refuses_connections_is_starting(nobody: int) -> None:
    async with world(READY, port=nobody) as at:
        failure = await at.fail()
        assert failure.cause is Cause.MODEL_NOT_READY
        assert at.ready == 0.0
        assert at.provider.circuits[NAME].state is CircuitState.CLOSED


async def test_refused_connections_of_a_server_that_is_not_asked_are_a_failure(nobody: int) -> None:
    async with world(READY, options=ReadinessOptions(probe=False), port=nobody) as at:
        assert (await at.fail()).cause is Cause.MODEL_UNAVAILABLE
        assert not at.spans.counts.reading(MODELS_READY)


@pytest.mark.parametrize(("status", "ready"), [("401 Unauthorized", 1.0), ("404 Not Found", 1.0), ("500 Error", 0.0)])
async def test_any_answer_but_an_error_of_the_server_says_that_it_is_up(status: str, ready: float) -> None:
    async with world(Reply([], status)) as at:
        await turns()
        assert at.ready == ready


async def test_a_health_check_that_hangs_says_nothing_at_first_and_is_asked_again_later() -> None:
    async with world(Reply([], before=[Stall()])) as at:
        await asyncio.sleep(5.0)
        assert at.ready == 1.0
    async with world(LOADING, Reply([], before=[Stall()]), READY) as at:
        await asyncio.sleep(3.0)
        assert at.ready == 0.0
        await asyncio.sleep(7.0)
        assert at.ready == 1.0


async def test_nothing_is_asked_once_the_provider_is_closed() -> None:
    async with upstream(LOADING) as double:
        async with world(LOADING, port=double.port):
            await asyncio.sleep(5.0)
        asked = len(double.requests)
        await asyncio.sleep(60.0)
        assert len(double.requests) == asked > 1


BODIES: dict[str, tuple[Move, float | None]] = {
    "llama.cpp": (b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}', None),
    "Hugging Face": (b'{"error":"Model qwen is currently loading","estimated_time":20.5}', 20.5),
    "KServe": (b'{"error":"Model with name qwen is not ready."}', None),
    "words": (b"The model is still loading", None),
}


@pytest.mark.parametrize("server", BODIES)
async def test_a_503_that_says_so_is_a_model_that_is_loading(server: str) -> None:
    body, retry_after = BODIES[server]
    loading = Reply([body], "503 Service Unavailable")
    async with world(loading, options=ReadinessOptions(probe=False)) as at:
        failure = await at.fail()
        assert (failure.cause, failure.retry_after) == (Cause.MODEL_NOT_READY, retry_after)
        assert at.calls == 1
    async with world(replace(loading, status="500 Error"), options=ReadinessOptions(probe=False)) as at:
        assert (await at.fail()).cause is Cause.MODEL_UNAVAILABLE


@pytest.mark.parametrize(
    ("base", "residency", "options", "url"),
    [
        ("http://gpu:8000/v1", Residency.SELF_HOSTED, ReadinessOptions(), "http://gpu:8000/health"),
        ("http://gpu/qwen/v1beta", Residency.SELF_HOSTED, ReadinessOptions(), "http://gpu/qwen/health"),
        ("http://gpu:8000", Residency.SELF_HOSTED, ReadinessOptions(path="/up"), "http://gpu:8000/up"),
        ("http://gpu:8000/v1", Residency.SELF_HOSTED, ReadinessOptions(probe=False), None),
        ("http://gpu:8000/v1", Residency.HOSTED, ReadinessOptions(), None),
        ("http://gpu:8000/v1", Residency.HOSTED, ReadinessOptions(path="/up"), "http://gpu:8000/up"),
    ],
)
def test_the_profile_says_where_to_ask_a_server_of_ones_own(
    base: str, residency: Residency, options: ReadinessOptions, url: str | None
) -> None:
    endpoint = Endpoint(base_url=base, residency=residency)
    assert health_url(endpoint, options, PROFILES["vllm"].health) == url
    assert health_url(endpoint, ReadinessOptions(), PROFILES["plain"].health) is None
