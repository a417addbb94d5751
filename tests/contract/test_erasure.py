"""What every ErasableStore does, whatever stands behind it."""

from collections.abc import Sequence

import pytest

from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from groundwire_server.domain.erasure import (
    EntireTenant,
    ErasedPlace,
    ErasedPlaceKind,
    Erasure,
    ErasurePlan,
    OneDocument,
    OneSource,
    Selection,
)
from groundwire_server.ports.erasable import ErasableStore
from tests.contract.stores import ALICE, ALL, BOB, STRANGER, Store, chunk

BOBS = frozenset({"bob"})

SOURCES = {
    "hr/a": "file:///hr/a",
    "hr/b": "file:///hr/b",
    "hrx": "file:///hrx",
    "secret": "file:///hr/secret",
    "empty": "",
}


@pytest.fixture
def erasing(store: Store) -> ErasableStore:
    if store.erasure is None:
        pytest.skip("the double does not offer it")
    return store.erasure


async def put(store: Store, document_id: str, source: str, allowed: frozenset[str] = ALL) -> None:
    document = Document(document_id, f"Text of {document_id}.", source_uri=source, allowed_principals=allowed)
    chunks = [chunk(f"{document_id}/{place}", f"Text {place} of {document_id}.", ordinal=place) for place in range(2)]
    await store.corpus.put(ALICE, document, document_id, chunks, NEVER)


@pytest.fixture
async def filled(store: Store) -> None:
    for document_id, source in SOURCES.items():
        await put(store, document_id, source, BOBS if document_id == "secret" else ALL)
    await store.put("hr/a", "Of another tenant.", caller=STRANGER)
    await put(store, "gone", "file:///hr/gone")
    await store.corpus.delete(ALICE, "gone", NEVER)


def counts(places: Sequence[ErasedPlace]) -> tuple[int, int, int]:
    assert all(place.complete for place in places)
    by_kind = {place.kind: place.count for place in places}
    kinds = (ErasedPlaceKind.DOCUMENTS, ErasedPlaceKind.PASSAGES, ErasedPlaceKind.TOMBSTONES)
    return tuple(by_kind[kind] for kind in kinds)  # type: ignore[return-value]  # of three


async def left(store: Store) -> set[str]:
    """The documents of which anything is there, for anybody."""
    return {
        document_id
        for document_id in (*SOURCES, "gone")
        for caller in (ALICE, BOB)
        if await store.corpus.info(caller, document_id, NEVER) is not None
        or await store.corpus.text(caller, document_id, NEVER) is not None
        or any(found.startswith(f"{document_id}/") for found in await store.found("text", top_k=50, caller=caller))
    }


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("selection", "erased", "tombstones"),
    [
        pytest.param(OneDocument("hr/a"), ["hr/a"], 0, id="document"),
        pytest.param(OneDocument("secret"), ["secret"], 0, id="hidden"),
        pytest.param(OneDocument("gone"), [], 1, id="deleted"),
        pytest.param(OneDocument("never"), [], 0, id="unknown"),
        pytest.param(OneSource("file:///hr/a"), ["hr/a"], 0, id="source"),
        pytest.param(OneSource("file:///hr"), [], 0, id="not a source"),
        pytest.param(OneSource("file:///hr", prefix=True), ["hr/a", "hr/b", "hrx", "secret"], 0, id="prefix"),
        pytest.param(OneSource("file:///hr/", prefix=True), ["hr/a", "hr/b", "secret"], 0, id="folder"),
        pytest.param(OneSource("file:///*", prefix=True), [], 0, id="no pattern"),
        pytest.param(EntireTenant(), list(SOURCES), 1, id="tenant"),
    ],
)
async def test_what_is_selected_is_erased_whoever_may_see_it_and_nothing_else(
    store: Store, erasing: ErasableStore, selection: Selection, erased: list[str], tombstones: int
) -> None:
    erasure = Erasure(ALICE.tenant, selection)
    before = await store.corpus.version(ALICE, NEVER)
    assert await left(store) == set(SOURCES)

    plan = await erasing.plan_erasure(ALICE, erasure, 2, NEVER)
    assert await store.corpus.version(ALICE, NEVER) == before
    places = await erasing.erase(erasure, NEVER)

    # What the caller may not see is counted, and not named.
    assert plan == ErasurePlan(len(erased), tuple(sorted({*erased} - {"secret"})[:2]))
    assert counts(places) == (len(erased), 2 * len(erased), tombstones)
    assert await left(store) == set(SOURCES) - {*erased}
    assert (await store.corpus.version(ALICE, NEVER) != before) or not erased
    assert await store.found("another tenant", caller=STRANGER) == ["hr/a/0"]
    assert counts(await erasing.erase(erasure, NEVER)) == (0, 0, 0)
    assert await erasing.plan_erasure(ALICE, erasure, 2, NEVER) == ErasurePlan(0)


@pytest.mark.usefixtures("filled")
async def test_an_erased_document_that_is_stored_again_is_new(store: Store, erasing: ErasableStore) -> None:
    await erasing.erase(Erasure(ALICE.tenant, EntireTenant()), NEVER)

    for document_id in ("hr/a", "gone"):
        assert (await store.put(document_id, "Text again.")).revision == 1
    assert await left(store) == {"hr/a", "gone"}


async def test_more_than_one_change_holds_are_erased(store: Store, erasing: ErasableStore) -> None:
    for number in range(205):
        await store.put(f"d{number:03}")

    plan = await erasing.plan_erasure(ALICE, Erasure(ALICE.tenant, EntireTenant()), 3, NEVER)
    places = await erasing.erase(Erasure(ALICE.tenant, OneSource("file:d1", prefix=True)), NEVER)

    assert plan == ErasurePlan(205, ("d000", "d001", "d002"))
    assert counts(places) == (100, 0, 0)


async def test_of_a_tenant_that_has_stored_nothing_nothing_is_erased(store: Store, erasing: ErasableStore) -> None:
    erasure = Erasure("nobody", EntireTenant())

    assert await erasing.plan_erasure(ALICE, erasure, 2, NEVER) == ErasurePlan(0)
    assert counts(await erasing.erase(erasure, NEVER)) == (0, 0, 0)
