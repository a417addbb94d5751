"""Answers that a provider writes, over HTTP, beside a relay that does nothing else with them.

The upstream, the double of Weaviate and the load share a core, the servers have the other. The product searches the
double by keywords, checks and cites what it passes on, prices it, and exports every span.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median

import aiohttp
import grpc.aio
from rich.progress import track

from bench import relay, weaviate_store
from bench.calls import ProductCalls, first_text
from bench.collector import Collector
from bench.measure import CALLERS, Measured
from bench.servers import ServerProcess, server
from bench.storing import few
from groundwire.v1.answer_service_pb2 import AnswerRequest, StreamAnswerRequest, StreamAnswerResponse
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.event_pb2 import STREAM_MODE_PROVISIONAL
from groundwire.v1.passage_pb2 import Passage
from groundwire.v1.retrieval_service_pb2 import RetrieveRequest
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from groundwire_server.adapters.store.weaviate.options import VectorSource

OPEN_STREAMS = 1000
_STREAMS = 100
"""Calls at once on one connection."""
_TEXT = b'"text": "'
_QUESTION = "What does a lambda expression yield?"
_METADATA = (("groundwire-tenant", "bench"), ("groundwire-subject", "load"))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of call, of the product or of the relay, and the names of what is taken from it."""

    process: ServerProcess
    call: Callable[[], Awaitable[float]]
    calls: int
    callers: int
    cpu: str = ""


class Calls:
    """Calls of the product; each makes sure that it got an answer and says when its first text was there."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._answers = AnswerServiceStub(channel)
        self._retrieval = RetrievalServiceStub(channel)

    async def answer(self) -> float:
        return await self._answer("burst")

    async def document(self) -> float:
        """A unary answer that the model is asked for as one document."""
        return await self._answer("document")

    async def _answer(self, way: str) -> float:
        request = AnswerRequest()
        request.question.text, request.question.route = _QUESTION, way
        response = await self._answers.Answer(request, metadata=_METADATA, timeout=30)
        assert response.outcome.WhichOneof("result") == "answered", response
        return time.perf_counter()

    async def burst(self) -> float:
        return await self._stream("burst")

    async def paced(self) -> float:
        return await self._stream("paced")

    async def gathered(self) -> float:
        """A stream whose tokens are gathered for 50 ms."""
        return await self._stream("gathered")

    async def given(self, passages: Sequence[Passage]) -> float:
        """A stream over passages of the caller's own: nothing is searched for."""
        request = self._asked("paced")
        for passage in passages:
            request.question.provided.passages.add(passage_id=passage.chunk_id, text=passage.text)
        return await first_text(self._answers.StreamAnswer(request, metadata=_METADATA, timeout=30))

    async def found(self) -> Sequence[Passage]:
        """What the question finds."""
        response = await self._retrieval.Retrieve(RetrieveRequest(text=_QUESTION), metadata=_METADATA, timeout=30)
        return response.passages

    async def opened(self) -> "grpc.aio.UnaryStreamCall[StreamAnswerRequest, StreamAnswerResponse]":
        """Return a stream that has brought its first text and does not end."""
        call: grpc.aio.UnaryStreamCall[StreamAnswerRequest, StreamAnswerResponse] = self._answers.StreamAnswer(
            self._asked("open"), metadata=_METADATA, timeout=120
        )
        while not isinstance(event := await call.read(), StreamAnswerResponse) or not event.HasField("text_delta"):
            assert event is not grpc.aio.EOF, "the answer ended"
        return call

    async def _stream(self, way: str) -> float:
        return await first_text(self._answers.StreamAnswer(self._asked(way), metadata=_METADATA, timeout=30))

    @staticmethod
    def _asked(way: str) -> StreamAnswerRequest:
        request = StreamAnswerRequest(mode=STREAM_MODE_PROVISIONAL)
        request.question.text, request.question.route = _QUESTION, way
        return request


class RelayCalls:
    """Calls of the relay."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._unary: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{relay.SERVICE}/Answer")
        self._streamed: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(
            f"/{relay.SERVICE}/Stream"
        )

    async def answer(self) -> float:
        assert await self._unary(b"burst")
        return time.perf_counter()

    async def burst(self) -> float:
        return await self._stream(b"burst")

    async def paced(self) -> float:
        return await self._stream(b"paced")

    async def _stream(self, way: bytes) -> float:
        first = 0.0
        async for _ in self._streamed(way):
            first = first or time.perf_counter()
        return first


async def measure(calls: int, rounds: int, core: int) -> dict[str, list[float]]:
    """Measure."""
    measured = Measured()
    own_core = min(os.sched_getaffinity(0))
    collector = Collector()
    endpoint = await collector.start()
    async with AsyncExitStack() as opened:
        upstream = await opened.enter_async_context(server("bench.upstream", core=own_core))
        double = await opened.enter_async_context(server("bench.weaviate_double", core=own_core))
        async with weaviate_store.opened(double.address, VectorSource()):
            pass
        arguments = ["--otlp", endpoint, "--weaviate", double.address, "--upstream", upstream.address]
        arguments += ["--calls", str(2 * OPEN_STREAMS)]
        product, channel = await opened.enter_async_context(_serving("bench.product", arguments, core, settles=True))
        passing, relayed = await opened.enter_async_context(_serving("bench.relay", [upstream.address], core))
        session = await opened.enter_async_context(aiohttp.ClientSession())
        product_calls, relay_calls = Calls(channel), RelayCalls(relayed)
        await ProductCalls(channel).ingest(few())
        kinds = kinds_of(product, product_calls, passing, relay_calls, calls)

        async def direct() -> float:
            url = f"http://{upstream.address}/v1/chat/completions"
            written, first = b"", 0.0
            async for token in relay.tokens(session, url, b"paced"):
                written += token
                # What its reader wants to see begins here; before it stands the draft's frame.
                if not first and written.partition(_TEXT)[2]:
                    first = time.perf_counter()
            return first

        for kind in kinds:
            await _make(kind.call, kind.calls // 4, 1)
        found = await product_calls.found()
        for _ in track(range(rounds), description="measuring models"):
            for kind in kinds:
                await _take(kind, measured)
            # In turn, so that a change of the machine's speed hits both.
            ways = (direct, partial(product_calls.given, found), product_calls.paced)
            times = [[await _first(way) for way in ways] for _ in range(max(8, calls // 10))]
            alone, given, searched = (median(way) * 1000 for way in zip(*times, strict=True))
            measured.figure("upstream_first_p50", alone)
            measured.figure("generated_first_added", given - alone)
            measured.figure("generated_first_searched", searched - alone)
            measured.figure("generated_memory_idle", product.resident_megabytes())
            measured.figure("generated_memory_streams", await _held(product))
    await collector.stop()
    return measured.figures


def kinds_of(
    product: ServerProcess, product_calls: Calls, passing: ServerProcess, relay_calls: RelayCalls, calls: int
) -> list[Kind]:
    """What a round makes: the relay's calls beside the product's."""
    few = max(8, calls // 4)
    return [
        Kind(passing, relay_calls.answer, calls, CALLERS, "relay_cpu"),
        Kind(product, product_calls.answer, calls, CALLERS, "generated_cpu"),
        Kind(product, product_calls.document, calls, CALLERS, "generated_document_cpu"),
        Kind(passing, relay_calls.burst, calls, CALLERS, "relay_stream_cpu"),
        Kind(product, product_calls.burst, calls, CALLERS, "generated_stream_cpu"),
        Kind(passing, relay_calls.paced, few, CALLERS, "relay_paced_cpu"),
        Kind(product, product_calls.paced, few, CALLERS, "generated_paced_cpu"),
        Kind(product, product_calls.gathered, few, CALLERS, "generated_gathered_cpu"),
    ]


async def _take(kind: Kind, measured: Measured) -> None:
    await kind.process.settle()
    before = kind.process.cpu_seconds()
    made = await _make(kind.call, kind.calls, kind.callers)
    await kind.process.settle()
    measured.figure(kind.cpu, (kind.process.cpu_seconds() - before) / made * 1000)


async def _make(call: Callable[[], Awaitable[float]], calls: int, callers: int) -> int:
    async def caller() -> None:
        for _ in range(calls // callers):
            await call()

    await asyncio.gather(*(caller() for _ in range(callers)))
    return calls // callers * callers


async def _first(call: Callable[[], Awaitable[float]]) -> float:
    """Seconds to the first text."""
    began = time.perf_counter()
    return await call() - began


async def _held(product: ServerProcess) -> float:
    """Resident memory while a thousand streams are open, as many on a connection as it may have."""
    async with AsyncExitStack() as opened:
        # A stream without a reference is cancelled.
        streams = []
        for _ in range(OPEN_STREAMS // _STREAMS):
            own = [("grpc.use_local_subchannel_pool", 1)]
            channel = await opened.enter_async_context(grpc.aio.insecure_channel(product.address, options=own))
            calls = Calls(channel)
            streams += await asyncio.gather(*(calls.opened() for _ in range(_STREAMS)))
        await product.settle()
        return product.resident_megabytes()


@asynccontextmanager
async def _serving(
    module: str, arguments: list[str], core: int, *, settles: bool = False
) -> AsyncIterator[tuple[ServerProcess, grpc.aio.Channel]]:
    async with (
        server(module, arguments, core, settles=settles) as running,
        grpc.aio.insecure_channel(running.address) as channel,
    ):
        yield running, channel
