"""What the embedded store does beyond its ports: files, interruption, memory."""

import asyncio
import logging
import random
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding, UnusableStore
from groundwire_server.adapters.store.embedded import corpus as corpus_module
from groundwire_server.adapters.store.embedded.connections import Connections, Job
from groundwire_server.adapters.store.embedded.scope import resolve
from groundwire_server.adapters.store.embedded.store import EmbeddedStore as Opened
from groundwire_server.adapters.store.embedded.vectors import Rows
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Chunk, Document
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.store.engine import ALICE, Store, embedded
from tests.doubles.embedder import HashingEmbedder

COUNTS_FOR_HOURS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    opened = Connections(tmp_path / "file.sqlite3", SystemClock(), readers=1)
    yield opened
    opened.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with embedded(tmp_path) as opened:
        yield opened


async def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    async with embedded(tmp_path) as store:
        await store.put("cats", "Cats purr.", metadata={"n": 1.0})
        await store.put("ships", "Ships sail.")
        await store.corpus.delete(ALICE, "ships", NEVER)
        version = await store.corpus.version(ALICE, NEVER)
    async with embedded(tmp_path) as store:
        evidence = await store.search("cats")
        assert evidence.corpus_version == version
        (passage,) = evidence.passages
        assert passage.metadata == {"n": 1.0}
        assert passage.scores.vector_similarity is not None
        assert (await store.put("ships", "Ships sail.")).revision == 2


def _open(path: Path, model: str = "hashing-256", dimensions: int = 256) -> Opened:
    return EmbeddedStore.open(path, SystemClock(), Embedding(model, dimensions))


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(UnusableStore, match="another program's database"):
        _open(path)


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    _open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UnusableStore, match="format 99, written by a newer groundwire"):
        _open(path)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_bytes(b"not a database, but long enough to be one" * 100)
    with pytest.raises(UnusableStore, match="SQLITE_NOTADB"):
        _open(path)


async def test_another_embedding_model_is_refused_once_there_are_vectors(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    _open(path).close()
    _open(path, "another", 8).close()
    async with embedded(tmp_path) as store:
        await store.put("cats", "Cats purr.")
    with pytest.raises(UnusableStore, match=r"holds vectors of hashing-256 .* embedder is another"):
        _open(path, "another", 8)


async def test_a_statement_is_interrupted_when_its_time_is_up(connections: Connections) -> None:
    ended = threading.Event()
    with pytest.raises(Failure) as caught:
        await connections.read(Counting(ended), _soon(0.05))
    assert caught.value.cause is Cause.STORE_TIMEOUT
    # The only thread is free again: the statement was stopped and not merely left alone.
    assert await connections.read(lambda connection, job: "next", _soon(5.0)) == "next"
    assert ended.is_set()


async def test_a_statement_is_interrupted_when_its_caller_leaves(connections: Connections) -> None:
    began, ended = threading.Event(), threading.Event()
    task = asyncio.create_task(connections.read(Counting(ended, began), NEVER))
    await asyncio.to_thread(began.wait, 5.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await connections.read(lambda connection, job: "next", _soon(5.0)) == "next"
    assert ended.is_set()


async def test_closing_interrupts_what_runs(connections: Connections) -> None:
    began, ended = threading.Event(), threading.Event()
    task = asyncio.create_task(connections.read(Counting(ended, began), NEVER))
    await asyncio.to_thread(began.wait, 5.0)
    await asyncio.to_thread(connections.close)
    with pytest.raises(Failure):
        await task
    assert ended.is_set()
    with pytest.raises(Failure) as caught:
        await connections.read(lambda connection, job: None, NEVER)
    assert caught.value.cause is Cause.STORE_UNAVAILABLE


async def test_a_put_that_is_late_leaves_nothing_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.put("kept", "Cats purr.")
    before = await store.corpus.version(ALICE, NEVER)

    def slow(connection: sqlite3.Connection, *rest: object) -> None:
        connection.execute(COUNTS_FOR_HOURS)

    with monkeypatch.context() as patched:
        # The last thing that a put writes.
        patched.setattr(corpus_module, "store_facts", slow)
        with pytest.raises(Failure) as caught:
            await store.corpus.put(ALICE, Document("late", "Late."), "hash", [Chunk("c", 0, "Late.")], _soon(0.05))
    assert caught.value.cause is Cause.STORE_TIMEOUT
    assert await store.corpus.version(ALICE, NEVER) == before
    assert await store.found("late", vector=False) == []
    assert (await store.put("late", "Late.")).revision == 1


async def test_a_file_that_becomes_unreadable_is_unavailable_or_misconfigured(store: Store, tmp_path: Path) -> None:
    await store.put("cats", "Cats purr.")
    breaking = sqlite3.connect(tmp_path / "store.sqlite3")
    breaking.execute("DROP TABLE documents")
    breaking.commit()
    breaking.close()
    with pytest.raises(Failure) as caught:
        await store.search("cats")
    assert caught.value.cause is Cause.STORE_MISCONFIGURED


async def test_vectors_stay_right_through_growth_and_compaction(tmp_path: Path) -> None:
    chance = random.Random(7)
    embedder = HashingEmbedder()
    opened = EmbeddedStore.open(
        tmp_path / "store.sqlite3", SystemClock(), Embedding(embedder.model, embedder.dimensions), readers=1
    )
    store = Store(opened.retriever, opened.corpus, opened.sentence_vectors, embedder)
    held: dict[str, list[str]] = {}
    for step in range(160):
        name = f"d{chance.randrange(30)}"
        if held.get(name) and chance.random() < 0.3:
            await store.corpus.delete(ALICE, name, NEVER)
            del held[name]
        else:
            held[name] = [f"word{chance.randrange(500)} of {chance.randrange(9)}" for _ in range(chance.randrange(40))]
            await store.put(name, *held[name])
        if step % 20 == 0:
            await store.search("word1")
    rows = await opened.retriever._connections.read(_rows(opened), NEVER)
    texts = sorted(text for chunks in held.values() for text in chunks)
    expected = np.array([await store.vector(text) for text in texts])
    alive = rows.vectors[rows.access != 0]
    assert alive.shape == expected.shape
    assert np.allclose(np.sort(alive, axis=0), np.sort(expected, axis=0))
    assert list(rows.ids) == sorted(rows.ids)
    opened.close()


async def test_a_large_tenant_is_told_of_weaviate_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(corpus_module, "COMFORTABLE_CHUNKS", 3)
    with caplog.at_level(logging.WARNING):
        for number in range(6):
            await store.put(f"d{number}", "text")
    (record,) = caplog.records
    assert "Weaviate" in record.getMessage()
    assert vars(record)["chunks"] == 4


class Counting:
    """A statement that would run for hours."""

    def __init__(self, ended: threading.Event, began: threading.Event | None = None) -> None:
        self._ended = ended
        self._began = began or threading.Event()

    def __call__(self, connection: sqlite3.Connection, job: Job) -> None:
        self._began.set()
        try:
            connection.execute(COUNTS_FOR_HOURS)
        finally:
            self._ended.set()


def _soon(seconds: float) -> Deadline:
    return Deadline(SystemClock().now() + seconds)


def _rows(opened: Opened) -> Callable[[sqlite3.Connection, Job], Rows]:
    """Read the tenant's matrix as a search would."""

    def read(connection: sqlite3.Connection, job: Job) -> Rows:
        scope = resolve(connection, ALICE, None)
        vectors = opened.retriever._vectors
        assert scope is not None
        assert vectors is not None
        return vectors.current(connection, scope, job)

    return read
