from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from groundwire_server.adapters.store.weaviate.options import VectorSource, WeaviateOptions
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from tests.contract.stores import AXES, Store, opened_weaviate, weaviate_options
from tests.doubles.spans import Spans
from tests.doubles.weaviate.server import FakeWeaviate
from tests.doubles.weaviate.service import World


@dataclass(frozen=True, slots=True)
class Bench:
    """A store over the double, with all that can be looked at."""

    double: FakeWeaviate
    spans: Spans
    weaviate: WeaviateStore
    store: Store

    @property
    def world(self) -> World:
        return self.double.world

    @property
    def methods(self) -> list[str]:
        return [call.method for call in self.world.calls]

    @property
    def searches(self) -> list[Any]:
        """What passages were searched for with."""
        return [call.request for call in self.world.calls if call.request.collection == "Groundwire"]

    def chunks(self, tenant: str = "acme") -> list[dict[str, Any]]:
        """The properties of the chunks that Weaviate holds."""
        kept = self.world.collections["Groundwire"].tenants[tenant].objects.values()
        return [each.properties for each in kept if each.properties["ordinal"] >= 0]

    def clear(self) -> None:
        self.world.calls.clear()
        self.world.arrived.clear()
        self.spans.clear()


@pytest.fixture
async def double() -> AsyncIterator[FakeWeaviate]:
    async with FakeWeaviate() as started:
        started.world.key = "secret-key"
        yield started


@pytest.fixture
def options(double: FakeWeaviate) -> WeaviateOptions:
    return weaviate_options(double)


@pytest.fixture
def vectors() -> VectorSource:
    return AXES


@pytest.fixture
async def bench(double: FakeWeaviate, options: WeaviateOptions, vectors: VectorSource) -> AsyncIterator[Bench]:
    spans = Spans()
    async with opened_weaviate(options, spans.recording, vectors) as store:
        bench = Bench(double, spans, store, Store(store.retriever, store.corpus, store.sentence_vectors))
        bench.clear()
        yield bench


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests of this folder that start the double."""
    if isinstance(item, pytest.Function) and "double" in item.fixturenames:
        item.add_marker(pytest.mark.server)
