"""What the Weaviate adapter costs in the server: `python -m bench.weaviate_store`.

The same search is made by the adapter and by the bare generated stub, in turn, against one double in another process;
CPU is that of this process. Ingest is timed with vectors given.
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import grpc
from rich.progress import track
from weaviate.proto.v1 import search_get_pb2, weaviate_pb2_grpc

from bench.servers import server
from bench.store import CALLER, CHUNKS_A_DOCUMENT, DIMENSIONS, WORDS_A_QUESTION, Source
from groundwire_server.adapters.store.weaviate.options import (
    VectorSource,
    WeaviateOptions,
)
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.evidence import Query
from groundwire_server.ports.recording import unrecorded

_VECTORS = VectorSource("bench", DIMENSIONS)
_SEARCHED = 200
_INGESTED = 2_000
_TOP_K = 8
_CALLERS = 4
_SECONDS = 30.0


async def measure(calls: int, rounds: int, core: int) -> dict[str, list[float]]:
    """Return the figures of every round by name, in milliseconds: CPU of a search, and the time that a chunk takes."""
    figures: dict[str, list[float]] = {}
    source = Source()
    async with server("bench.weaviate_double", core=core) as double, opened(double.address, _VECTORS) as store:
        await _fill(store, source, CALLER, 0, _SEARCHED)
        query = Query(source.text(WORDS_A_QUESTION), source.vector(), _TOP_K)
        request = await _request(store, query)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{double.address.partition(',')[2]}") as channel:
            stub = weaviate_pb2_grpc.WeaviateStub(channel)  # type: ignore[no-untyped-call]

            async def bare() -> None:
                reply = await stub.Search(request, timeout=_SECONDS)
                assert len(reply.results) == _TOP_K

            async def adapted() -> None:
                by = Deadline(asyncio.get_running_loop().time() + _SECONDS)
                found = await store.retriever.search(CALLER, query, by)
                assert len(found.passages) == _TOP_K

            for round_ in track(range(rounds), description="measuring Weaviate"):
                floor = await _cpu(bare, calls)
                figures.setdefault("weaviate_stub_cpu", []).append(floor)
                figures.setdefault("weaviate_added_cpu", []).append(await _cpu(adapted, calls) - floor)
                # In a tenant of its own: the double's searches would slow down as documents add up.
                caller = replace(CALLER, tenant=f"round{round_}")
                with _caught(store, "BatchObjects") as batches:
                    took = await _fill(store, source, caller, (round_ + 1) * _INGESTED, _INGESTED)
                figures.setdefault("weaviate_ingest", []).append(took * 1000 / _INGESTED)
                took = await _send(stub.BatchObjects, batches)
                figures.setdefault("weaviate_stub_ingest", []).append(took * 1000 / _INGESTED)
    return figures


@asynccontextmanager
async def opened(ports: str, vectors: VectorSource) -> AsyncIterator[WeaviateStore]:
    """A store in the double that listens there, with its collections made."""
    http, grpc_ = ports.split(",")
    async with applied(WeaviateOptions(http=f"127.0.0.1:{http}", grpc=f"127.0.0.1:{grpc_}"), vectors) as store:
        yield store


@asynccontextmanager
async def applied(options: WeaviateOptions, vectors: VectorSource) -> AsyncIterator[WeaviateStore]:
    """A store whose collections are as its options ask."""
    store = WeaviateStore.open(options, vectors, SystemClock(), unrecorded())
    try:
        await store.schema.apply(await store.schema.plan(NEVER), NEVER)
        yield store
    finally:
        await store.close()


async def _fill(store: WeaviateStore, source: Source, caller: Caller, first: int, chunks: int) -> float:
    """Store documents, some at once as several streams do; return seconds."""
    numbers = range(first, first + chunks // CHUNKS_A_DOCUMENT)
    documents = iter([(number, *source.document(number)) for number in numbers])

    async def stream() -> None:
        for number, document, pieces in documents:
            await store.corpus.put(caller, document, str(number), pieces, NEVER)

    began = time.perf_counter()
    await asyncio.gather(*(stream() for _ in range(_CALLERS)))
    return time.perf_counter() - began


async def _request(store: WeaviateStore, query: Query) -> search_get_pb2.SearchRequest:
    """What the adapter sends for a query; what it then asks about documents is not among it."""
    with _caught(store, "Search") as caught:
        await store.retriever.search(CALLER, query, NEVER)
    request: search_get_pb2.SearchRequest
    (request,) = (each for each in caught if each.HasField("hybrid_search"))
    return request


@contextmanager
def _caught(store: WeaviateStore, method: str) -> Iterator[list[Any]]:
    """The requests that the adapter sends, caught on their way."""
    caught: list[Any] = []
    connection = store._connection._client._connection  # type: ignore[union-attr]  # noqa: SLF001
    stub = connection._grpc_stub  # noqa: SLF001
    send = getattr(stub, method)

    async def catch(request: object, **options: object) -> object:
        caught.append(request)
        return await send(request, **options)

    setattr(stub, method, catch)
    try:
        yield caught
    finally:
        setattr(stub, method, send)


async def _send(method: Callable[..., Awaitable[object]], requests: Sequence[object]) -> float:
    """Send requests, some at once; return seconds."""
    waiting = iter(requests)

    async def stream() -> None:
        for request in waiting:
            await method(request, timeout=_SECONDS)

    began = time.perf_counter()
    await asyncio.gather(*(stream() for _ in range(_CALLERS)))
    return time.perf_counter() - began


async def _cpu(call: Callable[[], Awaitable[None]], count: int) -> float:
    """Milliseconds of this process's CPU a call, with some calls always under way."""

    async def caller() -> None:
        for _ in range(count // _CALLERS):
            await call()

    await asyncio.gather(*(caller() for _ in range(_CALLERS)))
    before = time.process_time()
    await asyncio.gather(*(caller() for _ in range(_CALLERS)))
    return (time.process_time() - before) * 1000 / (count // _CALLERS * _CALLERS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.weaviate_store", description=__doc__)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    for name, values in asyncio.run(measure(given.calls, given.rounds, cores[0])).items():
        print(f"{name:20} {statistics.median(values):.3f} ms ({min(values):.3f} to {max(values):.3f})")


if __name__ == "__main__":
    main()
