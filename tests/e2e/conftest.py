"""A real server on a real port: the embedded store, an embedder and a generator that tests control."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import grpc.aio
import pytest

from groundwire.v1.answer_service_pb2_grpc import AnswerServiceStub
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from groundwire_server.adapters.records.opening import OpenedRecords
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.store.embedded import EmbeddedStore, Embedding
from groundwire_server.adapters.wakeups.memory import MemoryWakeups
from groundwire_server.admission.capacity import CapacityOptions
from groundwire_server.app import compose
from groundwire_server.app.access import NO_AUTHENTICATION
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.queue import QueueConfig
from groundwire_server.app.feedback_work import FeedbackWork
from groundwire_server.app.parts.parts import Parts
from groundwire_server.app.parts.queue import ProcessQueue, open_queue
from groundwire_server.app.parts.recordings import open_recordings
from groundwire_server.app.parts.records import open_records
from groundwire_server.app.parts.reviews import ProcessReviews, open_reviews
from groundwire_server.app.parts.store import Store
from groundwire_server.app.queue_work import QueueWork
from groundwire_server.app.review_work import ReviewWork
from groundwire_server.corpus.screening import DocumentScreen
from groundwire_server.domain.guards.finding import GuardActions, GuardIdentity
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import GuardAction, Screen
from groundwire_server.edge.access import Access
from groundwire_server.edge.gateway.options import GatewayOptions
from groundwire_server.edge.gateway.server import Gateway
from groundwire_server.edge.options import DecisionLogOptions, ServerOptions
from groundwire_server.edge.server import Server
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.edge.tls import ServerTls
from groundwire_server.pipeline.screening.guards import PlacedGuard, ScreenGuards
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.retriever import Retriever
from groundwire_server.work.options import QueueOptions
from tests.doubles.counts import Counts
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.generator import ScriptedGenerator
from tests.doubles.policies import EXTRACTIVE, built_in_policy
from tests.doubles.replaying import every_call_replayed
from tests.doubles.spans import Spans
from tests.doubles.time import ServerTimeLoop, system_clock_of_the_loop
from tests.e2e.calls import ingest
from tests.pipeline.screening.guarding import LocalWords

if TYPE_CHECKING:
    from groundwire.v1.answer_service_pb2_grpc import AnswerServiceAsyncStub
    from groundwire.v1.document_service_pb2_grpc import DocumentServiceAsyncStub
    from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceAsyncStub


REPLAY_EVERY_CALL = "GROUNDWIRE_TESTS_REPLAY"
"""Set in the environment, it has every call of these tests recorded and replayed: the outcomes must be the same."""


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    # A real model, or a real Weaviate, takes the world's time.
    return {"real": asyncio.new_event_loop} if item.path.stem.startswith("test_real") else {"server": ServerTimeLoop}


OF_ONE_GUARD = {
    Screen.DOCUMENT: ScreenGuards(
        (
            PlacedGuard(
                GuardIdentity("injection", "1"),
                GuardActions(GuardAction.FLAG),
                LocalWords(),
                frozenset({"jailbreak"}),
            ),
        )
    )
}
"""A screen that no call comes to, and a guard that appeals may name."""


@dataclass
class Product:
    """A running server, and what a test may look at or change in it."""

    channel: grpc.aio.Channel
    generator: ScriptedGenerator
    embedder: HashingEmbedder
    spans: Spans
    counts: Counts
    server: Server
    current: CurrentSnapshot
    address: str
    queue: ProcessQueue | None = None
    gateway: Gateway | None = None
    reviews: ProcessReviews | None = None
    answers: "AnswerServiceAsyncStub" = field(init=False)
    retrieval: "RetrievalServiceAsyncStub" = field(init=False)
    documents: "DocumentServiceAsyncStub" = field(init=False)

    def __post_init__(self) -> None:
        self.answers = AnswerServiceStub(self.channel)
        self.retrieval = RetrievalServiceStub(self.channel)
        self.documents = DocumentServiceStub(self.channel)


Serve = Callable[..., AbstractAsyncContextManager[Product]]


@pytest.fixture(autouse=bool(os.environ.get(REPLAY_EVERY_CALL)))
def every_call_is_replayed() -> Iterator[None]:
    """Have every call of every test recorded, and replayed when the test has ended."""
    with every_call_replayed():
        yield


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Start a server as the test wants it."""
    return serving(tmp_path)


def serving(folder: Path) -> Serve:
    """Start servers whose documents are in a folder."""

    @asynccontextmanager
    async def start(
        generator: ScriptedGenerator | None = None,
        retriever: Retriever | None = None,
        policy: Callable[[Policy], Policy] = lambda policy: policy,
        write_seconds: float = 10.0,
        access: Access | None = None,
        tls: ServerTls | None = None,
        store: Callable[[HashingEmbedder, Recording], Store] | None = None,
        options: ServerOptions | None = None,
        capacity: CapacityOptions | None = None,
        document_screen: DocumentScreen | None = None,
        answer_cache: AnswerCache | None = None,
        records: OpenedRecords | None = None,
        queue: QueueOptions | None = None,
        records_options: RecordsOptions | None = None,
        gateway: GatewayOptions | None = None,
        reviews: bool = False,
    ) -> AsyncIterator[Product]:
        generator = generator or ScriptedGenerator()
        embedder = HashingEmbedder()
        embedded = EmbeddedStore.open(
            folder / "store.sqlite3", SystemClock(), Embedding(embedder.model, embedder.dimensions), readers=2
        )
        default = policy(replace(built_in_policy(), min_relevance=0.05))
        spans = Spans()
        counts = Counts()
        recording = Recording(spans.tracer, counts)
        main = Store(retriever or embedded.retriever, embedded.corpus, embedder, embedded.sentence_vectors)
        main = replace(main, erasable=embedded.erasure, texts=(embedded.vector_memory,))
        if store is not None:
            main = store(embedder, recording)
        screens = {"default": OF_ONE_GUARD}
        parts = Parts(
            {"main": main},
            {EXTRACTIVE: generator},
            main,
            screens=screens,
            document_screen=document_screen,
            answer_cache=answer_cache,
        )
        routes = {"default": (default, "main")}
        kept = records_options or RecordsOptions.model_validate({"url": f"sqlite:///{folder}/records.sqlite3"})
        async with _records(kept, queue, counts, reviews=reviews) as (opened, queued, beside):
            records = records or (opened if reviews else None)
            reviewed = beside or open_reviews(records, MemoryWakeups(), counts)
            process = compose.Process.begin(
                recording,
                capacity=capacity,
                queue=queued,
                records=records,
                reviews=reviewed,
                recordings=open_recordings(records, counts),
            )
            snapshot = compose.snapshot(routes, parts, process, access or NO_AUTHENTICATION, write_seconds)
            current = CurrentSnapshot(snapshot)
            server = compose.server(current, process, options or ServerOptions(), DecisionLogOptions())
            port = await server.start("127.0.0.1:0", tls)
            address = f"127.0.0.1:{port}"
            http = None if gateway is None else await Gateway.of(server, gateway, current)
            if http is not None:
                await http.start()
            with system_clock_of_the_loop():
                work = QueueWork(process, current, 0 if queue is None else queue.concurrent, DecisionLogOptions())
                review_work, samples = ReviewWork(process, current), FeedbackWork(process)
                for each in (work, review_work, samples):
                    each.begin()
                try:
                    async with grpc.aio.insecure_channel(address) as channel:
                        parts_of = (channel, generator, embedder, spans, counts, server, current, address, queued)
                        yield Product(*parts_of, http, reviewed)
                finally:
                    await work.end(0.0)
                    await review_work.end()
                    await asyncio.gather(*(each.drain(0.0, 0.0) for each in (server, http) if each is not None))
                    await samples.end()
                    embedded.close()

    return start


@asynccontextmanager
async def _records(
    kept: RecordsOptions, options: QueueOptions | None, counts: Counts, *, reviews: bool
) -> AsyncIterator[tuple[OpenedRecords | None, ProcessQueue | None, ProcessReviews | None]]:
    """Open records with a queue, and reviews beside it; none without options."""
    if options is None:
        yield None, None, None
        return
    config = QueueConfig.model_construct(**dict(options))
    configuration = load(Sources()).configuration.model_copy(update={"queue": config})
    async with open_records(kept) as records:
        wakeups = MemoryWakeups()
        queue = open_queue(configuration, records, wakeups, lambda tenant: 1.0, counts)
        yield records, queue, open_reviews(records, wakeups, counts) if reviews else None


@pytest.fixture
async def product(serve: Serve) -> AsyncIterator[Product]:
    """A server that holds two documents."""
    async with serve() as running:
        await ingest(running, ("lambdas", "Lambda expressions create anonymous functions."))
        await ingest(running, ("generators", "Generators yield values lazily."))
        yield running
