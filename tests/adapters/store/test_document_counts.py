"""How many documents a store holds, of all tenants together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.adapters.store.weaviate.failures import StoreFailure, WeaviateFault
from groundwire_server.adapters.store.weaviate.probe import Probe
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from groundwire_server.ports.corpus import Corpus
from tests.contract.stores import ALL, chunk, opened_weaviate, weaviate_options
from tests.doubles.weaviate.server import FakeWeaviate

TENANTS = [Caller(tenant, "alice", frozenset({"alice"})) for tenant in ("acme", "Zürich & sons", "third")]
"""One whose name Weaviate does not take is among them."""


@dataclass
class Counted:
    """A store with its count."""

    corpus: Corpus
    count: Callable[[], Awaitable[int]]

    async def put(self, caller: Caller, name: str, *, revision: int = 1, principals: frozenset[str] = ALL) -> None:
        document = Document(name, f"{name} {revision}", allowed_principals=principals)
        chunks = [chunk(f"{name}-{place}", f"Parcels {revision}.", ordinal=place) for place in range(3)]
        await self.corpus.put(caller, document, str(revision), chunks, NEVER)


class AtWeaviate(Counted):
    """The same over the double."""

    def __init__(self, corpus: Corpus, probe: Probe, double: FakeWeaviate) -> None:
        super().__init__(corpus, lambda: probe.documents(0.0))
        self.probe = probe
        self.world = double.world

    @property
    def aggregates(self) -> int:
        return sum(call.method == "Aggregate" for call in self.world.calls)


@pytest.fixture
async def weaviate() -> AsyncIterator[AtWeaviate]:
    async with FakeWeaviate() as double, opened_weaviate(weaviate_options(double)) as store:
        yield AtWeaviate(store.corpus, store.probe, double)


@pytest.fixture(params=["embedded", "weaviate"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Counted]:
    if request.param == "weaviate":
        async with FakeWeaviate() as double, opened_weaviate(weaviate_options(double)) as opened:
            yield AtWeaviate(opened.corpus, opened.probe, double)
    else:
        with closing(EmbeddedStore.open(tmp_path / "store.sqlite3", SystemClock(), None)) as embedded:
            yield Counted(embedded.corpus, embedded.document_count)


async def test_an_empty_store_holds_none(store: Counted) -> None:
    assert await store.count() == 0


async def test_documents_of_all_tenants_count_once_whoever_may_see_them(store: Counted) -> None:
    for tenant in TENANTS:
        await store.put(tenant, "post")
    await store.put(TENANTS[0], "secret", principals=frozenset({"bob"}))
    await store.put(TENANTS[0], "nobody's", principals=frozenset())
    await store.put(TENANTS[0], "post", revision=2)
    assert await store.count() == 5


async def test_deleted_documents_do_not_count(store: Counted) -> None:
    await store.put(TENANTS[0], "post")
    await store.put(TENANTS[1], "post")
    await store.corpus.delete(TENANTS[1], "post", NEVER)
    assert await store.count() == 1


async def test_an_inactive_tenant_of_weaviate_is_left_alone(weaviate: AtWeaviate) -> None:
    for tenant in TENANTS:
        await weaviate.put(tenant, "post")
    weaviate.world.collections["GroundwireDocuments"].tenants["third"].active = False
    weaviate.world.calls.clear()
    assert await weaviate.count() == 2
    assert weaviate.aggregates == 2


async def test_weaviate_counts_one_tenant_at_a_time_with_a_pause_between_them(weaviate: AtWeaviate) -> None:
    for tenant in TENANTS:
        await weaviate.put(tenant, "post")
    weaviate.world.calls.clear()
    counting = asyncio.create_task(weaviate.probe.documents(3600.0))
    while not weaviate.aggregates:
        weaviate.world.arrived.clear()
        await weaviate.world.arrived.wait()
    # A whole call later the second tenant still waits.
    await weaviate.corpus.info(TENANTS[0], "post", NEVER)
    assert weaviate.aggregates == 1
    counting.cancel()
    await asyncio.wait([counting])


async def test_a_weaviate_that_is_away_has_no_count(weaviate: AtWeaviate) -> None:
    await weaviate.put(TENANTS[0], "post")
    weaviate.world.unavailable = 100
    with pytest.raises(StoreFailure) as failed:
        await weaviate.count()
    assert failed.value.fault is WeaviateFault.UNAVAILABLE
