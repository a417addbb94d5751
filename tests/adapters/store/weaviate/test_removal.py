"""How documents are removed, one or many, and what is left when a step fails."""

from typing import Any

import pytest

from groundwire_server.adapters.store.weaviate import corpus as module
from groundwire_server.adapters.store.weaviate.failures import StoreFailure, WeaviateFault
from groundwire_server.adapters.store.weaviate.objects import document_key
from groundwire_server.adapters.store.weaviate.options import WeaviateOptions
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Listing, PutState
from groundwire_server.domain.filters import Equals
from tests.adapters.store.weaviate.conftest import Bench
from tests.contract.stores import ALICE, Store, opened_weaviate

DRAFT = {"draft": True}
DRAFTS = Equals("draft", value=True)


async def purge(bench: Bench) -> int:
    """Remove one batch of drafts, and return how many there were."""
    removed = await bench.weaviate.corpus.purge(ALICE, DRAFTS, NEVER)
    return 0 if removed is None else removed.count


async def listed(bench: Bench) -> list[str]:
    return [info.document_id for info in await bench.weaviate.corpus.page(ALICE, Listing(), None, 1000, NEVER)]


class TestAPurge:
    async def test_makes_few_calls_for_many_documents(self, bench: Bench) -> None:
        for number in range(40):
            await bench.store.put(f"d{number:02}", "Parcels wait.", "Letters fly.", metadata=DRAFT)
        bench.clear()
        assert await purge(bench) == 40
        assert bench.methods == [
            *("Search", "Search"),
            "BatchObjects",
            "Search",
            "BatchObjects",
            *("BatchDelete", "BatchDelete"),
        ]
        assert bench.chunks() == []

    async def test_is_cut_by_passages_too(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "_PURGED_CHUNKS", 4)
        for number in range(3):
            await bench.store.put(f"d{number}", *(f"Parcel {place}." for place in range(3)), metadata=DRAFT)
        removed = [await purge(bench) for _ in range(4)]
        assert removed == [1, 1, 1, 0]

    async def test_leaves_what_another_process_has_changed_meanwhile(
        self, bench: Bench, options: WeaviateOptions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "_PURGED_DOCUMENTS", 1)
        await bench.store.put("a", "Parcels wait.", metadata=DRAFT)
        await bench.store.put("b", "Letters fly.", metadata=DRAFT)
        async with opened_weaviate(options) as other:
            _After(bench, monkeypatch, lambda: _finish(other, "a"))
            assert await purge(bench) == 1
        assert await listed(bench) == ["a"]
        assert await bench.store.found("parcels letters") == ["a/0"]


async def _finish(other: WeaviateStore, name: str) -> None:
    """Another process stores the document as one that is no draft."""
    await Store(other.retriever, other.corpus, other.sentence_vectors).put(name, "Parcels wait.")


class _After:
    """Does something once, after the documents were read for the first time."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
        corpus: Any = bench.weaviate.corpus
        self._fetch = corpus._documents.fetch
        self._work = work
        monkeypatch.setattr(corpus._documents, "fetch", self.fetch)

    async def fetch(self, *args: Any, **options: Any) -> Any:
        found = await self._fetch(*args, **options)
        work, self._work = self._work, None
        if work is not None:
            await work()
        return found


class TestARemovalThatBreaksOff:
    @pytest.fixture(autouse=True, params=["before the passages are gone", "after some of them"])
    async def broken(self, bench: Bench, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
        for name in ("a", "b"):
            await bench.store.put(name, "Parcels wait.", "Letters fly.", metadata=DRAFT)
        await bench.store.put("kept", "Boxes.")
        corpus: Any = bench.weaviate.corpus

        async def delete(tenant: str, where: Any, deadline: Any) -> None:
            if request.param == "after some of them":
                objects = bench.world.collections["Groundwire"].tenants["acme"].objects
                for each in [key for key, kept in objects.items() if kept.properties.get("text") == "Parcels wait."]:
                    del objects[each]
            raise StoreFailure(WeaviateFault.OVERLOADED)

        with monkeypatch.context() as broken:
            broken.setattr(corpus._chunks, "delete", delete)
            with pytest.raises(StoreFailure):
                await purge(bench)

    async def test_leaves_nothing_of_the_documents_to_be_seen(self, bench: Bench) -> None:
        assert await listed(bench) == ["kept"]
        assert await bench.store.found("parcels letters boxes") == ["kept/0"]
        assert await bench.weaviate.corpus.text(ALICE, "a", NEVER) is None

    async def test_is_finished_by_a_sweep(self, bench: Bench) -> None:
        assert await bench.weaviate.recovery.sweep(0) == 2
        assert [each["text"] for each in bench.chunks()] == ["Boxes."]

    async def test_is_finished_by_a_delete(self, bench: Bench) -> None:
        assert await bench.weaviate.corpus.delete(ALICE, "a", NEVER) is None
        assert {each["document"] for each in bench.chunks()} == {document_key("b"), document_key("kept")}

    async def test_is_finished_before_the_same_is_stored_again(self, bench: Bench) -> None:
        stored = await bench.store.put("a", "Parcels wait.", "Letters fly.", metadata=DRAFT)
        assert (stored.state, stored.revision) == (PutState.CREATED, 2)
        assert set(await bench.store.found("parcels letters")) == {"a/0", "a/1"}
        assert len([each for each in bench.chunks() if each["document"] == document_key("a")]) == 2
