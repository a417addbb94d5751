"""The schema is planned before it is applied, and no document is lost unasked."""

from typing import Any

import pytest

from groundwire_server.adapters.store.weaviate.migration import DestructiveChangeFailure, SchemaChange
from groundwire_server.adapters.store.weaviate.options import VectorSource, WeaviateOptions
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER
from tests.adapters.store.weaviate.conftest import Bench
from tests.contract.stores import AXES, DIMENSIONS, altered, opened_weaviate
from tests.doubles.spans import Spans
from tests.doubles.weaviate.server import FakeWeaviate


async def test_of_an_empty_server_is_created_once(double: FakeWeaviate, options: WeaviateOptions) -> None:
    store = WeaviateStore.open(options, AXES, SystemClock(), Spans().recording)
    steps = await store.schema.plan(NEVER)
    assert [(step.change, step.collection) for step in steps] == [
        (SchemaChange.CREATE, "Groundwire"),
        (SchemaChange.CREATE, "GroundwireDocuments"),
    ]
    assert double.world.collections == {}
    assert str(steps[0]) == "Groundwire: create the collection (it does not exist)"
    await store.schema.apply(steps, NEVER)
    assert set(double.world.collections) == {"Groundwire", "GroundwireDocuments"}
    assert await store.schema.plan(NEVER) == ()
    await store.close()


async def test_of_an_older_version_gets_what_it_lacks(bench: Bench) -> None:
    held = bench.world.collections["Groundwire"].definition["properties"]
    held[:] = [each for each in held if each["name"] != "title_terms"]
    await bench.store.put("post", "Parcels.")
    (step,) = await bench.weaviate.schema.plan(NEVER)
    assert (step.change, step.added, step.destructive) == (SchemaChange.ADD_PROPERTY, "title_terms", False)
    assert str(step) == "Groundwire.title_terms: add the property (it does not exist)"
    await bench.weaviate.schema.apply([step], NEVER)
    assert await bench.weaviate.schema.plan(NEVER) == ()
    assert await bench.store.found("parcels") == ["post/0"]


def _without_tenants(definition: dict[str, Any]) -> None:
    definition["multiTenancyConfig"]["enabled"] = False


def _cut_otherwise(definition: dict[str, Any]) -> None:
    next(each for each in definition["properties"] if each["name"] == "terms")["tokenization"] = "word"


def _without_vector(definition: dict[str, Any]) -> None:
    definition["vectorConfig"]["image"] = definition["vectorConfig"].pop("text")


def _by_another_distance(definition: dict[str, Any]) -> None:
    definition["vectorConfig"]["text"]["vectorIndexConfig"]["distance"] = "dot"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_without_tenants, "has no multi-tenancy"),
        (_cut_otherwise, "the property terms is indexed otherwise"),
        (_without_vector, "it has no vector text"),
        (_by_another_distance, "the vector text is not compared by cosine"),
    ],
)
async def test_that_cannot_be_changed_is_made_anew_only_when_allowed(bench: Bench, change: Any, reason: str) -> None:
    await bench.store.put("post", "Parcels.")
    change(bench.world.collections["Groundwire"].definition)
    steps = await bench.weaviate.schema.plan(NEVER)
    (step,) = steps
    assert step.destructive
    assert reason in str(step)
    with pytest.raises(DestructiveChangeFailure, match="would delete Groundwire with all documents"):
        await bench.weaviate.schema.apply(steps, NEVER)
    assert "acme" in bench.world.collections["Groundwire"].tenants
    await bench.weaviate.schema.apply(steps, NEVER, destructive=True)
    assert bench.world.collections["Groundwire"].tenants == {}
    assert await bench.weaviate.schema.plan(NEVER) == ()


@pytest.mark.parametrize(
    ("replicas", "other"), [(1, VectorSource("another", DIMENSIONS)), (1, VectorSource("axes", 9)), (3, AXES)]
)
async def test_of_another_model_or_replication_is_another(
    bench: Bench, options: WeaviateOptions, replicas: int, other: VectorSource
) -> None:
    store = WeaviateStore.open(altered(options, replicas=replicas), other, SystemClock(), Spans().recording)
    assert all(step.destructive for step in await store.schema.plan(NEVER))
    assert await store.schema.plan(NEVER)
    await store.close()


@pytest.mark.parametrize("replicas", [1, 3])
async def test_replicas_catch_up_by_themselves(double: FakeWeaviate, options: WeaviateOptions, replicas: int) -> None:
    async with opened_weaviate(altered(options, replicas=replicas)):
        for collection in double.world.collections.values():
            kept = collection.definition["replicationConfig"]
            assert (kept["factor"], kept["asyncEnabled"]) == (replicas, replicas > 1)
            assert kept["deletionStrategy"] == "TimeBasedResolution"


async def test_of_another_collection_leaves_the_first_alone(bench: Bench, options: WeaviateOptions) -> None:
    await bench.store.put("post", "Parcels.")
    async with opened_weaviate(altered(options, collection="Second")) as second:
        assert await second.schema.plan(NEVER) == ()
    assert await bench.store.found("parcels") == ["post/0"]
