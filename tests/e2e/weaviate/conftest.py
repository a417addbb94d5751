"""The product's server over a Weaviate: the double, and a real one where the environment names it."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from groundwire_server.adapters.store.weaviate.options import VectorSource, WeaviateOptions
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.parts.store import Store
from groundwire_server.ports.recording import Recording
from tests.contract.stores import REAL, altered, dropped, opened_weaviate, real_options, weaviate_options
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.weaviate.server import FakeWeaviate
from tests.doubles.weaviate.service import World
from tests.e2e.conftest import Product, Serve

Backing = Callable[..., AbstractAsyncContextManager[Product]]


@dataclass(frozen=True)
class OverDouble:
    """A server over the double, and what the double keeps and does."""

    product: Product
    world: World

    def objects(self, tenant: str = "acme", collection: str = "Groundwire") -> list[dict[str, Any]]:
        return [each.properties for each in self.world.collections[collection].tenants[tenant].objects.values()]


@pytest.fixture
def backed(serve: Serve) -> Backing:
    """Start a server whose store is in a Weaviate; the schema is applied before some options are changed."""

    @asynccontextmanager
    async def start(
        options: WeaviateOptions, reached: Mapping[str, Any] | None = None, **more: Any
    ) -> AsyncIterator[Product]:
        probe = HashingEmbedder()
        vectors = VectorSource(probe.model, probe.dimensions)
        async with opened_weaviate(options, vectors=vectors):
            pass
        options = altered(options, **(reached or {}))
        stores: list[WeaviateStore] = []

        def open_(embedder: HashingEmbedder, recording: Recording) -> Store:
            store = WeaviateStore.open(options, vectors, SystemClock(), recording)
            stores.append(store)
            return Store(store.retriever, store.corpus, embedder, store.sentence_vectors, erasable=store.erasure)

        try:
            async with serve(store=open_, **more) as product:
                yield product
        finally:
            for store in stores:
                await store.close()

    return start


@pytest.fixture
async def double() -> AsyncIterator[FakeWeaviate]:
    async with FakeWeaviate() as started:
        started.world.key = "secret-key"
        yield started


@pytest.fixture
async def over_double(backed: Backing, double: FakeWeaviate) -> AsyncIterator[OverDouble]:
    async with backed(weaviate_options(double)) as product:
        yield OverDouble(product, double.world)


@asynccontextmanager
async def _double() -> AsyncIterator[WeaviateOptions]:
    async with FakeWeaviate() as double:
        double.world.keep_calls = False
        yield weaviate_options(double)


@asynccontextmanager
async def _real() -> AsyncIterator[WeaviateOptions]:
    options = real_options()
    yield options
    await dropped(options)


KINDS = {"double": _double, **({"real": _real} if REAL in os.environ else {})}


@pytest.fixture(params=list(KINDS))
async def over_weaviate(request: pytest.FixtureRequest, backed: Backing) -> AsyncIterator[Product]:
    """A server over either."""
    async with KINDS[request.param]() as options, backed(options) as product:
        yield product
