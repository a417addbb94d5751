"""What every Generator keeps, whatever stands behind it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from random import Random

import pytest

from groundwire_server.adapters.generator.extractive import ExtractiveGenerator
from groundwire_server.adapters.generator.http.dialect import Dialect
from groundwire_server.adapters.generator.http.options import ModelBounds
from groundwire_server.adapters.generator.masking import MaskingGenerator
from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.providers.provider import Provider
from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.adapters.resilience.retry_budget import RetryBudgetOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.parts.models import protected_model
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Prompt
from groundwire_server.domain.requester import Requester
from groundwire_server.ports.generator import Generator
from tests.adapters.generator.wire.models import dialect, model
from tests.adapters.generator.wire.transcripts import transcript
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.generator import DONE, ScriptedGenerator, draft, letters
from tests.doubles.local_guard import PatternGuard
from tests.doubles.spans import Spans
from tests.doubles.upstream import Beat, Move, Reply, upstream

HANDLES = {
    "p1": Passage("c1", "Parcels wait in the mail room.\nThe mail room opens at noon.", document_id="d1"),
    "p2": Passage("c2", 'A "parcel" is anything over two kilograms — naïvely weighed.'),
}


@pytest.fixture(
    params=["double", "masking", "extractive", "extractive without vectors", "openai", "anthropic", "wired"]
)
async def generator(request: pytest.FixtureRequest) -> AsyncIterator[Generator]:
    match request.param:
        case "double":
            yield ScriptedGenerator()
        case "masking":
            pieces = letters(draft(("[word_1] wait in the mail room.", ["p1"]), ("It opens at noon.", ["p1"])))
            masker = Masker([PatternGuard(word="parcels")])
            yield MaskingGenerator(ScriptedGenerator([*pieces, DONE]), masker)
        case "extractive":
            yield ExtractiveGenerator(HashingEmbedder())
        case "extractive without vectors":
            yield ExtractiveGenerator()
        case "wired":
            async with provider(dialect("openai"), transcript("openai-answer", in_reads)) as asked:
                yield asked
        case name:
            async with model(name, transcript(f"{name}-answer", in_reads)) as asked:
                yield asked.generator


def in_reads(body: bytes) -> list[Move]:
    """A read for every few events."""
    events = [event + b"\n\n" for event in body.split(b"\n\n") if event]
    cut: list[Move] = []
    for start in range(0, len(events), 5):
        cut += [b"".join(events[start : start + 5]), Beat()]
    return cut


@asynccontextmanager
async def provider(spoken: Dialect, reply: Reply) -> AsyncIterator[Generator]:
    """A model with all that surrounds it in a server."""
    async with upstream(reply) as double:
        endpoint = Endpoint(base_url=f"http://127.0.0.1:{double.port}/v1")
        clock, budget = SystemClock(), RetryBudgetOptions()
        async with Provider("openai", endpoint, clock, Spans().recording, Random(1), budget) as opened:
            yield protected_model(opened, spoken, ModelBounds(), RetryOptions(), CircuitOptions())


def ask(question: str = "Where do parcels wait?", max_output_tokens: int = 500) -> GenerationRequest:
    prompt = Prompt("answer", "1", "system", f"user {question}", question, HANDLES)
    return GenerationRequest("alias", Requester("tenant"), prompt, max_output_tokens)


async def pieces(generator: Generator, deadline: Deadline = NEVER) -> list[Piece]:
    async with aclosing(generator.generate(ask(), deadline)) as written:
        return [piece async for piece in written]


async def test_writes_one_draft_and_then_says_how_it_ended(generator: Generator) -> None:
    *written, last = await pieces(generator)
    assert isinstance(last, Finish)
    assert all(isinstance(piece, str) for piece in written)
    draft = json.loads("".join(map(str, written)))
    assert list(draft) == ["confidence", "segments"]
    assert draft["confidence"] in {"medium", "high"}
    assert draft["segments"]
    for segment in draft["segments"]:
        assert set(segment) == {"text", "cites"}
        assert set(segment["cites"]) <= set(HANDLES)


async def test_writes_piece_by_piece(generator: Generator) -> None:
    assert len(await pieces(generator)) > 3


async def test_counts_what_was_used(generator: Generator) -> None:
    last = (await pieces(generator))[-1]
    assert isinstance(last, Finish)
    assert last.reason is FinishReason.COMPLETE
    assert last.usage.input_tokens > 0
    assert last.usage.output_tokens > 0


async def test_fails_as_a_model_does_once_the_deadline_has_passed(generator: Generator) -> None:
    with pytest.raises(Failure) as failure:
        await pieces(generator, Deadline(asyncio.get_running_loop().time() - 1))
    assert failure.value.cause.startswith("MODEL_")


async def test_may_be_closed_at_any_piece(generator: Generator) -> None:
    for taken in range(4):
        writing = generator.generate(ask(), NEVER)
        for _ in range(taken):
            await anext(writing)
        await writing.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(writing)


async def test_calls_side_by_side_do_not_mix(generator: Generator) -> None:
    together = await asyncio.gather(*(pieces(generator) for _ in range(3)))
    assert all(one == together[0] for one in together)
