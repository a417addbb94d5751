"""What becomes of the file: reopened, shared, foreign, broken, full."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding, UnusableStoreFailure
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Chunk, Document, Listing, Sentence
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.filters import Equals
from groundwire_server.domain.vocabulary import Cause
from tests.contract.stores import ALICE, BOB, DIMENSIONS, Store, chunk, closenesses, near

AXES = Embedding("axes", DIMENSIONS)


def opening(path: Path, embedding: Embedding | None = AXES) -> "closing[EmbeddedStore]":
    return closing(EmbeddedStore.open(path, SystemClock(), embedding, readers=1))


def over(opened: EmbeddedStore) -> Store:
    return Store(opened.retriever, opened.corpus, opened.sentence_vectors)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "store.sqlite3"


@pytest.fixture
def opened(path: Path) -> Iterator[EmbeddedStore]:
    with opening(path) as store:
        yield store


@pytest.fixture
def store(opened: EmbeddedStore) -> Store:
    return over(opened)


async def test_reopening_keeps_everything(path: Path) -> None:
    sentences = (Sentence(0, 4), Sentence(4, 8, near(3)))
    with opening(path) as opened:
        store = over(opened)
        for place, closeness in enumerate(closenesses(5)):
            given = Chunk(f"c{place}", 0, "Parcels wait.", near(0, closeness), sentences)
            await store.put(f"d{place}", given, metadata={"n": float(place % 2)})
        await store.put("secret", chunk("s", "Parcels wait.", near(0)), allowed=frozenset({"bob"}))
        await store.corpus.delete(ALICE, "d0", NEVER)
        await store.put("d1", chunk("c1 again", "Parcels wait.", near(0, 0.05)))
        version = await store.corpus.version(ALICE, NEVER)
        infos = await store.corpus.page(ALICE, Listing(), None, 10, NEVER)
    with opening(path) as opened:
        store = over(opened)
        assert await store.corpus.version(ALICE, NEVER) == version
        assert await store.corpus.page(ALICE, Listing(), None, 10, NEVER) == infos
        assert await store.corpus.text(ALICE, "d2", NEVER) == "Parcels wait."
        assert await store.found("was it", near(0)) == ["c2", "c3", "c4", "c1 again"]
        assert await store.found("was it", near(0), 1, caller=BOB) == ["s"]
        assert set(await store.found("parcels", condition=Equals("n", 0.0))) == {"c2", "c4"}
        found = await store.sentence_vectors.sentences(ALICE.tenant, ["c0", "c1", "c2"], NEVER)
        assert {name: tuple(given) for name, given in found.items()} == {"c2": sentences}
        assert (await store.put("d0", "Parcels return.")).revision == 2
        assert (await store.put("d1", "Parcels return.")).revision == 3


async def test_two_that_have_the_file_open_see_each_others_changes(path: Path) -> None:
    with opening(path) as first, opening(path) as second:
        one, other = over(first), over(second)
        await one.put("post", chunk("old", "Parcels wait.", near(0)))
        assert await other.found("was it", near(0)) == ["old"]
        stored = await other.put("post", chunk("new", "Boxes wait.", near(0)))
        assert stored.revision == 2
        assert await one.found("was it", near(0)) == ["new"]
        assert await one.found("parcels") == []
        assert await one.corpus.version(ALICE, NEVER) == stored.corpus_version
        await one.corpus.delete(ALICE, "post", NEVER)
        assert await other.found("boxes", near(0)) == []


async def test_without_an_embedding_model_there_are_keywords_alone(path: Path) -> None:
    with opening(path, None) as opened:
        store = over(opened)
        await store.put("post", "Parcels wait.")
        (passage,) = (await store.search("parcels", near(0))).passages
        assert passage.scores.vector_similarity is None
        with pytest.raises(ValueError, match="without an embedding model"):
            await store.put("vectors", chunk("c", "Boxes wait.", near(0)))
        assert await store.found("wait") == ["post/0"]
    with opening(path) as opened:
        assert await over(opened).found("parcels", near(0)) == ["post/0"]


async def test_vectors_of_another_length_are_refused_and_spoil_nothing(store: Store) -> None:
    await store.put("post", chunk("c", "Parcels wait.", near(0)))
    short, long = near(0)[: DIMENSIONS - 1], near(0) + near(1)[:1]
    for vectors in ((short, near(0)), (short, long)):
        with pytest.raises(ValueError, match="dimensions"):
            await store.put("bad", *(chunk(f"b{place}", "Bad.", given) for place, given in enumerate(vectors)))
    assert await store.found("parcels bad", near(0)) == ["c"]


def test_another_programs_file_is_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(UnusableStoreFailure) as refused:
        EmbeddedStore.open(path, SystemClock(), AXES)
    assert refused.value.cause is Cause.STORE_MISCONFIGURED
    assert str(path) in refused.value.advice
    assert "Name a file of its own" in refused.value.advice
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_cannot_be_opened_says_what_to_do(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(UnusableStoreFailure, match=r"SQLITE_CANTOPEN.*\. Check that"):
        EmbeddedStore.open(path, SystemClock(), AXES)


async def test_another_embedding_model_says_both_and_what_to_do(path: Path) -> None:
    with opening(path) as opened:
        await over(opened).put("post", chunk("c", "Parcels wait.", near(0)))
    for other in (Embedding("axes", DIMENSIONS + 1), Embedding("other", DIMENSIONS)):
        with pytest.raises(UnusableStoreFailure) as refused:
            EmbeddedStore.open(path, SystemClock(), other)
        for said in ("axes", f"{DIMENSIONS} dim", other.model, str(other.dimensions), "ingest the documents again"):
            assert said in refused.value.advice
    with opening(path) as opened:
        assert await over(opened).found("was it", near(0)) == ["c"]


async def test_a_model_that_another_process_has_written_since_is_a_misconfiguration(path: Path) -> None:
    with opening(path) as first, opening(path, Embedding("other", DIMENSIONS)) as second:
        await over(first).put("post", chunk("c", "Parcels wait.", near(0)))
        with pytest.raises(Failure) as failure:
            await over(second).put("more", chunk("d", "Boxes wait.", near(0)))
        assert failure.value.cause is Cause.STORE_MISCONFIGURED
        assert await over(second).found("boxes") == []


async def test_a_closed_store_is_unavailable(path: Path) -> None:
    with opening(path) as opened:
        store = over(opened)
    for call in (
        store.search("parcels", near(0)),
        store.put("post", "Parcels wait."),
        store.corpus.delete(ALICE, "post", NEVER),
        store.corpus.info(ALICE, "post", NEVER),
        store.corpus.text(ALICE, "post", NEVER),
        store.corpus.page(ALICE, Listing(), None, 1, NEVER),
        store.corpus.version(ALICE, NEVER),
        store.sentence_vectors.sentences("acme", ["c"], NEVER),
    ):
        with pytest.raises(Failure) as failure:
            await call
        assert failure.value.cause is Cause.STORE_UNAVAILABLE


def executing(sql: str) -> Callable[..., None]:
    def work(connection: sqlite3.Connection, job: object) -> None:
        connection.execute(sql).fetchone()

    return work


async def test_a_full_disk_is_unavailable_and_leaves_nothing_half_written(opened: EmbeddedStore, store: Store) -> None:
    stored = await store.put("post", "Parcels wait.")
    # The writer's connection may not make the file any longer.
    await opened._connections.write(executing("PRAGMA max_page_count = 1"), NEVER)
    with pytest.raises(Failure) as failure:
        await store.put("post", *(f"Boxes {number} wait. " * 50 for number in range(200)))
    assert failure.value.cause is Cause.STORE_UNAVAILABLE
    assert await store.corpus.version(ALICE, NEVER) == stored.corpus_version
    assert await store.found("parcels boxes") == ["post/0"]
    await opened._connections.write(executing("PRAGMA max_page_count = 1000000"), NEVER)
    assert (await store.put("post", *(f"Boxes {number} wait. " * 50 for number in range(200)))).revision == 2


async def test_a_file_that_may_not_be_written_is_a_misconfiguration(opened: EmbeddedStore, store: Store) -> None:
    await store.put("post", "Parcels wait.")
    await opened._connections.write(executing("PRAGMA query_only = ON"), NEVER)
    with pytest.raises(Failure) as failure:
        await store.put("post", "Boxes wait.")
    assert failure.value.cause is Cause.STORE_MISCONFIGURED
    assert await store.found("parcels") == ["post/0"]


async def test_a_damaged_page_is_a_misconfiguration(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with opening(path) as opened:
        await over(opened).put("post", "Parcels wait.")
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'texts'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
    with opening(path) as opened:
        with pytest.raises(Failure) as failure:
            await over(opened).corpus.text(ALICE, "post", NEVER)
        assert failure.value.cause is Cause.STORE_MISCONFIGURED
        assert await over(opened).found("parcels") == ["post/0"]
    assert "SQLITE_CORRUPT" in caplog.text
    assert "Parcels" not in caplog.text


async def test_a_defect_of_ours_stays_one_and_leaves_nothing(store: Store) -> None:
    same = [chunk("c", "Parcels wait."), chunk("c", "Boxes wait.")]
    with pytest.raises(sqlite3.IntegrityError):
        await store.corpus.put(ALICE, Document("post", "Text."), "hash", same, NEVER)
    assert await store.corpus.page(ALICE, Listing(), None, 10, NEVER) == []
    assert (await store.put("post", "Parcels wait.")).revision == 1


async def test_what_is_deleted_or_replaced_leaves_no_rows_behind(opened: EmbeddedStore, store: Store) -> None:
    for number in range(4):
        sentences = (Sentence(0, 4, near(3)),)
        given = Chunk("c", 0, f"Parcels {number} wait.", near(0), sentences)
        await store.put("post", given, metadata={"n": float(number)}, allowed=frozenset({"alice", f"p{number}"}))
    await store.corpus.delete(ALICE, "post", NEVER)

    def rows(connection: sqlite3.Connection, job: object) -> dict[str, int]:
        tables = ("access_lists", "grants", "texts", "chunks", "vectors", "sentences", "facts")
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}

    assert set((await opened._connections.read(rows, NEVER)).values()) == {0}
    await opened._connections.write(executing("INSERT INTO passages_1 (passages_1) VALUES ('integrity-check')"), NEVER)
