"""One run: every kind of call in turn, round after round, so that a change of the machine's speed hits all alike.

Calls are made in a closed loop: each of one or four callers sends its next call when its last has come back.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import grpc.aio
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Tracer
from rich.progress import Progress

from bench import overload
from bench.admitting import Admitting
from bench.caching import CacheMisses
from bench.calls import FloorCalls, ProductCalls
from bench.checking import Checking
from bench.collector import Collector
from bench.over_http import GatewayCalls, free_address
from bench.prompting import Prompting
from bench.queueing import Queueing, queueing_on_sqlite
from bench.reviewing import Reviewing, reviewing
from bench.screening import GuardsAtWork
from bench.servers import ServerProcess, redis, server
from bench.storing import corpus, few, storing
from groundwire_server.app.memory import settle_garbage_collection
from groundwire_server.app.telemetry.spans import LeanTracer
from groundwire_server.cli.bench.latencies import percentiles
from groundwire_server.ports.recording import unrecorded

CALLERS = 4
REFUSED_CALLERS = 10
"""Callers of a server with one place, which is taken."""
_DECISIONS = 20
"""Reviews that are approved in a round."""


@dataclass(slots=True)
class Measured:
    """What a run found.

    Attributes:
        figures: each measure's figure of every round.
        latencies: milliseconds of all calls of a kind.
    """

    figures: dict[str, list[float]] = field(default_factory=dict)
    latencies: dict[str, list[float]] = field(default_factory=dict)

    def figure(self, name: str, value: float) -> None:
        self.figures.setdefault(name, []).append(value)

    def latency(self, name: str, milliseconds: Sequence[float], shares: Sequence[str]) -> None:
        self.latencies.setdefault(name, []).extend(milliseconds)
        named = percentiles(milliseconds)
        for share in shares:
            self.figure(f"{name}_{share}", named[share])


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of call, and the names of the figures that are taken from it.

    Attributes:
        cpu: of the CPU that a call takes.
        latency: of the time until it has come back.
        first: of the time until its first text.
        shares: the percentiles of these times.
    """

    process: ServerProcess
    call: Callable[[], Awaitable[float | None]]
    calls: int
    callers: int
    cpu: str = ""
    latency: str = ""
    first: str = ""
    shares: Sequence[str] = ("p50", "p95", "p99")


async def _measure_records(measured: Measured, rows: Queueing, reviews: Reviewing, calls: int) -> None:
    """Measure what queued answers and reviews take of the records."""
    queued = await rows.measured(calls)
    measured.figure("queue_accept_cpu", queued.accept_cpu)
    measured.figure("queue_work_cpu", queued.work_cpu)
    measured.figure("review_completion", median(await reviews.milliseconds(_DECISIONS)))


async def measure(data: Path, calls: int, rounds: int, core: int) -> Measured:
    """Measure; CPU and latencies in milliseconds, memory in MB, start in seconds, ingest in chunks a second.

    Args:
        data: the folder of the corpora, which are kept.
        calls: how many calls of each kind a round makes.
        rounds: how many.
        core: what the servers run on; the load runs elsewhere.
    """
    collector = Collector()
    endpoint = await collector.start()
    with_embedder = ["--otlp", endpoint, "--data", str(data / "vectors")]
    without_embedder = ["--otlp", endpoint, "--no-embedder", "--data", str(data / "keywords")]
    measured = Measured()
    # As every server does: what is measured in this process would pay for looks at its modules.
    settle_garbage_collection()
    with Progress() as progress:
        for arguments, what in ((with_embedder, "vectors"), (without_embedder, "keywords")):
            async with _product(arguments, core) as (_, calling):
                for document in progress.track(corpus(), description=f"storing with {what}"):
                    await calling.ingest([document])
        async with AsyncExitStack() as opened:
            floor, floor_calls = await opened.enter_async_context(_floor(core))
            product, product_calls = await opened.enter_async_context(_product(with_embedder, core))
            small, small_calls = await opened.enter_async_context(_product(without_embedder, core))
            full, full_calls = await opened.enter_async_context(_product([*without_embedder, "--places", "1"], core))
            await opened.enter_async_context(full_calls.place_taken())
            # Of this run: the rows of earlier ones would be counted with every question.
            folder = opened.enter_context(TemporaryDirectory(dir=data))
            queue, queue_calls = await opened.enter_async_context(
                _product([*without_embedder, "--records", folder], core)
            )
            busy, busy_calls = await opened.enter_async_context(
                overload.busy(["--otlp", endpoint, "--no-embedder", "--data", str(data / "busy")], core)
            )
            short = opened.enter_context(TemporaryDirectory(prefix="bench-", dir="/tmp"))
            url = opened.enter_context(redis(Path(short)))
            address = free_address()
            web, web_calls = await opened.enter_async_context(_product([*without_embedder, "--gateway", address], core))
            over_http = await opened.enter_async_context(GatewayCalls.to(address))
            shared, shared_calls = await opened.enter_async_context(_product([*without_embedder, "--redis", url], core))
            kinds = [
                *_kinds(floor, floor_calls, product, product_calls, small, small_calls, calls),
                Kind(shared, shared_calls.answer_from_the_cache, calls * 2, CALLERS, cpu="cache_hit_redis_cpu"),
                *_refused(full, full_calls, small, small_calls, calls),
                Kind(web, web_calls.answer, calls, CALLERS, cpu="grpc_answer_cpu"),
                Kind(web, over_http.answer, calls, CALLERS, cpu="gateway_cpu"),
                Kind(web, over_http.answer_in_binary, calls, CALLERS, cpu="gateway_binary_cpu"),
                Kind(queue, queue_calls.submit, calls, CALLERS, cpu="submit_cpu"),
                Kind(busy, busy_calls.refused, calls, overload.TIMES, cpu="overloaded_cpu"),
            ]
            for kind in kinds:
                await _make(kind.call, kind.calls // 4, 1)
            checking, admitting, guards = Checking(), Admitting(), GuardsAtWork(unrecorded())
            misses, prompting = CacheMisses(_tracer()), Prompting()
            checking.milliseconds(known=True)
            opened.callback(admitting.end)
            rows = await opened.enter_async_context(queueing_on_sqlite(data))
            await rows.measured(calls // 4)
            reviews = await opened.enter_async_context(reviewing(data, core))
            await reviews.milliseconds(_DECISIONS)
            for _ in progress.track(range(rounds), description="measuring"):
                _measure_texts(measured, checking, prompting, calls)
                measured.figure("guards_cpu", await guards.milliseconds(known=True))
                measured.figure("guards_cpu_new", await guards.milliseconds(known=False))
                measured.figure("admission_cpu", await admitting.milliseconds(calls * 10))
                await _measure_records(measured, rows, reviews, calls)
                measured.figure("cache_miss_cpu", await misses.milliseconds(calls * 2))
                for kind in kinds:
                    await _take(kind, measured)
                measured.figure("empty_memory", floor.resident_megabytes())
                measured.figure("memory_with_embedder", product.resident_megabytes())
                measured.figure("memory_without_embedder", small.resident_megabytes())
                await _store_and_start(measured, with_embedder, without_embedder, core)
    if not collector.exports:
        raise RuntimeError("no span was exported, so the figures leave out what they promise to hold")
    await collector.stop()
    return measured


def _measure_texts(measured: Measured, checking: Checking, prompting: Prompting, calls: int) -> None:
    """Measure what is done with texts alone: checks of sentences, and prompts."""
    measured.figure("checks_cpu", checking.milliseconds(known=False))
    measured.figure("checks_cpu_known", checking.milliseconds(known=True))
    measured.figure("prompt_cpu", prompting.milliseconds(calls * 2))


def _tracer() -> Tracer:
    """Return a tracer that makes every span and exports none."""
    return LeanTracer(Resource({}), InstrumentationScope("bench"), SpanProcessor())


def _kinds(
    floor: ServerProcess,
    floor_calls: FloorCalls,
    product: ServerProcess,
    product_calls: ProductCalls,
    small: ServerProcess,
    small_calls: ProductCalls,
    calls: int,
) -> list[Kind]:
    """What a round makes: the floor's calls beside the product's that are compared with them."""
    return [
        Kind(floor, floor_calls.empty, calls * 5, CALLERS, cpu="empty_call_cpu", latency="empty_call_4"),
        Kind(product, product_calls.answer, calls, CALLERS, cpu="unary_cpu_hit", latency="unary_4"),
        Kind(product, product_calls.stream, calls, CALLERS, cpu="stream_cpu_hit"),
        Kind(small, small_calls.answer, calls, CALLERS, cpu="unary_cpu_keywords"),
        Kind(product, product_calls.answer_from_the_cache, calls * 2, CALLERS, cpu="cache_hit_cpu"),
        Kind(product, product_calls.answer_a_new_question, calls // 4, CALLERS, cpu="unary_cpu_miss"),
        Kind(floor, floor_calls.empty, calls, 1, latency="empty_call_1"),
        Kind(product, product_calls.refused_by_a_limit, calls * 5, CALLERS, cpu="quota_refused_cpu"),
        Kind(product, product_calls.refused_by_a_limit, calls * 5, CALLERS * 10, cpu="quota_refused_many_cpu"),
        Kind(product, product_calls.answer, calls, 1, latency="unary_1"),
        Kind(product, product_calls.search, calls, 1, latency="search_1", shares=("p50",)),
        Kind(floor, floor_calls.stream, calls, 1, first="empty_stream_first"),
        Kind(product, product_calls.stream, calls, 1, first="stream_first"),
    ]


def _refused(
    full: ServerProcess, full_calls: ProductCalls, small: ServerProcess, small_calls: ProductCalls, calls: int
) -> list[Kind]:
    """The calls that are refused: by a server without a place, and for what they hold."""
    return [
        Kind(full, full_calls.refused, calls * 5, REFUSED_CALLERS, cpu="refused_cpu"),
        Kind(small, small_calls.many_elements, calls // 4, CALLERS, cpu="many_elements_cpu"),
    ]


async def _take(kind: Kind, measured: Measured) -> None:
    await kind.process.settle()
    before = kind.process.cpu_seconds()
    latencies, firsts = await _make(kind.call, kind.calls, kind.callers)
    await kind.process.settle()
    if kind.cpu:
        # With some calls always under way: an idle server pays for being woken, which is not what is asked.
        measured.figure(kind.cpu, (kind.process.cpu_seconds() - before) / len(latencies) * 1000)
    if kind.latency:
        measured.latency(kind.latency, latencies, kind.shares)
    if kind.first:
        measured.latency(kind.first, firsts, kind.shares)


async def _make(
    call: Callable[[], Awaitable[float | None]], calls: int, callers: int
) -> tuple[list[float], list[float]]:
    """Make calls; return the milliseconds each took, and those until its first text where it says when that was."""
    latencies: list[float] = []
    firsts: list[float] = []

    async def caller() -> None:
        for _ in range(calls // callers):
            began = time.perf_counter()
            first = await call()
            latencies.append((time.perf_counter() - began) * 1000)
            if first is not None:
                firsts.append((first - began) * 1000)

    await asyncio.gather(*(caller() for _ in range(callers)))
    return latencies, firsts


async def _store_and_start(
    measured: Measured, with_embedder: Sequence[str], without_embedder: Sequence[str], core: int
) -> None:
    """Start servers anew and store documents, in copies of the corpora so that every round finds the same ones."""
    async with (
        _floor(core) as (floor, floor_calls),
        storing(with_embedder, few()) as vectors,
        storing(without_embedder, corpus()) as words,
    ):
        measured.figure("empty_start", floor.start_seconds)
        async with _product(vectors.arguments, core) as (product, calling):
            measured.figure("start", product.start_seconds)
            measured.figure("ingest_vectors", await vectors.rate(calling))
        async with _product(words.arguments, core) as (_, calling):
            measured.figure("ingest_keywords", await words.rate(calling))
        measured.figure("empty_ingest", await words.floor(floor_calls))


@asynccontextmanager
async def _product(arguments: Sequence[str], core: int) -> AsyncIterator[tuple[ServerProcess, ProductCalls]]:
    async with (
        server("bench.product", arguments, core, settles=True) as running,
        grpc.aio.insecure_channel(running.address) as channel,
    ):
        yield running, ProductCalls(channel)


@asynccontextmanager
async def _floor(core: int) -> AsyncIterator[tuple[ServerProcess, FloorCalls]]:
    async with (
        server("bench.floor", core=core) as running,
        grpc.aio.insecure_channel(running.address) as channel,
    ):
        yield running, FloorCalls(channel)
