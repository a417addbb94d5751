"""A server whose configuration names a Pinecone: when it starts, when it does not, and what doctor says of it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from groundwire.v1 import document_pb2, document_service_pb2, retrieval_service_pb2
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.stores import PineconeStoreConfig
from groundwire_server.app.pinecone_examination import describe_pinecone
from groundwire_server.app.serve import running
from groundwire_server.cli.doctor.pinecone import pinecone
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.failure import SetupError
from tests.contract.stores import opened_pinecone, pinecone_options
from tests.doubles.pinecone.index import Index
from tests.doubles.pinecone.server import KEY, FakePinecone

ACME = (("groundwire-tenant", "acme"), ("groundwire-subject", "alice"))


@pytest.fixture
async def double() -> AsyncIterator[FakePinecone]:
    async with FakePinecone() as started:
        yield started


@contextmanager
def beside() -> Iterator[FakePinecone]:
    """A double on a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    double = FakePinecone()
    try:
        asyncio.run_coroutine_threadsafe(double.__aenter__(), loop).result(30)
        try:
            yield double
        finally:
            asyncio.run_coroutine_threadsafe(double.__aexit__(None, None, None), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def configuration(folder: Path, sparse_host: str, key: str = KEY, more: str = "") -> Path:
    """A configuration's file whose store is in the double; more of the store as YAML lines."""
    (folder / "pinecone-key").write_text(key)
    path = folder / "groundwire.yaml"
    lines = [
        "server: {listen: 127.0.0.1:0}",
        "stores:",
        "  main:",
        "    kind: pinecone",
        f"    sparse_host: {sparse_host}",
        f"    api_key: file://{folder / 'pinecone-key'}",
        *(f"    {line}" for line in more.splitlines()),
        "routes:",
        "  default:",
        "    models: [extractive]",
        "    store: main",
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.server
async def test_a_server_stores_and_finds_documents(tmp_path: Path, double: FakePinecone) -> None:
    sources = Sources(configuration(tmp_path, double.sparse_host), {})
    async with (
        running(sources, load(sources)) as server,
        grpc.aio.insecure_channel(server.address) as channel,
    ):
        document = document_pb2.Document(
            document_id="post", text="Parcels wait in the mail room.", allowed_principals=["*"]
        )
        request = document_service_pb2.IngestDocumentsRequest(document=document)
        replies = DocumentServiceStub(channel).IngestDocuments(iter([request]), metadata=ACME, timeout=20)
        assert [reply async for reply in replies]
        asked = retrieval_service_pb2.RetrieveRequest(text="Where do parcels wait?")
        found = (await RetrievalServiceStub(channel).Retrieve(asked, metadata=ACME, timeout=20)).passages
        assert [(each.document_id, each.text) for each in found] == [("post", document.text)]
    assert set(double.sparse.namespaces) == {"acme"}


async def begun(file: Path) -> str:
    """What a server of the configuration says when it does not start."""
    sources = Sources(file, {})
    with pytest.raises(SetupError) as unusable:
        async with running(sources, load(sources)):
            pass
    return str(unusable.value)


@pytest.mark.server
async def test_a_wrong_key_is_refused_without_being_told(tmp_path: Path, double: FakePinecone) -> None:
    said = await begun(configuration(tmp_path, double.sparse_host, key="hunter2"))
    assert said.startswith("stores.main: Pinecone refuses the API key: configure one")
    assert "hunter2" not in said


@pytest.mark.server
async def test_a_wrong_index_is_refused(tmp_path: Path, double: FakePinecone) -> None:
    said = await begun(configuration(tmp_path, double.dense_host))
    assert said.startswith("stores.main: sparse_host is an index of dense vectors")


@pytest.mark.server
async def test_one_that_is_away_is_waited_for(
    tmp_path: Path, double: FakePinecone, caplog: pytest.LogCaptureFixture
) -> None:
    sources = Sources(configuration(tmp_path, double.sparse_host), {})
    async with double.away(), running(sources, load(sources)):
        assert "the store cannot be looked at yet" in caplog.text


@pytest.mark.server
@pytest.mark.parametrize(
    ("index", "dimensions", "wrong"),
    [
        (Index(8), 8, []),
        (Index(8, "dotproduct"), 8, []),
        (Index(8, "euclidean"), 8, ["dense_host compares by euclidean, and not by cosine or dotproduct"]),
        (Index(8), 384, ["dense_host has 8 dimensions, and the embedder 384"]),
        (Index(), 8, ["dense_host is an index of sparse vectors"]),
    ],
)
async def test_what_is_wrong_with_the_vectors_index_is_said(index: Index, dimensions: int, wrong: list[str]) -> None:
    double = FakePinecone()
    double.dense = index
    async with double, opened_pinecone(pinecone_options(double), dimensions=dimensions) as store:
        assert list(await store.probe.mismatches(NEVER)) == wrong


@pytest.mark.server
def test_doctor_says_how_the_indexes_are(tmp_path: Path) -> None:
    with beside() as double:
        loaded = load(Sources(configuration(tmp_path, double.sparse_host), {})).configuration
        section = loaded.stores["main"]
        assert isinstance(section, PineconeStoreConfig)
        never_run, found = pinecone("main", section, loaded)
        assert never_run.message == "main: the adapter for Pinecone has never been run against the real service"
        assert found.message.startswith("main: the indexes are as they should be")
        double.world.key = "another"
        *_, found = pinecone("main", section, loaded)
        assert found.message == "main: Pinecone refuses the API key"
        double.world.key = KEY
        described: Mapping[str, Any] = describe_pinecone(section, loaded)
        assert described["sparse_host"] == {
            "kind": "sparse",
            "metric": "dotproduct",
            "dimensions": 0,
            "records": 0,
            "tenants": 0,
        }


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("dense_host: http://pinecone.example.com", "must be a URL that begins with https://"),
        ("dense_host: https://words.example.com", "is that of sparse_host too"),
        ("embedder: local", "is needed for the embedder's vectors"),
        ("replicas: 2", "unknown key"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, more: str, said: str) -> None:
    file = configuration(tmp_path, "https://words.example.com", more=more)
    file.write_text(file.read_text() + "embedders: {local: {kind: minilm}}\n")
    with pytest.raises(InvalidConfigurationError) as invalid:
        load(Sources(file, {}))
    assert said in str(invalid.value)
