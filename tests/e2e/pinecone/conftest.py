"""The product's server over the double of Pinecone."""

from collections.abc import AsyncIterator

import pytest

from groundwire_server.adapters.store.pinecone.store import PineconeStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.parts.store import Store
from groundwire_server.ports.recording import Recording
from tests.contract.stores import pinecone_options
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.pinecone.server import FakePinecone
from tests.e2e.conftest import Product, Serve


@pytest.fixture
async def double() -> AsyncIterator[FakePinecone]:
    async with FakePinecone(HashingEmbedder().dimensions) as started:
        yield started


@pytest.fixture
async def over_pinecone(serve: Serve, double: FakePinecone) -> AsyncIterator[Product]:
    """A server over the double."""
    stores: list[PineconeStore] = []

    def open_(embedder: HashingEmbedder, recording: Recording) -> Store:
        store = PineconeStore.open(pinecone_options(double), embedder.dimensions, SystemClock(), recording)
        stores.append(store)
        return Store(store.retriever, store.corpus, embedder, store.sentence_vectors, erasable=store.erasure)

    try:
        async with serve(store=open_) as product:
            yield product
    finally:
        for store in stores:
            await store.close()
