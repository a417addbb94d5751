"""The second chance of a question none of whose words is found in the embedded store."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Chunk, Document
from groundwire_server.domain.evidence import Evidence, Query
from tests.contract.stores import ALICE, ALL, BOB


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with closing(EmbeddedStore.open(tmp_path / "store.sqlite3", SystemClock(), None)) as opened:
        yield opened


async def put(store: EmbeddedStore, name: str, text: str, allowed: frozenset[str] = ALL) -> None:
    document = Document(name, text, allowed_principals=allowed)
    await store.corpus.put(ALICE, document, name, [Chunk(f"{name}/0", 0, text)], NEVER)


async def asked(store: EmbeddedStore, question: str, caller: Caller = ALICE) -> tuple[str, Sequence[str]]:
    found: Evidence = await store.retriever.search(caller, Query(question, None, 5), NEVER)
    return found.searched, [passage.document_id for passage in found.passages]


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        ("Where is the parcle?", "Where is the parcel?"),
        ("Reimbrusment!", "reimbursement!"),
        ("Who pays PERCELS?", "Who pays parcel?"),
    ],
)
async def test_the_nearest_words_are_searched_and_named(store: EmbeddedStore, question: str, searched: str) -> None:
    await put(store, "post", "A parcel waits for its reimbursement.")
    await put(store, "lunch", "Soup is served at noon.")
    assert await asked(store, question) == (searched, ["post"])


@pytest.mark.parametrize("question", ["parcle soup", "post", "pool", "pa123rcel", "xylophone", "日本語", "🙂🙂🙂"])
async def test_nothing_is_corrected_that_was_found_or_is_not_near(store: EmbeddedStore, question: str) -> None:
    await put(store, "post", "A parcel waits in the pond.")
    await put(store, "lunch", "Soup is served at noon.")
    searched, _ = await asked(store, question)
    assert searched == ""


async def test_a_word_that_the_caller_may_not_read_is_not_told(store: EmbeddedStore) -> None:
    await put(store, "secret", "Project Falconer begins in May.", frozenset({"user:nobody-else"}))
    await put(store, "other", "The falcons of the tower nest in spring.")
    assert await asked(store, "falconar", BOB) in [("", []), ("falcons", ["other"])]


async def test_the_most_frequent_of_equally_near_words_is_taken(store: EmbeddedStore) -> None:
    await put(store, "one", "The stable is by the door.")
    for number in range(3):
        await put(store, f"many{number}", "The staple is by the window.")
    searched, found = await asked(store, "stavle")
    assert (searched, len(found)) == ("staple", 3)
