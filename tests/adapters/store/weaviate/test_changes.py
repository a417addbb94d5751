"""How a document changes, step by step, and what is left when a step fails."""

import asyncio
from typing import Any
from uuid import UUID, uuid5

import pytest

from groundwire_server.adapters.store.weaviate.failures import StoreFailure, WeaviateFault
from groundwire_server.adapters.store.weaviate.options import WeaviateOptions, WriteOptions
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import EMPTY_VERSION, Chunk, Document, Listing, PutState
from groundwire_server.domain.evidence import Query
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.store.weaviate.conftest import Bench
from tests.adapters.store.weaviate.crashes import TERM, process
from tests.contract.stores import ALICE, ALL, BOB, altered, chunk, near, opened_weaviate
from tests.doubles.weaviate.memory import Kept

WIDE = frozenset({"alice", "bob"})
NARROW = frozenset({"alice"})


def document(allowed: frozenset[str] = ALL, text: str = "Parcels.") -> Document:
    return Document("post", text, "A title", "file:post", {"a": "x"}, allowed)


def chunks(text: str = "Parcels.", count: int = 3) -> list[Chunk]:
    return [chunk(f"{text}/{place}", f"{text} {place}", near(0), place) for place in range(count)]


async def put(bench: Bench, allowed: frozenset[str] = ALL, text: str = "Parcels.", hashed: str = "") -> PutState:
    digest = hashed or f"{sorted(allowed)} {text}"
    return (await bench.weaviate.corpus.put(ALICE, document(allowed, text), digest, chunks(text), NEVER)).state


class TestAnAccessListAlone:
    async def test_changes_without_writing_a_chunk(self, bench: Bench) -> None:
        await put(bench, WIDE)
        bench.clear()
        assert await put(bench, NARROW) is PutState.UPDATED
        written = [new for call in bench.world.calls if call.method == "BatchObjects" for new in call.request.objects]
        assert {new.collection for new in written} == {"GroundwireDocuments"}
        assert [each["access"] for each in bench.chunks()] == [["p:alice"]] * 3
        found = await bench.store.search("parcels", near(0))
        assert {passage.revision for passage in found.passages} == {2}
        assert await bench.store.found("parcels", near(0), caller=BOB) == []
        assert len(await bench.store.found("parcels", near(0))) == 3
        assert await bench.weaviate.corpus.text(ALICE, "post", NEVER) == "Parcels."

    async def test_may_change_again_and_with_the_text(self, bench: Bench) -> None:
        for allowed in (WIDE, NARROW, ALL, frozenset[str](), WIDE):
            await put(bench, allowed)
        assert await put(bench, NARROW, "Letters.") is PutState.UPDATED
        assert {each["revision"] for each in bench.chunks()} == {6}
        assert len(await bench.store.found("letters")) == 3
        assert await bench.weaviate.corpus.text(ALICE, "post", NEVER) == "Letters."


class TestAnAccessListThatChangesWithTheText:
    async def test_takes_effect_with_it(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        await put(bench, WIDE)
        seen: list[Any] = []

        async def write(tenant: str, objects: Any, deadline: Any) -> None:
            await written(tenant, objects, deadline)
            seen.append(await bench.weaviate.corpus.text(BOB, "post", NEVER))
            seen.append(await bench.store.found("letters", caller=BOB))

        corpus: Any = bench.weaviate.corpus
        written = corpus._chunks.write
        monkeypatch.setattr(corpus._chunks, "write", write)
        await put(bench, NARROW, "Letters.")
        assert seen == ["Parcels.", []]
        assert await bench.weaviate.corpus.text(BOB, "post", NEVER) is None

    async def test_stays_as_it_was_where_the_change_breaks_off(self, bench: Bench) -> None:
        await put(bench, frozenset({"alice", "bob"}))
        before = await bench.weaviate.corpus.info(ALICE, "post", NEVER)
        bench.world.refusals = ["", "not enough memory"]
        with pytest.raises(StoreFailure):
            await put(bench, frozenset({"alice", "carol"}), "Letters.")
        assert await bench.weaviate.corpus.info(ALICE, "post", NEVER) == before


class TestAnAccessListAloneThatBreaksOff:
    @pytest.mark.parametrize(("before", "after"), [(NARROW, WIDE), (WIDE, NARROW)])
    async def test_is_as_it_was_for_everybody(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch, before: frozenset[str], after: frozenset[str]
    ) -> None:
        await put(bench, before)
        corpus: Any = bench.weaviate.corpus

        async def breaks_off(*_: Any) -> None:
            raise StoreFailure(WeaviateFault.UNAVAILABLE)

        with monkeypatch.context() as broken:
            broken.setattr(corpus, "_end", breaks_off)
            with pytest.raises(StoreFailure):
                await put(bench, after)
        for caller in (ALICE, BOB):
            there = caller.may_see(before)
            assert (await bench.weaviate.corpus.info(caller, "post", NEVER) is not None) is there
            assert bool(await bench.store.found("parcels", near(0), caller=caller)) is there
        await bench.weaviate.recovery.sweep(0)
        assert [set(each["access"]) for each in bench.chunks()] == [{f"p:{each}" for each in before}] * 3


class _BreaksOff:
    """Refuses the batch that holds a document's new chunks, and nothing before it."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        corpus: Any = bench.weaviate.corpus
        self._write = corpus._chunks.write
        self.breaks = True
        monkeypatch.setattr(corpus._chunks, "write", self.write)

    async def write(self, tenant: str, objects: Any, deadline: Any) -> None:
        if not self.breaks:
            await self._write(tenant, objects, deadline)
            return
        await self._write(tenant, list(objects)[:2], deadline)
        raise StoreFailure(WeaviateFault.OTHER)


class TestAChangeThatBreaksOff:
    @pytest.fixture(autouse=True)
    async def broken(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.before = await bench.store.put("other", "Boxes.")
        await put(bench)
        self.breaking = _BreaksOff(bench, monkeypatch)
        with pytest.raises(StoreFailure):
            await put(bench, text="Parcels and letters.")
        self.breaking.breaks = False

    async def test_leaves_the_old_revision_to_be_found(self, bench: Bench) -> None:
        found = await bench.store.search("parcels", near(0))
        assert {passage.revision for passage in found.passages if passage.document_id == "post"} == {1}
        assert await bench.weaviate.corpus.text(ALICE, "post", NEVER) == "Parcels."

    async def test_is_done_with_the_next_time(self, bench: Bench) -> None:
        assert await put(bench, text="Parcels and letters.") is PutState.UPDATED
        assert {each["revision"] for each in bench.chunks() if "Parcels" in each["text"]} == {2}
        assert len(await bench.store.found("letters")) == 3

    async def test_is_undone_with_the_old_text(self, bench: Bench) -> None:
        assert await put(bench) is PutState.UNCHANGED
        assert await bench.store.found("letters") == []
        assert len(await bench.store.found("parcels")) == 3
        assert {each["text"] for each in bench.chunks()} == {"Boxes.", *(f"Parcels. {place}" for place in range(3))}

    async def test_can_be_deleted(self, bench: Bench) -> None:
        assert await bench.weaviate.corpus.delete(ALICE, "post", NEVER)
        assert [each["text"] for each in bench.chunks()] == ["Boxes."]

    async def test_changes_the_version_in_time(self, bench: Bench, options: WeaviateOptions) -> None:
        versions = [await bench.weaviate.corpus.version(ALICE, NEVER)]
        async with process(options, TERM) as later:
            versions.append(await later.corpus.version(ALICE, NEVER))
            await later.recovery.sweep(0)
            versions.append(await later.corpus.version(ALICE, NEVER))
        assert len(set(versions)) == 3
        assert await bench.weaviate.corpus.version(ALICE, NEVER) == versions[-1]

    async def test_of_another_process_that_may_still_end_it_is_left_alone(
        self, bench: Bench, options: WeaviateOptions
    ) -> None:
        before = len(bench.chunks())
        async with opened_weaviate(options) as other:
            assert await other.recovery.sweep(0) == 0
            assert len(bench.chunks()) == before
        assert await bench.weaviate.recovery.sweep(0) == 1
        assert len(bench.chunks()) < before


async def test_a_first_document_that_breaks_off_does_not_exist(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    breaking = _BreaksOff(bench, monkeypatch)
    with pytest.raises(StoreFailure):
        await put(bench)
    assert await bench.weaviate.corpus.info(ALICE, "post", NEVER) is None
    assert await bench.weaviate.corpus.page(ALICE, Listing(), None, 10, NEVER) == []
    breaking.breaks = False
    assert await put(bench) is PutState.CREATED
    assert len(bench.chunks()) == 3


class TestTwoRevisions:
    async def test_side_by_side_count_as_the_one_that_is_stored(self, bench: Bench) -> None:
        await put(bench)
        stored = bench.world.collections["Groundwire"].tenants["acme"].objects
        for each in list(stored.values()):
            newer = str(uuid5(UUID(each.id), "newer"))
            stored[newer] = Kept(newer, {**each.properties, "revision": 2}, each.vectors)
        bench.clear()
        found = await bench.store.search("parcels", near(0))
        assert {passage.revision for passage in found.passages} == {1}
        assert bench.methods == ["Search", "Search"]

    async def test_never_mix_while_documents_are_replaced(self, bench: Bench, options: WeaviateOptions) -> None:
        names = [f"d{number}" for number in range(3)]
        await bench.store.put("first", "A parcel.")
        writes = True

        async def write(name: str) -> None:
            for revision in range(1, 13):
                await bench.store.put(name, *(f"A parcel, {name} {revision}." for _ in range(revision % 3 + 1)))

        async def read(store: WeaviateStore) -> int:
            searches = 0
            while writes:
                found = await store.retriever.search(ALICE, Query("parcel", None, 50), NEVER)
                texts: dict[str, set[str]] = {}
                for passage in found.passages:
                    texts.setdefault(passage.document_id, set()).add(passage.text)
                assert all(len(each) == 1 for each in texts.values()), texts
                searches += 1
            return searches

        # The reader is another replica: it knows nothing of what the writer is about.
        async with opened_weaviate(options) as other, asyncio.TaskGroup() as tasks:
            readers = [tasks.create_task(read(store)) for store in (other, bench.weaviate)]
            async with asyncio.TaskGroup() as writers:
                for name in names:
                    writers.create_task(write(name))
            writes = False
        assert all(reader.result() for reader in readers)


class TestWriting:
    async def test_is_done_in_bounded_batches(self, bench: Bench) -> None:
        await bench.store.put("post", *(chunk(f"c{place}", f"Parcel {place}.", near(0), place) for place in range(450)))
        sizes = [
            len(call.request.objects)
            for call in bench.world.calls
            if call.method == "BatchObjects" and call.request.objects[0].collection == "Groundwire"
        ]
        assert sum(sizes) == 451
        assert max(sizes) <= 200

    async def test_waits_for_the_server(self, options: WeaviateOptions) -> None:
        options = altered(options, write=WriteOptions(batch_chunks=10, concurrent_batches=1))
        async with opened_weaviate(options) as store:
            made = 0

            def endless() -> Any:
                nonlocal made
                for place in range(10_000):
                    made += 1
                    yield chunk(f"c{place}", "Parcel.", None, place)

            corpus: Any = store.corpus
            from groundwire_server.adapters.store.weaviate.objects import NewObject

            await store.corpus.put(ALICE, document(), "1", [], NEVER)
            written = (NewObject(f"00000000-0000-0000-0000-{n:012}", {"ordinal": -1}) for n, _ in enumerate(endless()))
            task = asyncio.create_task(corpus._chunks.write("acme", written, NEVER))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert made <= 11
            task.cancel()
            await asyncio.wait([task])

    async def test_of_the_same_sends_nothing(self, bench: Bench) -> None:
        await put(bench)
        bench.clear()
        assert await put(bench) is PutState.UNCHANGED
        assert bench.methods == ["Search"]


async def test_another_replica_learns_of_a_change_within_its_lag(bench: Bench, options: WeaviateOptions) -> None:
    async with opened_weaviate(altered(options, write=WriteOptions(version_lag_seconds=0.05))) as other:
        first = await bench.store.put("post", "Parcels.")
        assert (await other.retriever.search(ALICE, Query("parcels", None, 5), NEVER)).corpus_version == (
            first.corpus_version
        )
        second = await bench.store.put("post", "Parcels fly.")
        async with asyncio.timeout(5):
            while True:
                found = await other.retriever.search(ALICE, Query("parcels", None, 5), NEVER)
                if found.corpus_version == second.corpus_version:
                    break


async def test_a_known_version_is_not_asked_for_again(bench: Bench) -> None:
    await bench.store.put("post", "Parcels.")
    bench.clear()
    await bench.store.found("parcels")
    await bench.store.found("parcels")
    # Two for passages, and one for the descriptions of documents.
    assert bench.methods == ["Search"] * 3
    assert len(bench.searches) == 2


async def test_a_change_that_waits_for_another_keeps_its_deadline(bench: Bench) -> None:
    await put(bench)
    bench.world.delay = 30
    bench.clear()
    first = asyncio.create_task(put(bench, text="Letters."))
    await bench.world.arrived.wait()
    by = Deadline(asyncio.get_running_loop().time() + 0.05)
    with pytest.raises(Failure) as failure:
        await bench.weaviate.corpus.put(ALICE, document(), "late", [], by)
    assert failure.value.cause is Cause.STORE_TIMEOUT
    first.cancel()
    await asyncio.wait([first])


async def test_changes_side_by_side_never_bring_an_earlier_version_back(bench: Bench, options: WeaviateOptions) -> None:
    seen: list[str] = []
    writes = True

    async def watch(store: WeaviateStore) -> None:
        while writes:
            version = await store.corpus.version(ALICE, NEVER)
            if not seen or seen[-1] != version:
                seen.append(version)

    async def write(name: str) -> None:
        for number in range(10):
            await bench.store.put(name, f"Parcel {number}.")

    async with opened_weaviate(options) as other:
        watching = asyncio.create_task(watch(other))
        await asyncio.gather(*(write(f"d{number}") for number in range(4)))
        writes = False
        await watching
    assert len(seen) > 10
    assert len(set(seen)) == len(seen)


async def test_a_tenant_that_was_searched_before_its_first_document_is_new_all_the_same(bench: Bench) -> None:
    assert await bench.store.found("parcels") == []
    stored = await bench.store.put("post", "Parcels.")
    assert (await bench.store.search("parcels")).corpus_version == stored.corpus_version


class TestATenantThatAnOperatorHasRemoved:
    async def test_is_made_again_by_the_next_document(self, bench: Bench) -> None:
        await put(bench)
        before = await bench.weaviate.corpus.version(ALICE, NEVER)
        for collection in bench.world.collections.values():
            collection.tenants.clear()
        assert await put(bench) is PutState.CREATED
        assert await bench.weaviate.corpus.version(ALICE, NEVER) not in {before, EMPTY_VERSION}
        assert len(await bench.store.found("parcels", near(0))) == 3
