"""One run: every kind of call in turn, round after round, so that a change of the machine's speed hits all alike."""

import asyncio
import pydoc_data.topics
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc.aio
from rich.progress import track

from bench.collector import Collector
from bench.servers import ServerProcess, server
from groundwire.v1 import answer_service_pb2, document_service_pb2
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub

_METADATA = (("groundwire-tenant", "bench"), ("groundwire-subject", "load"))
_CALLERS = 4
_QUESTION = "What does a lambda expression yield?"


async def measure(data: Path, calls: int, rounds: int, core: int) -> dict[str, list[float]]:
    """Return the figures of every round by name; CPU in milliseconds a call, memory in MB, start in seconds."""
    collector = Collector()
    endpoint = await collector.start()
    with_embedder = ["--data", str(data / "vectors"), "--otlp", endpoint]
    without_embedder = ["--data", str(data / "keywords"), "--otlp", endpoint, "--no-embedder"]
    figures: dict[str, list[float]] = {}
    async with server("bench.product", with_embedder, core) as product:
        await _fill(product, "with vectors")
    async with server("bench.product", without_embedder, core) as product:
        await _fill(product, "without vectors")
    async with (
        server("bench.floor", core=core) as floor,
        server("bench.product", with_embedder, core) as product,
        server("bench.product", without_embedder, core) as small,
        grpc.aio.insecure_channel(floor.address) as floor_channel,
        grpc.aio.insecure_channel(product.address) as channel,
        grpc.aio.insecure_channel(small.address) as small_channel,
    ):
        load = Load(channel)
        echo: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = floor_channel.unary_unary("/bench.Floor/Empty")
        kinds: list[tuple[str, ServerProcess, Callable[[], Awaitable[object]], int]] = [
            # The system counts CPU in steps of 10 ms, so a short call must be made often.
            ("empty_call_cpu", floor, lambda: echo(b""), calls * 10),
            ("unary_cpu_hit", product, load.unary_hit, calls),
            ("unary_cpu_miss", product, load.unary_miss, calls // 4),
            ("stream_cpu_hit", product, load.stream_hit, calls),
            ("unary_cpu_keywords", small, Load(small_channel).unary_hit, calls),
        ]
        for _, _, call, count in kinds:
            for _ in range(count // 4):
                await call()
        for _ in track(range(rounds), description="measuring"):
            for name, process, call, count in kinds:
                figures.setdefault(name, []).append(await _cpu_milliseconds(process, call, count))
        figures["memory_with_embedder"] = [product.resident_megabytes()]
        figures["memory_without_embedder"] = [small.resident_megabytes()]
        figures["start"] = [product.start_seconds]
    if not collector.exports:
        raise RuntimeError("no span was exported, so the figures leave out what they promise to hold")
    await collector.stop()
    return figures


class Load:
    """The calls that are measured; each makes sure that it got an answer."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._answers = AnswerServiceStub(channel)
        self._asked = 0

    async def unary_hit(self) -> None:
        await self._unary(_QUESTION)

    async def unary_miss(self) -> None:
        self._asked += 1
        await self._unary(f"{_QUESTION} Number {self._asked}.")

    async def stream_hit(self) -> None:
        request = answer_service_pb2.StreamAnswerRequest()
        request.question.text = _QUESTION
        events = [event async for event in self._answers.StreamAnswer(request, metadata=_METADATA, timeout=30)]
        assert events[-1].outcome.WhichOneof("result") == "answered", events[-1]

    async def _unary(self, text: str) -> None:
        request = answer_service_pb2.AnswerRequest()
        request.question.text = text
        response = await self._answers.Answer(request, metadata=_METADATA, timeout=30)
        assert response.outcome.WhichOneof("result") == "answered", response


async def _cpu_milliseconds(process: ServerProcess, call: Callable[[], Awaitable[object]], count: int) -> float:
    """Call with some calls always under way: an idle server pays for being woken, which is not what is asked."""

    async def caller() -> None:
        for _ in range(count // _CALLERS):
            await call()

    before = process.cpu_seconds()
    await asyncio.gather(*(caller() for _ in range(_CALLERS)))
    return (process.cpu_seconds() - before) / (count // _CALLERS * _CALLERS) * 1000


async def _fill(process: ServerProcess, what: str) -> None:
    """Ingest the demo's corpus; nothing happens where it is there already."""
    topics = sorted(pydoc_data.topics.topics.items())
    async with grpc.aio.insecure_channel(process.address) as channel:
        stream = DocumentServiceStub(channel).IngestDocuments(metadata=_METADATA)
        for name, text in track(topics, description=f"ingesting {what}"):
            request = document_service_pb2.IngestDocumentsRequest()
            request.document.document_id = name
            request.document.text = text
            request.document.allowed_principals.append("*")
            await stream.write(request)
            await stream.read()
        await stream.done_writing()
