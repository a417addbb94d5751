"""What an expected revision is worth where another process writes the same document, which Weaviate cannot refuse."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import pytest

from groundwire_server.adapters.store.weaviate.failures import StoreFailure, WeaviateFault
from groundwire_server.adapters.store.weaviate.options import WeaviateOptions
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document, PutState
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from tests.adapters.store.weaviate.conftest import Bench
from tests.adapters.store.weaviate.crashes import TERM, process
from tests.contract.stores import ALICE, ALL, chunk, near, opened_weaviate


@pytest.fixture
async def other(bench: Bench, options: WeaviateOptions) -> AsyncIterator[WeaviateStore]:
    """The store as another process has it: with locks of its own."""
    async with opened_weaviate(options) as opened:
        yield opened


async def put(store: WeaviateStore, text: str, expected: int | None) -> PutState:
    document = Document("post", text, allowed_principals=ALL)
    pieces = [chunk(f"{text}/0", text, near(0))]
    stored = await store.corpus.put(ALICE, document, text, pieces, NEVER, expected_revision=expected)
    return stored.state


def before_reading_again(
    store: WeaviateStore, monkeypatch: pytest.MonkeyPatch, time: int, work: Callable[[], Awaitable[Any]]
) -> None:
    """Do something before the store reads the document again for the first or the second time."""
    corpus: Any = store.corpus
    read_again, times = corpus._read_again, count(1)

    async def reads_again(*args: Any) -> Any:
        if next(times) == time:
            await work()
        return await read_again(*args)

    monkeypatch.setattr(corpus, "_read_again", reads_again)


@pytest.mark.parametrize("time", [1, 2])
@pytest.mark.parametrize("stored", [0, 1])
@pytest.mark.parametrize("theirs", [None, "the same"])
async def test_a_change_of_another_process_refuses_ours(
    bench: Bench,
    other: WeaviateStore,
    monkeypatch: pytest.MonkeyPatch,
    time: int,
    stored: int,
    theirs: str | None,
) -> None:
    if stored:
        await put(bench.weaviate, "Boxes.", 0)
    # The announcement of ours does not hide what is stored.
    expected = None if theirs is None else stored
    before_reading_again(bench.weaviate, monkeypatch, time, lambda: put(other, "Theirs.", expected))
    with pytest.raises(Rejection) as refused:
        await put(bench.weaviate, "Ours.", stored)
    assert refused.value.reason is Reason.REVISION_MISMATCH
    assert refused.value.metadata["revision"] == str(stored + 1)
    assert await bench.weaviate.corpus.text(ALICE, "post", NEVER) == "Theirs."
    assert [each["text"] for each in bench.chunks()] == ["Theirs."]


async def test_a_removal_by_another_process_refuses_ours(
    bench: Bench, other: WeaviateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(bench.weaviate, "Boxes.", 0)
    before_reading_again(bench.weaviate, monkeypatch, 1, lambda: other.corpus.delete(ALICE, "post", NEVER))
    with pytest.raises(Rejection) as refused:
        await put(bench.weaviate, "Ours.", 1)
    assert refused.value.metadata["revision"] == "0"
    assert bench.chunks() == []


async def test_a_change_that_another_process_has_not_finished_refuses_ours(
    bench: Bench, other: WeaviateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(bench.weaviate, "Boxes.", 0)
    others: Any = other.corpus

    async def breaks_off(*_: Any) -> None:
        raise StoreFailure(WeaviateFault.OVERLOADED)

    monkeypatch.setattr(others._chunks, "write", breaks_off)

    async def begin() -> None:
        with pytest.raises(StoreFailure):
            await put(other, "Theirs.", None)

    before_reading_again(bench.weaviate, monkeypatch, 2, begin)
    with pytest.raises(Rejection) as refused:
        await put(bench.weaviate, "Ours.", 1)
    assert refused.value.metadata["revision"] == "2"
    assert await bench.weaviate.corpus.text(ALICE, "post", NEVER) == "Boxes."


async def test_with_an_expected_revision_the_document_is_read_once_more(bench: Bench) -> None:
    await put(bench.weaviate, "Boxes.", None)
    bench.clear()
    await put(bench.weaviate, "Ours.", None)
    plain = bench.methods.count("Search")
    bench.clear()
    await put(bench.weaviate, "Others.", 2)
    assert bench.methods.count("Search") == plain + 1


class TestWithoutAnExpectedRevision:
    async def test_the_last_to_end_counts_and_nothing_of_the_other_stays(
        self, bench: Bench, other: WeaviateStore, options: WeaviateOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await put(bench.weaviate, "Boxes.", None)
        before_reading_again(bench.weaviate, monkeypatch, 1, lambda: put(other, "Theirs.", None))
        assert await put(bench.weaviate, "Ours.", None) is PutState.UPDATED
        assert await bench.weaviate.corpus.text(ALICE, "post", NEVER) == "Ours."
        assert await bench.store.found("ours theirs", near(0)) == ["Ours./0"]
        async with process(options, TERM) as later:
            await later.recovery.sweep(0)
        assert [each["text"] for each in bench.chunks()] == ["Ours."]
        info = await other.corpus.info(ALICE, "post", NEVER)
        assert info is not None
        assert info.revision == 3

    async def test_an_access_list_is_not_changed_of_passages_that_another_replaces(
        self, bench: Bench, other: WeaviateStore, options: WeaviateOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await put(bench.weaviate, "Boxes.", None)
        narrow = Document("post", "Boxes.", allowed_principals=frozenset({"alice"}))
        pieces = [chunk("Boxes./0", "Boxes.", near(0))]
        before_reading_again(bench.weaviate, monkeypatch, 1, lambda: put(other, "Theirs.", None))
        await bench.weaviate.corpus.put(ALICE, narrow, "narrow", pieces, NEVER)
        assert await bench.weaviate.corpus.text(ALICE, "post", NEVER) == "Boxes."
        async with process(options, TERM) as later:
            await later.recovery.sweep(0)
        assert [(each["text"], each["access"]) for each in bench.chunks()] == [("Boxes.", ["p:alice"])]
