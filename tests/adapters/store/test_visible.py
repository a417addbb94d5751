"""What the embedded store has said of passages is said again without reading, until anybody changes the file."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.adapters.store.embedded.connections import Connections
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.contract.stores import ALICE, Store

BOB = Caller("acme", "bob", frozenset({"bob"}))
OTHER = Caller("other", "alice", ALICE.principals)


class Reads:
    """The reads of a store in threads, counted, with what happens before each of them comes back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.then: Callable[[], Any] | None = None
        inner = Connections.read

        async def read(connections: Connections, *given: Any) -> Any:
            self.count += 1
            found, then = await inner(connections, *given), self.then
            if then is not None:
                self.then = None
                await then()
            return found

        monkeypatch.setattr(Connections, "read", read)


def opened(folder: Path) -> EmbeddedStore:
    return EmbeddedStore.open(folder / "store.sqlite3", SystemClock(), None, readers=1)


def wrapped(store: EmbeddedStore) -> Store:
    return Store(store.retriever, store.corpus, store.sentence_vectors)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(opened(tmp_path)) as embedded:
        yield wrapped(embedded)


@pytest.fixture
def another_process(store: Store, tmp_path: Path) -> Iterator[Store]:
    """The same file, as a worker beside this one has it."""
    with closing(opened(tmp_path)) as embedded:
        yield wrapped(embedded)


@pytest.fixture
async def found(store: Store) -> tuple[Passage, ...]:
    await store.put("post", "A parcel waits.", allowed=frozenset({"alice", "bob"}))
    await store.put("open", "A parcel flies.")
    return (await store.search("parcel")).passages


@pytest.fixture
def reads(found: tuple[Passage, ...], monkeypatch: pytest.MonkeyPatch) -> Reads:
    """Counted once the passages are there."""
    return Reads(monkeypatch)


async def test_an_unchanged_file_is_read_once(store: Store, found: tuple[Passage, ...], reads: Reads) -> None:
    first = await store.retriever.still_visible(ALICE, found, NEVER)
    again = await store.retriever.still_visible(ALICE, found, NEVER)
    assert first.chunk_ids == {"post/0", "open/0"}
    assert again == first
    assert reads.count == 1


@pytest.mark.parametrize(
    ("caller", "changes"),
    [(BOB, {}), (OTHER, {}), (ALICE, {"text": "A parcel"}), (ALICE, {"revision": 2}), (ALICE, {"document_id": "x"})],
    ids=["other principals", "another tenant", "another text", "another revision", "another document"],
)
async def test_what_was_read_is_for_the_same_passages_and_rights_alone(
    store: Store, found: tuple[Passage, ...], reads: Reads, caller: Caller, changes: dict[str, Any]
) -> None:
    await store.retriever.still_visible(ALICE, found, NEVER)
    await store.retriever.still_visible(caller, [replace(found[0], **changes), found[1]], NEVER)
    assert reads.count == 2


async def test_words_that_move_from_one_passage_to_the_next_make_others_of_them(
    store: Store, found: tuple[Passage, ...], reads: Reads
) -> None:
    one, other = found
    await store.retriever.still_visible(ALICE, [replace(one, text="ab"), replace(other, text="c")], NEVER)
    await store.retriever.still_visible(ALICE, [replace(one, text="a"), replace(other, text="bc")], NEVER)
    assert reads.count == 2


async def test_a_change_by_another_process_counts_at_once(
    store: Store, another_process: Store, found: tuple[Passage, ...], reads: Reads
) -> None:
    assert await store.still_visible(found) == {"post/0", "open/0"}
    await another_process.put("open", "A letter flies.")
    assert await store.still_visible(found) == {"post/0"}
    await another_process.put("post", "A parcel waits.", allowed=frozenset({"bob"}))
    assert await store.still_visible(found) == set()


async def test_a_change_while_the_file_is_read_counts_at_the_next_look(
    store: Store, another_process: Store, found: tuple[Passage, ...], reads: Reads
) -> None:
    reads.then = lambda: another_process.corpus.delete(ALICE, "open", NEVER)
    assert await store.still_visible(found) == {"post/0", "open/0"}
    assert await store.still_visible(found) == {"post/0"}


async def test_a_file_whose_changes_cannot_be_seen_is_read_each_time(
    store: Store, found: tuple[Passage, ...], reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connections, "last_change", lambda connections, deadline: None)
    for _ in range(2):
        assert await store.still_visible(found) == {"post/0", "open/0"}
    assert reads.count == 2


async def test_a_closed_store_says_nothing_that_it_has_read(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as embedded:
        store = wrapped(embedded)
        await store.put("open", "A parcel flies.")
        found = (await store.search("parcel")).passages
        assert await store.still_visible(found) == {"open/0"}
    with pytest.raises(Failure) as failure:
        await store.still_visible(found)
    assert failure.value.cause is Cause.STORE_UNAVAILABLE
