"""A provider as it is wired: one span a call, retries as its events, a circuit a model, a budget for all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
from opentelemetry.trace import get_current_span

from groundwire_server.adapters.generator.http.options import ModelBounds
from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.providers.provider import Provider
from groundwire_server.adapters.resilience.circuit import CircuitOptions, CircuitState
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.adapters.resilience.retry_budget import RetryBudgetOptions
from groundwire_server.app.parts.models import protected_model
from groundwire_server.domain.consumption import prompt_tokens
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.text.tokens import estimate_tokens
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.generator.wire.models import KEY, Model, ask, dialect, soon
from tests.adapters.generator.wire.transcripts import DRAFT, parts, transcript
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime
from tests.doubles.upstream import Endless, Pause, Reply, Stall, Upstream, upstream

QUICK = RetryOptions(base_seconds=0.001)
SPAN = "chat model-test"


class Wired:
    """A provider with its double and its spans."""

    def __init__(self, provider: Provider, double: Upstream, spans: Spans) -> None:
        self.provider = provider
        self.upstream = double
        self.spans = spans

    def model(self, name: str = "openai", bounds: ModelBounds | None = None, *, whole: bool = False) -> Model:
        spoken = dialect(name, whole=whole)
        model = protected_model(self.provider, spoken, bounds or ModelBounds(), QUICK, CircuitOptions())
        return Model(model, self.upstream)

    @property
    def span(self) -> Any:
        (span,) = [span for span in self.spans._exporter.get_finished_spans() if span.name == SPAN]
        return span


@asynccontextmanager
async def wired(*replies: Reply, trace_context: bool = True) -> AsyncIterator[Wired]:
    spans = Spans()
    async with upstream(*replies) as double:
        endpoint = Endpoint(base_url=f"http://127.0.0.1:{double.port}/v1", trace_context=trace_context)
        clock, budget = LoopTime(), RetryBudgetOptions()
        async with Provider("openai", endpoint, clock, spans.recording, Random(1), budget) as provider:
            yield Wired(provider, double, spans)


async def fail(asked: Model) -> Failure:
    with pytest.raises(Failure) as failure:
        await asked.write(soon(5.0))
    return failure.value


async def test_a_call_is_one_span_in_the_words_of_the_conventions() -> None:
    async with wired(transcript("openai-answer")) as at:
        await at.model().write()
        attributes = at.spans.attributes(SPAN)
        assert attributes.pop("gen_ai.response.time_to_first_chunk") > 0  # type: ignore[operator]
        assert attributes == {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "model-test",
            "gen_ai.request.max_tokens": 500,
            "gen_ai.request.stream": True,
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.response.finish_reasons": ("stop",),
            "gen_ai.usage.input_tokens": 812,
            "gen_ai.usage.output_tokens": 61,
            "groundwire.circuit": "closed",
            "groundwire.residency": "hosted",
            "groundwire.usage.estimated": False,
            "http.response.status_code": 200,
            "server.address": "127.0.0.1",
            "server.port": at.upstream.port,
        }
        assert at.span.kind.name == "CLIENT"


async def test_retries_are_events_of_the_one_span() -> None:
    limited = Reply([], "429 Too Many Requests", (("retry-after-ms", "20"),))
    async with wired(transcript("openai-500"), limited, transcript("openai-answer")) as at:
        assert (await at.model().write(soon(30.0)))[0] == DRAFT
        assert [(event.name, event.attributes["groundwire.cause"]) for event in at.span.events] == [
            ("groundwire.retry", "MODEL_UNAVAILABLE"),
            ("groundwire.retry", "MODEL_RATE_LIMITED"),
        ]
        assert at.span.events[1].attributes["groundwire.retry.delay_seconds"] >= 0.02
        assert at.spans.attributes(SPAN)["http.response.status_code"] == 200


async def test_the_request_carries_the_span_it_belongs_to() -> None:
    async with wired(transcript("openai-answer")) as at:
        await at.model().write()
        context = at.span.get_span_context()
        (request,) = at.upstream.requests
        assert request.headers["traceparent"].startswith(f"00-{context.trace_id:032x}-{context.span_id:016x}-")
        assert request.path == "/v1/chat/completions"


async def test_a_provider_may_be_kept_from_the_trace() -> None:
    async with wired(transcript("openai-answer"), trace_context=False) as at:
        await at.model().write()
        assert "traceparent" not in at.upstream.requests[0].headers


async def test_a_failure_ends_the_span_with_its_cause_and_status_and_nothing_else() -> None:
    async with wired(transcript("openai-401")) as at:
        await fail(at.model())
        attributes = at.spans.attributes(SPAN)
        assert (attributes["groundwire.cause"], attributes["error.type"]) == ("MODEL_MISCONFIGURED",) * 2
        assert attributes["http.response.status_code"] == 401
        assert "gen_ai.usage.input_tokens" not in attributes
        assert at.span.status.status_code.name == "ERROR"
        assert not at.span.status.description
        everything = at.spans.everything()
        assert "SECRET" not in everything
        assert KEY not in everything


@pytest.mark.parametrize(
    ("body", "written"),
    [([], ""), ([b'data: {"choices":[{"delta":{"content":"{\\"c"}}]}\n\n'], '{"c')],
    ids=["before", "after"],
)
async def test_a_caller_who_leaves_ends_the_span(body: Sequence[bytes], written: str) -> None:
    async with wired(Reply([*body, Stall()])) as at:
        task = asyncio.create_task(at.model().write())
        await at.upstream.began.wait()
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        attributes = at.spans.attributes(SPAN)
        assert attributes["groundwire.cancelled"] is True
        # The prompt was read, whatever was written.
        tokens = attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]
        assert tokens == (prompt_tokens(ask().prompt), estimate_tokens(written))
        assert attributes["groundwire.usage.estimated"] is True
        assert at.provider.circuits["chat model-test"].state is CircuitState.CLOSED


async def test_the_span_is_never_the_readers() -> None:
    async with wired(transcript("openai-answer")) as at:
        outside = get_current_span()
        writing = at.model().generator.generate(ask(), NEVER)
        async for _ in writing:
            assert get_current_span() is outside
        assert get_current_span() is outside


async def test_an_outage_opens_the_circuit_and_spares_the_provider() -> None:
    async with wired(transcript("openai-500")) as at:
        failures = [await fail(at.model()) for _ in range(30)]
        assert {failure.cause for failure in failures} == {Cause.MODEL_UNAVAILABLE}
        assert failures[-1].retry_after is not None
        assert at.provider.circuits["chat model-test"].state is CircuitState.OPEN
        # Five calls, with retries until half of the budget was spent.
        assert len(at.upstream.requests) == 8
        assert "chat model-test of openai: open" in repr(at.provider)
        assert "no retries" in repr(at.provider)


async def test_models_of_a_provider_share_its_budget_and_not_their_circuits() -> None:
    async with wired(transcript("openai-500")) as at:
        for _ in range(5):
            await fail(at.model("openai"))
        assert not at.provider.budget.allows
        seen = len(at.upstream.requests)
        await fail(at.model("anthropic"))
        assert len(at.upstream.requests) == seen + 1
        assert at.provider.circuits["chat claude-test"].state is CircuitState.CLOSED


EVENTS = [event + b"\n\n" for event in parts("openai-answer")[2].split(b"\n\n") if event]

SLOW = {
    "no head": Reply([], before=[Stall()]),
    "no text": Reply([EVENTS[0], Stall()]),
    "signs of life and no text": Reply([Endless(b": keep-alive\n\n")]),
}


@pytest.mark.parametrize("case", SLOW)
async def test_a_model_that_is_slow_to_begin_fails_by_its_bound_and_is_closed(case: str) -> None:
    async with wired(SLOW[case]) as at:
        began = asyncio.get_running_loop().time()
        with pytest.raises(Failure) as failure:
            await at.model(bounds=ModelBounds(first_token_seconds=0.05)).write(soon(5.0))
        took = asyncio.get_running_loop().time() - began
        assert failure.value.cause is Cause.MODEL_SLOW_START
        assert 0.045 < took < 0.1
        async with asyncio.timeout(5):
            await at.upstream.idle.wait()
        assert at.upstream.left_at - began < 0.1
        # A slow start is left to the next model.
        assert len(at.upstream.requests) == 1


async def test_the_first_tokens_time_does_not_bound_the_rest() -> None:
    slow = [move for event in EVENTS for move in (event, Pause(0.005))]
    async with wired(Reply(slow)) as at:
        text, _, pieces = await at.model(bounds=ModelBounds(first_token_seconds=0.1, silence_seconds=0.1)).write()
        assert text == DRAFT
        assert pieces > 3


LATE_DOCUMENT = Reply([Pause(0.1), parts("openai-whole")[2]], headers=parts("openai-whole")[1])


async def test_one_document_has_until_the_deadline() -> None:
    short = ModelBounds(first_token_seconds=0.05, silence_seconds=0.05)
    async with wired(LATE_DOCUMENT) as at:
        text, last, pieces = await at.model(bounds=short, whole=True).write(soon(5.0), unary=True)
        assert (text, pieces, last.usage.estimated) == (DRAFT, 1, False)
        assert at.spans.attributes(SPAN)["gen_ai.request.stream"] is False


@pytest.mark.parametrize(("whole", "unary"), [(False, True), (True, False)], ids=["without the option", "streamed"])
async def test_what_could_be_streamed_has_its_bounds(whole: bool, unary: bool) -> None:
    async with wired(LATE_DOCUMENT) as at:
        asked = at.model(bounds=ModelBounds(first_token_seconds=0.05), whole=whole)
        with pytest.raises(Failure) as failure:
            await asked.write(soon(5.0), unary=unary)
        assert failure.value.cause is Cause.MODEL_SLOW_START
        assert at.spans.attributes(SPAN)["gen_ai.request.stream"] is True
