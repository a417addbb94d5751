"""What does not belong together is found without an index, and repaired."""

import pytest

from groundwire_server.adapters.store.weaviate.inspection import Findings
from groundwire_server.adapters.store.weaviate.objects import document_key
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import PutState
from tests.adapters.store.weaviate.conftest import Bench
from tests.contract.stores import ALICE
from tests.doubles.weaviate.memory import Kept


@pytest.fixture(autouse=True)
async def documents(bench: Bench) -> None:
    await bench.store.put("whole", "Parcels wait.", "Letters fly.")
    await bench.store.put("other", "Boxes.")


def objects(bench: Bench, collection: str = "Groundwire") -> dict[str, Kept]:
    return bench.world.collections[collection].tenants["acme"].objects


async def inspected(bench: Bench) -> Findings:
    return await bench.weaviate.inspection.inspect("acme", NEVER)


async def repaired(bench: Bench) -> None:
    await bench.weaviate.inspection.repair("acme", await inspected(bench), NEVER)
    assert (await inspected(bench)).count == 0


async def test_documents_that_are_whole_are_no_finding(bench: Bench) -> None:
    await bench.store.put("whole", "Parcels wait.", allowed=frozenset({"alice"}))
    await bench.weaviate.corpus.delete(ALICE, "other", NEVER)
    assert (await inspected(bench)).count == 0


async def test_a_tenant_without_documents_is_none(bench: Bench) -> None:
    assert (await bench.weaviate.inspection.inspect("globex", NEVER)).count == 0


async def test_passages_of_no_document_are_deleted(bench: Bench) -> None:
    kept = objects(bench)
    orphan = next(each for each in kept.values() if each.properties.get("text") == "Boxes.")
    copy = "00000000-0000-4000-8000-000000000001"
    kept[copy] = Kept(copy, {**orphan.properties, "body": "gone"}, orphan.vectors)
    assert (await inspected(bench)).orphans == [copy]
    await repaired(bench)
    assert copy not in kept
    assert set(await bench.store.found("parcels letters boxes")) == {"whole/0", "whole/1", "other/0"}


async def test_passages_without_a_description_are_too(bench: Bench) -> None:
    del objects(bench, "GroundwireDocuments")[document_key("whole")]
    assert len((await inspected(bench)).orphans) == 3
    await repaired(bench)
    assert [each["text"] for each in bench.chunks()] == ["Boxes."]


@pytest.mark.parametrize("ordinal", [-1, 0], ids=["the text", "a passage"])
async def test_a_document_that_lacks_something_is_removed_and_can_be_stored_again(bench: Bench, ordinal: int) -> None:
    kept, key = objects(bench), document_key("whole")
    for each in list(kept.values()):
        if (each.properties["document"], each.properties["ordinal"]) == (key, ordinal):
            del kept[each.id]
    assert [head.info.document_id for head in (await inspected(bench)).incomplete] == ["whole"]
    version = await bench.weaviate.corpus.version(ALICE, NEVER)
    await repaired(bench)
    assert await bench.weaviate.corpus.info(ALICE, "whole", NEVER) is None
    assert await bench.weaviate.corpus.version(ALICE, NEVER) != version
    assert (await bench.store.put("whole", "Parcels wait.", "Letters fly.")).state is PutState.CREATED
