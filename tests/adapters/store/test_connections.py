"""Work in the store's threads goes on for as long as somebody waits for it and leaves nothing half-done.

Deleting the line that sets the progress handler, or the one that stops a job, turns tests here red.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from opentelemetry.trace import StatusCode

from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.adapters.store.embedded import corpus as corpus_module
from groundwire_server.adapters.store.embedded.connections import Connections, Job
from groundwire_server.adapters.store.embedded.filters import store_facts
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Document
from groundwire_server.domain.evidence import Evidence, Query
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.contract.stores import ALICE, ALL, DIMENSIONS, Store, chunk, near
from tests.doubles.spans import Spans

COUNTS_FOR_LONG = (
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 60000000) SELECT count(*) FROM c"
)
"""Takes many seconds, but ends: a store that cannot interrupt it fails its test and does not hang it."""


class Counting:
    """Work that counts for long, and says when it began and whether it came to its end."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.left = threading.Event()
        self.finished = False

    def __call__(self, connection: sqlite3.Connection, *rest: object) -> None:
        self.began.set()
        try:
            connection.execute(COUNTS_FOR_LONG).fetchone()
            self.finished = True
        finally:
            self.left.set()


def soon(seconds: float) -> Deadline:
    return Deadline(SystemClock().now() + seconds)


async def has(event: threading.Event) -> bool:
    return await asyncio.to_thread(event.wait, 5.0)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[EmbeddedStore]:
    path = tmp_path / "store.sqlite3"
    with closing(EmbeddedStore.open(path, SystemClock(), Embedding("axes", DIMENSIONS), readers=1)) as store:
        yield store


@pytest.fixture
def store(opened: EmbeddedStore) -> Store:
    return Store(opened.retriever, opened.corpus, opened.sentence_vectors)


@pytest.fixture
def connections(opened: EmbeddedStore) -> Connections:
    return opened._connections


Run = Callable[[Counting, Deadline], "asyncio.Task[None]"]


@pytest.fixture(params=["read", "write"])
def run(request: pytest.FixtureRequest, connections: Connections) -> Run:
    method = getattr(connections, request.param)
    return lambda work, deadline: asyncio.create_task(method(work, deadline))


async def test_a_late_statement_is_interrupted_and_frees_its_thread(run: Run) -> None:
    work = Counting()
    with pytest.raises(Failure) as failure:
        await run(work, soon(0.1))
    assert failure.value.cause is Cause.STORE_TIMEOUT
    assert await has(work.left)
    assert not work.finished


async def test_a_statement_whose_caller_left_is_interrupted_and_frees_its_thread(run: Run) -> None:
    work = Counting()
    task = run(work, NEVER)
    assert await has(work.began)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await has(work.left)
    assert not work.finished


async def test_closing_interrupts_what_runs_and_what_waits(opened: EmbeddedStore, run: Run) -> None:
    running, waiting = Counting(), Counting()
    tasks = [run(running, NEVER), run(waiting, NEVER)]
    assert await has(running.began)
    await asyncio.to_thread(opened.close)
    for task in tasks:
        with pytest.raises(Failure):
            await task
    assert not running.finished
    assert not waiting.began.is_set()


async def test_what_waits_for_a_thread_is_held_to_its_time(connections: Connections) -> None:
    running, waiting = Counting(), Counting()
    task = asyncio.create_task(connections.read(running, NEVER))
    assert await has(running.began)
    with pytest.raises(Failure) as failure:
        await connections.read(waiting, soon(0.02))
    assert failure.value.cause is Cause.STORE_TIMEOUT
    assert not running.left.is_set()
    task.cancel()
    assert await connections.read(lambda connection, job: "next", NEVER) == "next"
    assert not waiting.began.is_set()


async def test_work_that_ended_too_late_is_not_committed(connections: Connections) -> None:
    def work(connection: sqlite3.Connection, job: Job) -> None:
        connection.execute("INSERT INTO settings VALUES ('late', 'yes')")
        job.stop()

    with pytest.raises(Failure) as failure:
        await connections.write(work, NEVER)
    assert failure.value.cause is Cause.STORE_TIMEOUT
    written = await connections.read(
        lambda connection, job: connection.execute("SELECT * FROM settings").fetchall(), NEVER
    )
    assert written == []


async def test_an_interruption_does_not_reach_the_next_work(connections: Connections) -> None:
    for _ in range(3):
        with pytest.raises(Failure):
            await connections.write(Counting(), soon(0.02))
        assert await connections.write(lambda connection, job: connection.in_transaction, NEVER)


async def test_waiting_for_a_lock_ends_with_the_time(connections: Connections) -> None:
    lock = threading.Lock()
    with lock:
        with pytest.raises(Failure) as failure:
            await connections.read(lambda connection, job: job.acquire(lock), soon(0.02))
        assert failure.value.cause is Cause.STORE_TIMEOUT
        assert await connections.read(lambda connection, job: "next", NEVER) == "next"


async def test_a_put_waits_for_another_process_until_its_time_is_up(store: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Failure) as failure:
            await store.corpus.delete(ALICE, "post", soon(0.05))
        assert failure.value.cause is Cause.STORE_TIMEOUT
        assert await store.found("parcels") == []
        waiting = asyncio.create_task(store.put("post", "Parcels wait."))
        other.execute("COMMIT")
        assert (await waiting).revision == 1


class TestAPutThatEndsEarly:
    """It writes everything, then counts for long before it can commit."""

    @pytest.fixture
    def work(self, monkeypatch: pytest.MonkeyPatch) -> Counting:
        work = Counting()

        def write_then_count(connection: sqlite3.Connection, *rest: object) -> None:
            store_facts(connection, *rest)  # type: ignore[arg-type]
            monkeypatch.undo()
            work(connection)

        monkeypatch.setattr(corpus_module, "store_facts", write_then_count)
        return work

    @staticmethod
    async def check(store: Store, work: Counting, version: str) -> None:
        assert await has(work.left)
        assert not work.finished
        assert await store.corpus.version(ALICE, NEVER) == version
        assert await store.corpus.text(ALICE, "post", NEVER) is None
        assert await store.found("parcels", near(0)) == []
        stored = await store.put("post", chunk("c", "Parcels wait.", near(0)), metadata={"a": "x"})
        assert stored.revision == 1
        assert await store.found("parcels", near(0)) == ["c"]

    async def test_because_it_was_cancelled_leaves_nothing(self, store: Store, work: Counting) -> None:
        version = await store.corpus.version(ALICE, NEVER)
        task = asyncio.create_task(store.put("post", chunk("c", "Parcels wait.", near(0)), metadata={"a": "x"}))
        assert await has(work.began)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await self.check(store, work, version)

    async def test_because_it_was_late_leaves_nothing(self, store: Store, work: Counting) -> None:
        version = await store.corpus.version(ALICE, NEVER)
        document = Document("post", "Parcels wait.", metadata={"a": "x"}, allowed_principals=ALL)
        with pytest.raises(Failure) as failure:
            await store.corpus.put(ALICE, document, "h", [chunk("c", "Parcels wait.", near(0))], soon(0.3))
        assert failure.value.cause is Cause.STORE_TIMEOUT
        await self.check(store, work, version)

    async def test_leaves_the_old_revision(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        stored = await store.put("post", chunk("old", "Parcels wait.", near(0)))
        work = Counting()
        monkeypatch.setattr(corpus_module, "prune", work)
        task = asyncio.create_task(store.put("post", chunk("new", "Soup is served.", near(1))))
        assert await has(work.began)
        # Others read on while it writes.
        assert await store.found("parcels soup", near(0)) == ["old"]
        task.cancel()
        assert await has(work.left)
        assert not work.finished
        assert await store.corpus.version(ALICE, NEVER) == stored.corpus_version
        assert await store.corpus.text(ALICE, "post", NEVER) == "Parcels wait."
        assert await store.found("parcels soup", near(0)) == ["old"]


class TestSearchesAndChanges:
    async def test_a_search_that_was_overtaken_finds_the_newer_revision(self, tmp_path: Path) -> None:
        """Its snapshot is older than the vectors, which another search has brought up to a later change."""
        path = tmp_path / "overtaken.sqlite3"
        with closing(EmbeddedStore.open(path, SystemClock(), Embedding("axes", DIMENSIONS), readers=2)) as two:
            store = Store(two.retriever, two.corpus, two.sentence_vectors)
            await store.put("post", chunk("old", "Parcels wait.", near(0)))
            assert await store.found("was it", near(0)) == ["old"]
            began, goes_on = threading.Event(), threading.Event()

            def search(connection: sqlite3.Connection, job: Job) -> object:
                connection.execute("SELECT count(*) FROM tenants").fetchone()  # Now the snapshot is fixed.
                began.set()
                goes_on.wait(5.0)
                return two.retriever._search(ALICE, Query("was it", near(0), 5), connection, job)

            overtaken = asyncio.create_task(two._connections.read(search, NEVER))
            assert await has(began)
            stored = await store.put("post", chunk("new", "Parcels wait.", near(0)))
            assert await store.found("was it", near(0)) == ["new"]
            goes_on.set()
            evidence = await overtaken
            assert isinstance(evidence, Evidence)
            assert [(passage.chunk_id, passage.revision) for passage in evidence.passages] == [("new", 2)]
            assert evidence.corpus_version == stored.corpus_version

    async def test_a_search_that_runs_keeps_its_vectors(self, opened: EmbeddedStore, store: Store) -> None:
        await store.put("post", chunk("old", "Parcels wait.", near(0)))
        await store.put("rest", *(chunk(f"r{number}", "Soup.", near(1), number) for number in range(5)))
        await store.found("parcels", near(0))
        vectors = opened.retriever._vectors
        assert vectors is not None
        (matrix,) = vectors._tenants.values()
        held = matrix.rows()
        before = held.access.copy(), held.vectors.copy()
        await store.corpus.delete(ALICE, "post", NEVER)
        await store.put("more", *(chunk(f"m{number}", "Soup.", near(2), number) for number in range(300)))
        await store.found("parcels", near(0))
        assert (held.access == before[0]).all()
        assert (held.vectors == before[1]).all()


async def test_the_first_calls_after_the_start_may_come_all_at_once(tmp_path: Path) -> None:
    """The first connection rebuilds the journal's index: one that is refused meanwhile is one in sixteen openings."""
    for _ in range(100):
        store = EmbeddedStore.open(tmp_path / "store.sqlite3", SystemClock(), None, readers=4)
        with closing(store):
            versions = await asyncio.gather(*(store.corpus.version(ALICE, NEVER) for _ in range(4)))
        assert len(set(versions)) == 1


async def test_a_search_has_a_span_with_what_it_failed_with(tmp_path: Path) -> None:
    spans = Spans()
    path = tmp_path / "store.sqlite3"
    with closing(EmbeddedStore.open(path, SystemClock(), None, readers=1, recording=spans.recording)) as store:
        await store.retriever.search(ALICE, Query("parcels", None, 3), NEVER)
        with pytest.raises(Failure):
            await store.retriever.search(ALICE, Query("parcels", None, 3), Deadline(0))
    found, late = spans.finished
    assert found.name == late.name == "search.keyword chunks"
    assert (found.attributes or {})["db.response.returned_rows"] == 0
    assert (late.attributes or {})["error.type"] == "STORE_TIMEOUT"
    assert late.status.status_code is StatusCode.ERROR
