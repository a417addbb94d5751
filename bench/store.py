"""How fast the embedded store is, alone in its process: `python -m bench.store`.

Texts are content words drawn as in English, some often and most rarely: a question has one of its words in about every
sixth chunk, as the questions about the Python reference do. Vectors are random, as long as MiniLM's.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil

from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Chunk, Document, Sentence
from groundwire_server.domain.evidence import Query
from groundwire_server.domain.filters import Equals, Filter
from groundwire_server.domain.vector import Vector

DIMENSIONS = 384
WORDS = 20_000
COMMON_WORDS = 60
"""The greater, the rarer is the most frequent word."""

WORDS_A_CHUNK = 80
WORDS_A_QUESTION = 5
CHUNKS_A_DOCUMENT = 10
SENTENCES_A_CHUNK = 4
TOP_K = 10
SHARE_FILTERED = 20
"""One document in so many satisfies the filter."""

CALLER = Caller("bench", "bench", frozenset({"staff"}))


class Source:
    """Draws texts and vectors, the same ones every time."""

    def __init__(self) -> None:
        self._chance = random.Random(1)
        self._numbers = np.random.default_rng(1)
        self._words = [f"word{number}" for number in range(WORDS)]
        self._weights = list(accumulate(1.0 / (place + COMMON_WORDS) for place in range(WORDS)))

    def text(self, words: int) -> str:
        return " ".join(self._chance.choices(self._words, cum_weights=self._weights, k=words))

    def vector(self) -> Vector:
        numbers = self._numbers.standard_normal(DIMENSIONS, np.float32)
        return Vector("f", (numbers / np.linalg.norm(numbers)).tobytes())

    def document(self, number: int) -> tuple[Document, list[Chunk]]:
        chunks = [self._chunk(number, place) for place in range(CHUNKS_A_DOCUMENT)]
        allowed = frozenset({"staff"}) if number % 2 else frozenset({EVERYBODY})
        metadata = {"group": float(number % SHARE_FILTERED)}
        text = "\n".join(chunk.text for chunk in chunks)
        return Document(f"d{number}", text, f"Title {number}", metadata=metadata, allowed_principals=allowed), chunks

    def _chunk(self, number: int, place: int) -> Chunk:
        text = self.text(WORDS_A_CHUNK)
        size = len(text) // SENTENCES_A_CHUNK
        sentences = tuple(Sentence(n * size, n * size + size, self.vector()) for n in range(SENTENCES_A_CHUNK))
        return Chunk(f"d{number}/{place}", place, text, self.vector(), sentences)


async def fill(store: EmbeddedStore, source: Source, chunks: int) -> float:
    """Store documents; return chunks stored a second."""
    documents = [source.document(number) for number in range(chunks // CHUNKS_A_DOCUMENT)]
    began = time.perf_counter()
    for number, (document, pieces) in enumerate(documents):
        await store.corpus.put(CALLER, document, str(number), pieces, NEVER)
    return chunks / (time.perf_counter() - began)


async def search(store: EmbeddedStore, source: Source, condition: Filter | None, *, calls: int) -> list[float]:
    """Search one after the other; return each search's milliseconds, ascending."""
    queries = [Query(source.text(WORDS_A_QUESTION), source.vector(), TOP_K, condition) for _ in range(calls)]
    took = []
    for query in queries:
        began = time.perf_counter()
        evidence = await store.retriever.search(CALLER, query, NEVER)
        took.append((time.perf_counter() - began) * 1000)
        assert len(evidence.passages) == TOP_K
    return sorted(took)


@dataclass(frozen=True, slots=True)
class Reopened:
    """What a new process finds.

    Attributes:
        open_seconds: to open the store.
        first_seconds: for the first search, which reads all vectors of the tenant.
        own_megabytes: memory that only the store has brought into the process, after some searches.
        resident_megabytes: the same with the pages of the file that are mapped, which Linux takes back when it needs
            them.
    """

    open_seconds: float
    first_seconds: float
    own_megabytes: float
    resident_megabytes: float


def reopened(path: Path) -> Reopened:
    """Open a store that is there, and search it."""
    return asyncio.run(_reopened(path))


async def _reopened(path: Path) -> Reopened:
    source, process = Source(), psutil.Process()
    before = process.memory_full_info()
    began = time.perf_counter()
    with closing(EmbeddedStore.open(path, SystemClock(), Embedding("bench", DIMENSIONS))) as store:
        opened = time.perf_counter()
        await search(store, source, None, calls=1)
        first = time.perf_counter()
        await search(store, source, None, calls=50)
        after = process.memory_full_info()
    return Reopened(opened - began, first - opened, (after.uss - before.uss) / 1e6, (after.rss - before.rss) / 1e6)


async def measure(chunks: int, calls: int) -> None:
    source = Source()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite3"
        with closing(EmbeddedStore.open(path, SystemClock(), Embedding("bench", DIMENSIONS))) as store:
            rate = await fill(store, source, chunks)
            print(f"{chunks:>7,} chunks   put {rate:8,.0f} chunks/s   file {path.stat().st_size / 1e6:.0f} MB")
            for name, condition in (("search", None), ("filtered", Equals("group", 3.0))):
                await search(store, source, condition, calls=50)
                print(f"{chunks:>7,} chunks   {name:<9}{shown(await search(store, source, condition, calls=calls))}")
        # In a process of its own, whose memory has held nothing yet.
        with ProcessPoolExecutor(1, get_context("spawn")) as processes:
            found = processes.submit(reopened, path).result()
        print(
            f"{chunks:>7,} chunks   start    open {found.open_seconds * 1000:.0f} ms   first search "
            f"{found.first_seconds * 1000:.0f} ms   memory {found.own_megabytes:.0f} MB, with the mapped file "
            f"{found.resident_megabytes:.0f} MB"
        )


def shown(took: Sequence[float]) -> str:
    def at(percent: int) -> float:
        return took[min(len(took) * percent // 100, len(took) - 1)]

    return f"p50 {statistics.median(took):6.2f} ms   p95 {at(95):6.2f} ms   p99 {at(99):6.2f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.store", description=__doc__)
    parser.add_argument("--chunks", type=int, nargs="+", default=[1_200, 20_000, 50_000])
    parser.add_argument("--calls", type=int, default=500)
    given = parser.parse_args()
    for chunks in given.chunks:
        asyncio.run(measure(chunks, given.calls))


if __name__ == "__main__":
    main()
