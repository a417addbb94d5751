"""What is found of a document while it is changed, while Pinecone lags behind, and after a change broke off."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest

from groundwire_server.adapters.store.pinecone.documents import description_id, document_key
from groundwire_server.adapters.store.pinecone.failures import PineconeFailure
from groundwire_server.adapters.store.pinecone.options import PineconeOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Listing, Sentence
from groundwire_server.domain.erasure import EntireTenant, Erasure
from tests.adapters.store.pinecone.conftest import Bench, ids
from tests.contract.stores import ALICE, Store, chunk, near, opened_pinecone
from tests.doubles.pinecone.index import BadRequestError

SENTENCES = (Sentence(0, 7, near(0)),)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("lag", [1, 3])
async def test_what_was_put_is_found_when_put_has_returned(bench: Bench, lag: int) -> None:
    bench.double.sparse.lag = bench.double.dense.lag = lag
    for number in range(1, 4):
        stored = await bench.store.put("post", chunk(f"c{number}", f"Parcels wait {number}.", near(0)))
        assert stored.revision == number
        evidence = await bench.store.search("parcels", near(0))
        assert [each.chunk_id for each in evidence.passages] == [f"c{number}"]
        assert evidence.corpus_version == stored.corpus_version
    await bench.store.corpus.delete(ALICE, "post", NEVER)
    assert await bench.store.found("parcels", near(0)) == []


async def test_a_listing_has_what_this_process_put_even_where_pinecone_lags(bench: Bench) -> None:
    await bench.store.put("a", "Parcels wait.")
    await bench.store.put("b", "Letters wait.")
    held = bench.double.sparse.namespaces["acme"].records
    behind = {each: held.pop(each) for each in list(held) if each == description_id(document_key("b"))}
    assert await listed(bench.store) == ["a", "b"]
    held.update(behind)


async def test_a_put_leaves_nothing_but_its_own_records(bench: Bench) -> None:
    for text in ("Parcels wait.", "Letters fly."):
        await bench.store.put("post", chunk("c", text, near(0), 0), chunk("d", text, near(1), 1))
    assert bench.kinds() == ["document", "passage", "text"]
    assert len(ids(bench.double.dense)) == 2
    assert sum(each.startswith("passage/") for each in ids(bench.double.sparse)) == 2
    await bench.store.corpus.delete(ALICE, "post", NEVER)
    assert bench.kinds() == ["document"]
    assert ids(bench.double.dense) == []


WRITES = ("announcement", "passages", "vectors", "end", "old vectors", "old passages")
"""The requests of a replacement that write, in their order."""


@pytest.fixture(params=range(len(WRITES)), ids=WRITES)
async def broken(bench: Bench, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """A replacement of which a request broke off; whether it has taken effect."""
    await bench.store.put("post", chunk("c", "Parcels wait.", near(0)))
    made = 0

    def breaking(call: Callable[..., Any]) -> Callable[..., Any]:
        def make(*given: Any) -> Any:
            nonlocal made
            made += 1
            if made > request.param:
                raise BadRequestError("as the test wants it")
            return call(*given)

        return make

    with monkeypatch.context() as patched:
        for index in (bench.double.sparse, bench.double.dense):
            for name in ("upsert", "delete"):
                patched.setattr(index, name, breaking(getattr(index, name)))
        with pytest.raises(PineconeFailure):
            await bench.store.put("post", chunk("d", "Letters fly.", near(0)))
    return bool(request.param > WRITES.index("end"))


async def is_whole(store: Store, *, new: bool) -> None:
    evidence = await store.search("parcels letters", near(0))
    assert [(each.text, each.revision) for each in evidence.passages] == [
        ("Letters fly.", 2) if new else ("Parcels wait.", 1)
    ]
    info = await store.corpus.info(ALICE, "post", NEVER)
    assert info is not None
    assert info.revision == (2 if new else 1)
    assert await store.corpus.text(ALICE, "post", NEVER) == evidence.passages[0].text


async def test_a_change_that_broke_off_has_happened_or_not(bench: Bench, broken: bool) -> None:
    await is_whole(bench.store, new=broken)


async def test_the_next_change_takes_away_what_broke_off(bench: Bench, broken: bool) -> None:
    with mock.patch.object(SystemClock, "today", return_value=LATER):
        await bench.store.put("post", chunk("e", "Soup is served.", near(0)))
    assert await bench.store.found("parcels letters soup", near(0)) == ["e"]
    assert bench.kinds() == ["document", "passage", "text"]
    assert len(ids(bench.double.dense)) == 1


async def test_a_sweep_leaves_alone_what_pinecone_may_have_accepted_a_moment_ago(bench: Bench, broken: bool) -> None:
    before = ids(bench.double.sparse)
    assert await bench.pinecone.recovery.sweep() == 0
    assert ids(bench.double.sparse) == before


async def test_a_sweep_takes_it_away_too(bench: Bench, broken: bool) -> None:
    with mock.patch.object(SystemClock, "today", return_value=LATER):
        await bench.pinecone.recovery.sweep()
    await is_whole(bench.store, new=broken)
    assert bench.kinds() == ["document", "passage", "text"]
    assert len(ids(bench.double.dense)) == 1


async def test_another_process_leaves_a_change_alone_until_its_time_is_over(
    bench: Bench, options: PineconeOptions
) -> None:
    await bench.store.put("post", "Parcels wait.")
    bench.double.world.faults["/vectors/delete"] = [(400, {})]
    with pytest.raises(PineconeFailure):
        await bench.store.put("post", "Letters fly.")
    assert "change" in bench.kinds()
    async with opened_pinecone(options) as other:
        assert await other.recovery.sweep() == 0
    assert "change" in bench.kinds()
    bench.double.world.faults.clear()
    with mock.patch.object(SystemClock, "today", return_value=LATER):
        async with opened_pinecone(options) as other:
            assert await other.recovery.sweep() == 1
    assert bench.kinds() == ["document", "passage", "text"]
    assert await bench.store.found("letters parcels") == ["post/0"]


async def test_two_processes_that_change_one_document_never_mix(bench: Bench, options: PineconeOptions) -> None:
    async with opened_pinecone(options) as opened:
        other = Store(opened.retriever, opened.corpus, opened.sentence_vectors)
        for _ in range(5):
            await asyncio.gather(
                bench.store.put(
                    "post", chunk("a/0", "Parcels one.", near(0)), chunk("a/1", "Parcels two.", near(0), 1)
                ),
                other.put("post", chunk("b/0", "Letters one.", near(0)), chunk("b/1", "Letters two.", near(0), 1)),
            )
            found = await bench.store.found("parcels letters", near(0))
            assert sorted(found) in (["a/0", "a/1"], ["b/0", "b/1"])
            assert await bench.store.corpus.text(ALICE, "post", NEVER) in (
                "Parcels one.\nParcels two.",
                "Letters one.\nLetters two.",
            )


async def test_what_another_process_changed_is_listed(bench: Bench, options: PineconeOptions) -> None:
    async with opened_pinecone(options) as opened:
        other = Store(opened.retriever, opened.corpus, opened.sentence_vectors)
        assert await listed(other) == []
        await bench.store.put("a", "Parcels wait.")
        assert await listed(other) == ["a"]
        await bench.store.corpus.delete(ALICE, "a", NEVER)
        assert await listed(other) == []


async def listed(store: Store) -> list[str]:
    return [info.document_id for info in await store.corpus.page(ALICE, Listing(), None, 10, NEVER)]


async def test_no_record_of_an_erased_tenant_is_left(bench: Bench) -> None:
    for name in ("a", "b"):
        await bench.store.put(name, replace(chunk(name, "Parcels wait.", near(0)), sentences=SENTENCES))
    bench.double.world.faults["/vectors/delete"] = [(400, {})]
    with pytest.raises(PineconeFailure):
        await bench.store.put("b", chunk("new", "Letters fly.", near(0)))
    assert bench.store.erasure is not None
    await bench.store.erasure.erase(Erasure(ALICE.tenant, EntireTenant()), NEVER)
    assert ids(bench.double.sparse) == ["corpus"]
    assert ids(bench.double.dense) == []
