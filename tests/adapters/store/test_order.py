"""The order of documents that were stored at one time."""

from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document, DocumentOrder, Listing, Position
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.recording import unrecorded
from tests.contract.stores import ALICE, ALL, AXES, weaviate_options
from tests.doubles.weaviate.server import FakeWeaviate

NAMES = ["10", "9", "B", "a", "b", "é"]


class StoppedClock(SystemClock):
    """Its calendar stands still, on a full second."""

    def today(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["embedded", "weaviate"])
async def corpus(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Corpus]:
    if request.param == "embedded":
        with closing(EmbeddedStore.open(tmp_path / "store.sqlite3", StoppedClock(), None)) as embedded:
            yield embedded.corpus
        return
    async with FakeWeaviate() as double:
        store = WeaviateStore.open(weaviate_options(double), AXES, StoppedClock(), unrecorded())
        await store.schema.apply(await store.schema.plan(NEVER), NEVER)
        yield store.corpus
        await store.close()


@pytest.mark.parametrize(
    ("order", "expected"),
    [(DocumentOrder.OLDEST, NAMES), (DocumentOrder.NEWEST, NAMES[::-1])],
    ids=["oldest", "newest"],
)
async def test_is_that_of_their_ids(corpus: Corpus, order: DocumentOrder, expected: list[str]) -> None:
    for name in reversed(NAMES):
        await corpus.put(ALICE, Document(name, "Text.", allowed_principals=ALL), name, [], NEVER)
    listed: list[str] = []
    after = None
    while page := await corpus.page(ALICE, Listing(order=order), after, 2, NEVER):
        listed += [info.document_id for info in page]
        after = Position(page[-1].document_id, page[-1].updated)
    assert listed == expected
