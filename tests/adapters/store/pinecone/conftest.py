from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from groundwire_server.adapters.store.pinecone.options import PineconeOptions
from groundwire_server.adapters.store.pinecone.store import PineconeStore
from tests.contract.stores import DIMENSIONS, Store, opened_pinecone, pinecone_options
from tests.doubles.pinecone.index import Index
from tests.doubles.pinecone.server import FakePinecone
from tests.doubles.spans import Spans


@dataclass(frozen=True, slots=True)
class Bench:
    """A store over the double, with all that can be looked at."""

    double: FakePinecone
    spans: Spans
    pinecone: PineconeStore
    store: Store

    def kinds(self, tenant: str = "acme") -> list[str]:
        """What the records of the sparse index hold, but for the corpus version."""
        return sorted({each.split("/")[0] for each in ids(self.double.sparse, tenant)} - {"corpus"})


def ids(index: Index, tenant: str = "acme") -> list[str]:
    """The ids of all records of a tenant, whether or not reads find them yet."""
    namespace = index.namespaces[tenant]
    namespace.read(0)
    return sorted(namespace.records)


@pytest.fixture
async def double() -> AsyncIterator[FakePinecone]:
    async with FakePinecone(DIMENSIONS) as started:
        yield started


@pytest.fixture
def options(double: FakePinecone) -> PineconeOptions:
    return pinecone_options(double)


@pytest.fixture
async def bench(double: FakePinecone, options: PineconeOptions) -> AsyncIterator[Bench]:
    spans = Spans()
    async with opened_pinecone(options, spans.recording) as store:
        opened = Store(store.retriever, store.corpus, store.sentence_vectors, erasure=store.erasure)
        yield Bench(double, spans, store, opened)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests of this folder that start the double."""
    if isinstance(item, pytest.Function) and "double" in item.fixturenames:
        item.add_marker(pytest.mark.server)
