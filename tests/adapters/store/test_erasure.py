"""No byte of an erased document is left in the files of the embedded store, or in what it holds in memory."""
# the files are small, and nothing waits for the loop

import asyncio
import gc
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding, connections
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Chunk, Document, PassageKind, Place, Sentence
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlaceKind,
    Erasure,
    OneDocument,
    OneSource,
    Selection,
)
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Cause
from tests.contract.stores import ALICE, DIMENSIONS, STRANGER, Store
from tests.doubles.canaries import Canaries

_WINDOW = 7
"""Characters that are looked for: the keyword index cuts off what a word has in common with the one before it."""


@dataclass
class Planted:
    """Documents with words and vectors of their own in every field, and the search for them in raw bytes."""

    store: Store
    words: dict[str, bytes] = field(default_factory=dict)
    vectors: dict[str, bytes] = field(default_factory=dict)
    canaries: Canaries = field(default_factory=Canaries)

    def _word(self, name: str, part: str) -> str:
        word = self.canaries.word(f"{name} {part}")
        self.words[f"{name} {part}"] = word.encode()
        return word

    def _vector(self, name: str, part: str) -> Vector:
        seed = int.from_bytes(self._word(name, part).encode()[-6:], "big")
        vector = Vector("f", np.random.default_rng(seed).random(DIMENSIONS, np.float32).tobytes())
        self.vectors[f"{name} {part}"] = vector.tobytes()
        del self.words[f"{name} {part}"]
        return vector

    async def put(self, name: str, revision: int = 1) -> str:
        """Store a revision of a document and return its id."""
        own = f"{name} {revision}"
        document_id = self._word(name, "id")
        text = f"{self._word(own, 'text')} and {self._word(own, 'chunk')} wait in the mail room."
        chunks = [
            Chunk(
                f"{self._word(own, 'chunk id')}/{place}",
                place,
                f"{piece} waits {place}.",
                self._vector(own, f"vector {place}"),
                (Sentence(0, 4, self._vector(own, f"sentence {place}")),),
                Place((self._word(own, "section"),), 1, PassageKind.TEXT),
            )
            for place, piece in enumerate(text.split(" and "))
        ]
        document = Document(
            document_id,
            text,
            self._word(own, "title"),
            f"file:///{name}/{self._word(own, 'source')}",
            {self._word(own, "key"): self._word(own, "value"), "l": (self._word(own, "item"),)},
            frozenset({"alice", self._word(own, "principal")}),
        )
        await self.store.corpus.put(ALICE, document, own, chunks, NEVER)
        return document_id

    def found_in(self, written: bytes) -> set[str]:
        """Return the places whose words, or parts of them, or vectors stand in some bytes."""
        found = {place for place, vector in self.vectors.items() if vector in written}
        for place, word in self.words.items():
            # Each begins in the same two letters.
            pieces = {word[start : start + _WINDOW] for start in range(2, len(word) - _WINDOW + 1)}
            if any(piece in written for piece in pieces):
                found.add(place)
        return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.sqlite3"


@pytest.fixture
def opened(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedStore]:
    # Some builds of SQLite overwrite what is deleted by default, others do not.
    monkeypatch.setattr(connections, "_SETTINGS", (*connections._SETTINGS, "PRAGMA secure_delete = OFF"))
    with closing(EmbeddedStore.open(file, SystemClock(), Embedding("axes", DIMENSIONS), readers=2)) as store:
        yield store


@pytest.fixture
def planted(opened: EmbeddedStore) -> Planted:
    return Planted(Store(opened.retriever, opened.corpus, opened.sentence_vectors))


def raw(file: Path) -> bytes:
    return b"".join(each.read_bytes() for each in file.parent.iterdir())


def counts(places: object) -> dict[ErasedPlaceKind, int]:
    return {each.kind: each.count for each in places}  # type: ignore[attr-defined]


async def everything(planted: Planted) -> tuple[str, str, str]:
    """A corpus with a past: revisions that were replaced, and documents that were deleted."""
    kept = await planted.put("kept")
    for number in range(30):
        await planted.store.put(f"other {number}", f"Boxes {number} wait. " * 40)
    await planted.put("mail", 1)
    mail = await planted.put("mail", 2)
    gone = await planted.put("gone")
    await planted.store.corpus.delete(ALICE, gone, NEVER)
    await planted.store.search("waits", planted._vector("question", "q"))
    planted.vectors.pop("question q")
    return kept, mail, gone


async def test_a_deletion_alone_leaves_texts_in_the_file(opened: EmbeddedStore, file: Path, planted: Planted) -> None:
    _, mail, _ = await everything(planted)
    assert planted.found_in(raw(file)) == {*planted.words, *planted.vectors}

    await planted.store.corpus.delete(ALICE, mail, NEVER)

    assert "mail 2 text" in planted.found_in(raw(file))


@pytest.mark.parametrize("by", ["document", "source", "prefix"])
async def test_of_an_erased_document_no_byte_is_left(
    opened: EmbeddedStore, file: Path, planted: Planted, by: str
) -> None:
    _, mail, _ = await everything(planted)
    info = await planted.store.corpus.info(ALICE, mail, NEVER)
    assert info is not None
    selections: dict[str, Selection] = {
        "document": OneDocument(mail),
        "source": OneSource(info.source_uri),
        "prefix": OneSource("file:///mail/", prefix=True),
    }

    places = await opened.erasure.erase(Erasure(ALICE.tenant, selections[by]), NEVER)

    assert all(each.complete for each in places)
    found = counts(places)
    assert found.pop(ErasedPlaceKind.STORE_FILES) > 0
    assert found == {
        ErasedPlaceKind.DOCUMENTS: 1,
        ErasedPlaceKind.PASSAGES: 2,
        ErasedPlaceKind.TOMBSTONES: 0,
    }
    left = planted.found_in(raw(file))
    assert {place for place in left if place.startswith("mail")} == set()
    # Of a document that was deleted before, its id alone.
    assert {place for place in left if place.startswith("gone")} == {"gone id"}
    assert {place for place in left if place.startswith("kept")} == {
        place for place in (*planted.words, *planted.vectors) if place.startswith("kept")
    }
    assert await planted.store.found("waits")
    assert (file.parent / f"{file.name}-wal").stat().st_size == 0


async def test_of_an_erased_tenant_no_byte_is_left_and_others_have_theirs(
    opened: EmbeddedStore, file: Path, planted: Planted
) -> None:
    await everything(planted)
    await planted.store.put("theirs", "Letters fly.", caller=STRANGER)

    places = await opened.erasure.erase(Erasure(ALICE.tenant, EntireTenant()), NEVER)
    again = await opened.erasure.erase(Erasure(ALICE.tenant, EntireTenant()), NEVER)

    assert counts(places)[ErasedPlaceKind.DOCUMENTS] == 32
    assert counts(places)[ErasedPlaceKind.TOMBSTONES] == 1
    assert counts(again)[ErasedPlaceKind.DOCUMENTS] == counts(again)[ErasedPlaceKind.TOMBSTONES] == 0
    assert planted.found_in(raw(file)) == set()
    assert b"Boxes" not in raw(file)
    assert b"other 1" not in raw(file)
    assert await planted.store.found("letters", caller=STRANGER) == ["theirs/0"]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_an_erased_id_is_new_when_it_is_stored_again(opened: EmbeddedStore, planted: Planted) -> None:
    mail = await planted.put("mail", 1)
    await planted.put("mail", 2)
    before = await planted.store.corpus.version(ALICE, NEVER)

    await opened.erasure.erase(Erasure(ALICE.tenant, OneDocument(mail)), NEVER)

    assert await planted.store.corpus.version(ALICE, NEVER) != before
    assert (await planted.store.put(mail, "Letters fly.")).revision == 1
    assert await planted.store.found("letters") == [f"{mail}/0"]


async def test_no_vector_of_an_erased_document_stays_in_memory(opened: EmbeddedStore, planted: Planted) -> None:
    mail = await planted.put("mail")
    (vector, *_) = planted.vectors.values()
    question = Vector("f", vector)
    assert len((await planted.store.search("waits", question)).passages) == 2
    assert vector in held_in_arrays()

    await opened.erasure.erase(Erasure(ALICE.tenant, OneDocument(mail)), NEVER)

    assert vector not in held_in_arrays()
    assert await planted.store.found("waits", question) == []


def held_in_arrays() -> bytes:
    """The numbers of every matrix of vectors in this process."""
    gc.collect()
    matrices = (each for each in gc.get_objects() if type(each).__name__ == "_Matrix")
    return b"".join(matrix._vectors.tobytes() for matrix in matrices)


async def test_searches_go_on_and_changes_wait_while_documents_are_erased(
    opened: EmbeddedStore, planted: Planted
) -> None:
    _, mail, _ = await everything(planted)

    erasing = asyncio.create_task(opened.erasure.erase(Erasure(ALICE.tenant, OneDocument(mail)), NEVER))
    stored = asyncio.create_task(planted.store.put("new", "Letters fly."))
    while not erasing.done():
        assert len((await planted.store.search("boxes")).passages) == 10
    places = await erasing
    await stored

    assert all(each.complete for each in places)
    assert await planted.store.found("letters") == ["new/0"]


async def test_a_reader_of_an_earlier_state_is_waited_for_until_the_time_is_up(
    opened: EmbeddedStore, file: Path, planted: Planted
) -> None:
    _, mail, _ = await everything(planted)
    erasure = Erasure(ALICE.tenant, OneDocument(mail))
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM texts").fetchone()
        places = await opened.erasure.erase(erasure, Deadline(SystemClock().now() + 0.5))
        assert [each.complete for each in places] == [True, True, True, False]
        assert "mail 2 text" in planted.found_in(raw(file))

    again = await opened.erasure.erase(erasure, NEVER)

    assert all(each.complete for each in again)
    assert not {place for place in planted.found_in(raw(file)) if place.startswith("mail")}


async def test_without_time_nothing_is_erased(opened: EmbeddedStore, planted: Planted) -> None:
    mail = await planted.put("mail")

    with pytest.raises(Failure) as failed:
        await opened.erasure.erase(Erasure(ALICE.tenant, OneDocument(mail)), Deadline(SystemClock().now() - 1))

    assert failed.value.cause is Cause.STORE_TIMEOUT
    assert await planted.store.corpus.info(ALICE, mail, NEVER) is not None
