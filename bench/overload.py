"""More calls than can be answered: what a refusal costs, what is still answered, and what other tenants notice.

The server has one core for all that it does, so that what others wait for is its time.
"""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio
from rich.progress import track

from bench.calls import ProductCalls
from bench.product import SCARCE
from bench.servers import ServerProcess, server
from bench.storing import few
from bench.upstream import SLOW
from groundwire.v1.answer_service_pb2 import AnswerRequest, StreamAnswerRequest, StreamAnswerResponse
from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.event_pb2 import STREAM_MODE_PROVISIONAL
from groundwire_server.cli.bench.figures import percentile

FLOOD = 100
"""Callers of the tenant that floods the server; another has one."""

TIMES = 10
"""How many calls there are for each that can be answered."""

_QUESTION = "How are exceptions identified?"
_DEADLINE = 1.5 * SLOW
_OVERLOADED_SECONDS = 6.0
_SHARED_CALLS = 8
"""Calls of a model that takes a second each."""


class Calls:
    """Calls of one tenant.

    Args:
        channel: to the server.
        tenant: on whose behalf.
    """

    def __init__(self, channel: grpc.aio.Channel, tenant: str) -> None:
        self._answers = AnswerServiceStub(channel)
        self._metadata = (("groundwire-tenant", tenant), ("groundwire-subject", "load"))

    async def answer(self, route: str = "", seconds: float = 60.0) -> bool:
        """Return whether a question was answered."""
        request = AnswerRequest()
        request.question.text, request.question.route = _QUESTION, route
        try:
            response = await self._answers.Answer(request, metadata=self._metadata, timeout=seconds)
        except grpc.aio.AioRpcError:
            return False
        return bool(response.outcome.WhichOneof("result") == "answered")

    async def refused(self) -> None:
        """Ask a server that has no slot left."""
        request = AnswerRequest()
        request.question.text = _QUESTION
        call = self._answers.Answer(request, metadata=self._metadata, timeout=30)
        assert await call.code() is grpc.StatusCode.UNAVAILABLE, "the call was admitted"

    async def hold(self) -> "grpc.aio.UnaryStreamCall[StreamAnswerRequest, StreamAnswerResponse]":
        """Begin an answer that does not end."""
        request = StreamAnswerRequest(mode=STREAM_MODE_PROVISIONAL)
        request.question.text, request.question.route = _QUESTION, "open"
        request.question.provided.passages.add(passage_id="p", text=few()[0].text[:2000])
        stream: grpc.aio.UnaryStreamCall[StreamAnswerRequest, StreamAnswerResponse] = self._answers.StreamAnswer(
            request, metadata=self._metadata, timeout=3600
        )
        while not isinstance(event := await stream.read(), StreamAnswerResponse) or not event.HasField("text_delta"):
            assert event is not grpc.aio.EOF, "the answer ended"
        return stream


@asynccontextmanager
async def busy(arguments: Sequence[str], core: int) -> AsyncIterator[tuple[ServerProcess, Calls]]:
    """A server whose one slot is taken.

    Args:
        arguments: where its telemetry and documents go.
        core: what it runs on.
    """
    async with (
        server("bench.upstream", core=min(os.sched_getaffinity(0))) as upstream,
        server("bench.product", [*arguments, "--upstream", upstream.address, "--calls", "1"], core, settles=True) as it,
        grpc.aio.insecure_channel(it.address) as channel,
    ):
        calls = Calls(channel, "bench")
        held = await calls.hold()
        yield it, calls
        held.cancel()


async def measure(data: Path, calls: int, rounds: int, core: int) -> dict[str, list[float]]:
    """Measure; times in milliseconds, goodput in answers a second.

    Args:
        data: the folder of the corpora.
        calls: how many a round makes.
        rounds: how many.
        core: what the servers run on; the load runs elsewhere.
    """
    figures: dict[str, list[float]] = defaultdict(list)
    own_core = min(os.sched_getaffinity(0))
    async with AsyncExitStack() as opened:
        upstream = await opened.enter_async_context(server("bench.upstream", core=own_core))
        arguments = ["--data", str(data / "overload"), "--upstream", upstream.address, "--quoting"]
        product = await opened.enter_async_context(server("bench.product", arguments, core))
        one, many = [
            await opened.enter_async_context(grpc.aio.insecure_channel(product.address)) for _ in ("one", "many")
        ]
        for tenant in ("one", "many"):
            await ProductCalls(one).ingest(few(), tenant)
        for _ in track(range(rounds), description="measuring overload"):
            quiet, busy = Calls(one, "one"), Calls(many, "many")
            for name, value in (await _flood(quiet, busy, "", max(16, calls // 8))).items():
                figures[name].append(value)
            for name, value in (await _flood(quiet, busy, "shared", _SHARED_CALLS)).items():
                figures[f"shared_{name}"].append(value)
            peak, goodput = await _goodput(quiet)
            figures["scarce_goodput"].append(peak)
            figures["overloaded_goodput"].append(goodput)
    return figures


async def _flood(one: Calls, many: Calls, route: str, calls: int) -> dict[str, float]:
    """How long a tenant's calls on a route take while it is alone, and while another floods the server."""

    async def took() -> list[float]:
        times = []
        for _ in range(calls):
            began = time.perf_counter()
            assert await one.answer(route)
            times.append((time.perf_counter() - began) * 1000)
        return times

    async def flooding() -> None:
        while True:
            await many.answer(route)

    alone = await took()
    flood = [asyncio.create_task(flooding()) for _ in range(FLOOD)]
    await asyncio.sleep(2.0)
    flooded = await took()
    for caller in flood:
        caller.cancel()
    await asyncio.gather(*flood, return_exceptions=True)
    return {
        "alone_p50": percentile(alone, 0.5),
        "alone_p99": percentile(alone, 0.99),
        "flooded_p50": percentile(flooded, 0.5),
        "flooded_p99": percentile(flooded, 0.99),
    }


async def _goodput(calls: Calls) -> tuple[float, float]:
    """Answers a second of the model that is scarce: to as many callers as it serves at once, and to far more."""
    end = time.perf_counter() + _OVERLOADED_SECONDS

    async def caller() -> int:
        answered = 0
        while time.perf_counter() < end:
            answered += await calls.answer("scarce", _DEADLINE)
        return answered

    peak = sum(await asyncio.gather(*(caller() for _ in range(SCARCE)))) / _OVERLOADED_SECONDS
    pause = SLOW / SCARCE / TIMES
    under_way = []
    for _ in range(int(_OVERLOADED_SECONDS / pause)):
        under_way.append(asyncio.create_task(calls.answer("scarce", _DEADLINE)))
        await asyncio.sleep(pause)
    return peak, sum(await asyncio.gather(*under_way)) / _OVERLOADED_SECONDS
