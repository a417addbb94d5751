"""A server as it is configured, over providers that are doubles on sockets."""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import grpc.aio
import pytest

from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.wakeups.memory import MemoryWakeups
from groundwire_server.app import compose
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.parts.queue import ProcessQueue, open_queue
from groundwire_server.app.parts.records import open_records
from groundwire_server.app.parts.reviews import ProcessReviews, open_reviews
from groundwire_server.app.reload import ConfigReloader
from groundwire_server.edge.options import DecisionLogOptions, ServerOptions
from groundwire_server.ports.recording import Recording
from tests.doubles.configured import beside
from tests.doubles.counts import Counts
from tests.doubles.spans import Spans
from tests.doubles.time import system_clock_of_the_loop, waiting_skipped
from tests.doubles.upstream import Reply, Upstream, upstream
from tests.e2e.calls import ingest
from tests.e2e.generation.drafts import DOCUMENTS

if TYPE_CHECKING:
    from groundwire.v1.answer_service_pb2_grpc import AnswerServiceAsyncStub
    from groundwire.v1.document_service_pb2_grpc import DocumentServiceAsyncStub

ROUTE: dict[str, Any] = {"store": "main", "thresholds": {"min_relevance": 0.05}}
QUICK = {"retry": {"base_seconds": 0.001}}
"""Retries that do not wait."""


@dataclass
class Served:
    """A running server, and what a test may look at in it."""

    channel: grpc.aio.Channel
    address: str
    spans: Spans
    reloader: ConfigReloader
    file: Path
    answers: "AnswerServiceAsyncStub" = field(init=False)
    documents: "DocumentServiceAsyncStub" = field(init=False)

    def __post_init__(self) -> None:
        self.answers = AnswerServiceStub(self.channel)
        self.documents = DocumentServiceStub(self.channel)

    async def reconfigured(self, sections: dict[str, Any]) -> bool:
        """Put another file in the old one's place, and have the server take it in."""
        self.file.write_text(json.dumps(sections))
        return await self.reloader.reload()


class Serve(Protocol):
    """Starts a server by a file of these sections, with the documents of `drafts.py`, embedded by what is named."""

    def __call__(
        self, sections: dict[str, Any], embedder: str | None = None, *, queue: bool = False, reviews: bool = False
    ) -> AbstractAsyncContextManager[Served]: ...


@pytest.fixture
def configured(tmp_path: Path) -> Serve:
    @asynccontextmanager
    async def start(
        sections: dict[str, Any], embedder: str | None = None, *, queue: bool = False, reviews: bool = False
    ) -> AsyncIterator[Served]:
        file = tmp_path / "groundwire.yaml"
        file.write_text(json.dumps(sections))
        sources = beside(tmp_path / "data", embedder=embedder, file=file)
        with system_clock_of_the_loop():
            async with (
                kept(sources, tmp_path) if queue or reviews else nullcontext(NOTHING) as keeping,
                served(sources, keeping.queue, keeping.reviews if reviews else None) as running,
            ):
                await ingest(running, *DOCUMENTS)
                running.spans.clear()
                with waiting_skipped():
                    yield running

    return start


@dataclass(frozen=True)
class Kept:
    """What a server has in records."""

    queue: ProcessQueue | None = None
    reviews: ProcessReviews | None = None


NOTHING = Kept()


@asynccontextmanager
async def kept(sources: Sources, folder: Path) -> AsyncIterator[Kept]:
    """A queue in SQLite that nobody works off, and reviews."""
    async with open_records(RecordsOptions.model_validate({"url": f"sqlite:///{folder}/records.sqlite3"})) as records:
        wakeups = MemoryWakeups()
        queue = open_queue(load(sources).configuration, records, wakeups, lambda tenant: 1.0, Counts())
        yield Kept(queue, open_reviews(records, wakeups, Counts()))


@asynccontextmanager
async def served(
    sources: Sources, queue: ProcessQueue | None = None, reviews: ProcessReviews | None = None
) -> AsyncIterator[Served]:
    """A server by its configuration."""
    spans = Spans()
    process = compose.Process.begin(Recording(spans.tracer, Counts()), queue=queue, reviews=reviews)
    reloader = await ConfigReloader.begin(sources, load(sources), process)
    server = compose.server(reloader.current, process, ServerOptions(), DecisionLogOptions())
    port = await server.start("127.0.0.1:0")
    try:
        address = f"127.0.0.1:{port}"
        async with grpc.aio.insecure_channel(address) as channel:
            assert sources.file is not None
            yield Served(channel, address, spans, reloader, sources.file)
    finally:
        await server.drain(0.0, 0.0)
        await reloader.close()


def provider(double: Upstream | str, **settings: Any) -> dict[str, Any]:
    """A provider that speaks chat completions."""
    url = double if isinstance(double, str) else f"http://127.0.0.1:{double.port}/v1"
    return {"kind": "openai", "base_url": url, **settings}


def model(name: str = "cloud", **settings: Any) -> dict[str, Any]:
    """A model of a provider."""
    return {"kind": "openai", "provider": name, "model": f"{name}-test", **QUICK, **settings}


def one_model(double: Upstream | str, *, route: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """The sections of a server whose route asks one model."""
    return {
        "providers": {"cloud": provider(double)},
        "models": {"large": model(**settings)},
        "routes": {"default": {**ROUTE, "models": ["large"], **(route or {})}},
    }


def two_models(
    first: Upstream, second: Upstream, *, route: dict[str, Any] | None = None, **settings: Any
) -> dict[str, Any]:
    """The sections of a server whose route asks a hosted model, then one of its operator's own."""
    return {
        "providers": {"cloud": provider(first), "house": provider(second, residency="self_hosted")},
        "models": {"large": model(**settings), "small": model("house")},
        "routes": {"default": {**ROUTE, "models": ["large", "small"], **(route or {})}},
    }


@asynccontextmanager
async def two(first: list[Reply], second: list[Reply]) -> AsyncIterator[tuple[Upstream, Upstream]]:
    """Two providers."""
    async with upstream(*first) as one, upstream(*second) as other:
        yield one, other
