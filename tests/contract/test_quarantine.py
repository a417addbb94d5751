"""A document in quarantine in every store: none knows of quarantine, and all keep it."""

from dataclasses import replace

import pytest

from groundwire_server.corpus.ingest import Ingest
from groundwire_server.corpus.quarantine import held_document, held_documents
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document, DocumentOrder, Listing, Position, PutState
from groundwire_server.domain.erasure import ErasedPlaceKind, Erasure, OneDocument
from groundwire_server.domain.filters import Equals
from groundwire_server.domain.quarantine import also_reviewing, as_sent
from tests.contract.stores import ALICE, ALL, BOB, STRANGER, Store
from tests.doubles.word_guard import quarantining

STAFF = frozenset({"staff"})
DOCUMENT = Document("post", "Parcels wait. EVIL deeds.", "Post", "file:post", {"team": "mail"}, STAFF)


def ingest_into(store: Store) -> Ingest:
    return Ingest(store.corpus, screen=quarantining(evil="EVIL"))


BY_ID = Listing()


async def held(store: Store, listing: Listing = BY_ID, after: Position | None = None, limit: int = 10) -> list[str]:
    return [each.document_id for each in await held_documents(store.corpus, ALICE, listing, after, limit, NEVER)]


async def test_no_search_and_no_list_finds_it(store: Store) -> None:
    ingest = ingest_into(store)
    await store.put("other", "Parcels wait elsewhere.")
    stored = await ingest.store(ALICE, DOCUMENT, NEVER)
    assert (stored.state, stored.quarantined, stored.revision) == (PutState.CREATED, True, 1)
    assert await store.found("parcels evil deeds") == ["other/0"]
    assert [info.document_id for info in await store.corpus.page(ALICE, BY_ID, None, 10, NEVER)] == ["other"]
    assert await store.corpus.text(ALICE, "post", NEVER) is None
    assert await store.corpus.count(ALICE, Equals("team", "mail"), NEVER) == 0
    assert (await ingest.store(ALICE, DOCUMENT, NEVER)).state is PutState.UNCHANGED


async def test_who_would_see_it_reviews_it(store: Store) -> None:
    ingest = ingest_into(store)
    await ingest.store(ALICE, DOCUMENT, NEVER)
    found = await held_document(store.corpus, ALICE, "post", NEVER, include_text=True)
    assert found is not None
    sent = as_sent(found.info)
    assert (found.text, sent.metadata, sent.allowed_principals) == (DOCUMENT.text, {"team": "mail"}, STAFF)
    for caller in (BOB, STRANGER):
        assert await held_document(store.corpus, caller, "post", NEVER, include_text=True) is None


async def test_the_list_has_pages_a_filter_and_an_order(store: Store) -> None:
    ingest = ingest_into(store)
    for name in ("a", "b", "c"):
        document = replace(DOCUMENT, document_id=name, metadata={"last": name == "c"}, allowed_principals=ALL)
        await ingest.store(ALICE, document, NEVER)
    await store.put("d", "Parcels wait.", metadata={"last": True})
    assert await held(store, limit=2) == ["a", "b"]
    first = (await held_documents(store.corpus, ALICE, BY_ID, None, 1, NEVER))[0]
    assert await held(store, after=Position("a", first.updated)) == ["b", "c"]
    assert await held(store, Listing(Equals("last", value=True))) == ["c"]
    assert await held(store, Listing(order=DocumentOrder.NEWEST)) == ["c", "b", "a"]


async def test_a_released_document_is_found(store: Store) -> None:
    ingest = ingest_into(store)
    await ingest.store(ALICE, DOCUMENT, NEVER)
    released = await ingest.release(ALICE, "post", 1, NEVER)
    assert released is not None
    assert (released.state, released.revision, released.chunk_count) == (PutState.UPDATED, 2, 1)
    evidence = await store.search("parcels deeds")
    assert [(passage.document_id, passage.title) for passage in evidence.passages] == [("post", "Post")]
    assert (await store.search("parcels deeds", caller=BOB)).passages == ()
    assert await held(store) == []
    again = await ingest.store(ALICE, DOCUMENT, NEVER)
    assert (again.state, again.quarantined) == (PutState.UNCHANGED, False)


async def test_it_is_deleted_and_purged_by_who_would_see_it(store: Store) -> None:
    ingest = ingest_into(store)
    await ingest.store(ALICE, DOCUMENT, NEVER)
    assert await store.corpus.delete(also_reviewing(BOB), "post", NEVER) is None
    assert await store.corpus.delete(also_reviewing(ALICE), "post", NEVER) is not None
    await ingest.store(ALICE, DOCUMENT, NEVER)
    assert await store.corpus.purge(also_reviewing(BOB), Equals("team", "mail"), NEVER) is None
    removed = await store.corpus.purge(also_reviewing(ALICE), Equals("team", "mail"), NEVER)
    assert removed is not None
    assert removed.count == 1
    assert await held(store) == []


async def test_it_is_erased_like_any_other(store: Store) -> None:
    ingest = ingest_into(store)
    if store.erasure is None:
        pytest.skip("the double does not offer it")
    await ingest.store(ALICE, DOCUMENT, NEVER)
    erasure = Erasure(ALICE.tenant, OneDocument("post"))
    assert (await store.erasure.plan_erasure(ALICE, erasure, 10, NEVER)).count == 1
    places = await store.erasure.erase(erasure, NEVER)
    assert sum(place.count for place in places if place.kind is ErasedPlaceKind.DOCUMENTS) == 1
    assert await held(store) == []


async def test_a_long_access_list_is_kept(store: Store) -> None:
    ingest = ingest_into(store)
    principals = frozenset(f"group {number} \u00e9" for number in range(255)) | STAFF
    await ingest.store(ALICE, replace(DOCUMENT, allowed_principals=principals), NEVER)
    found = await held_document(store.corpus, ALICE, "post", NEVER, include_text=False)
    assert found is not None
    assert as_sent(found.info).allowed_principals == principals
