"""A server whose configuration names a Weaviate: when it starts, when it does not, and what a reload keeps."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import grpc.aio
import pytest

from groundwire.v1 import retrieval_service_pb2
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.serve import running
from groundwire_server.cli.main import run
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from groundwire_server.domain.failure import SetupError
from tests.cli.test_process import command
from tests.doubles.weaviate.beside import KEY, configuration, weaviate_beside
from tests.doubles.weaviate.server import FakeWeaviate


@pytest.fixture
async def double() -> AsyncIterator[FakeWeaviate]:
    async with FakeWeaviate() as started:
        started.world.key = KEY
        yield started


async def applied(file: Path) -> None:
    assert await asyncio.to_thread(run, ["corpus", "apply", "--config", str(file), "--yes"]) == 0


async def begun(file: Path) -> str:
    """What a server of the configuration says when it does not start."""
    sources = Sources(file, {})
    with pytest.raises(SetupError) as unusable:
        async with running(sources, load(sources)):
            pass
    return str(unusable.value)


async def searches(address: str) -> int:
    async with grpc.aio.insecure_channel(address) as channel:
        request = retrieval_service_pb2.RetrieveRequest(text="Where do parcels wait?")
        metadata = (("groundwire-tenant", "acme"), ("groundwire-subject", "alice"))
        return len((await RetrievalServiceStub(channel).Retrieve(request, metadata=metadata, timeout=10)).passages)


async def test_a_schema_that_is_not_applied_is_refused_in_one_line(tmp_path: Path, double: FakeWeaviate) -> None:
    assert await begun(configuration(tmp_path, double)) == (
        "stores.main: Groundwire: create the collection (it does not exist) and 1 more: run `groundwire corpus apply`"
    )


@pytest.mark.process
def test_the_command_ends_with_that_line(tmp_path: Path) -> None:
    with weaviate_beside() as double:
        ran = command("serve", "--config", str(configuration(tmp_path, double)))
    assert ran.returncode == 4
    assert (ran.stdout, ran.stderr.count("\n")) == ("", 1)
    assert ran.stderr.endswith("run `groundwire corpus apply`\n")


@pytest.mark.process
def test_a_port_that_is_taken_is_one_line_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client has gRPC write to standard error, which is put back."""
    with weaviate_beside() as double, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        file = configuration(tmp_path, double)
        assert run(["corpus", "apply", "--config", str(file), "--yes"]) == 0
        monkeypatch.delenv("GRPC_VERBOSITY", raising=False)
        ran = command(
            "serve", "--config", str(file), "--listen", f"127.0.0.1:{taken.getsockname()[1]}", env=dict(os.environ)
        )
    assert ran.returncode == 4
    assert "is another server using it?" in ran.stderr
    assert ran.stderr.count("\n") == 1


async def test_a_wrong_key_is_refused_without_being_told(tmp_path: Path, double: FakeWeaviate) -> None:
    said = await begun(configuration(tmp_path, double, key="hunter2"))
    assert said.startswith("stores.main: Weaviate refuses the API key: configure one")
    assert "hunter2" not in said


async def test_one_that_is_away_is_waited_for(
    tmp_path: Path, double: FakeWeaviate, caplog: pytest.LogCaptureFixture
) -> None:
    sources = Sources(configuration(tmp_path, double), {})
    async with AsyncExitStack() as away:
        await away.enter_async_context(double.away())
        async with running(sources, load(sources)) as server:
            assert "the store cannot be looked at yet" in caplog.text
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await searches(server.address)
            assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
            await away.aclose()
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await searches(server.address)
            assert failed.value.code() is grpc.StatusCode.FAILED_PRECONDITION


class TestReload:
    @pytest.fixture
    def double(self) -> None:
        """One beside the tests' loop, for commands are run against it."""

    @pytest.mark.parametrize("route", ["search: {alpha: 0.2}", "search: {mode: keyword}", "limits: {top_k: 3}"])
    async def test_of_how_a_route_searches_keeps_the_connection(self, tmp_path: Path, route: str) -> None:
        with weaviate_beside() as double:
            file = configuration(tmp_path, double)
            await applied(file)
            sources = Sources(file, {})
            async with running(sources, load(sources)) as server:
                await searches(server.address)
                looked = double.world.connections
                configuration(tmp_path, double, route=route)
                assert await server.reloader.reload()
                await searches(server.address)
                assert double.world.connections == looked

    async def test_of_another_collection_is_refused_until_it_is_applied(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with weaviate_beside() as double:
            file = configuration(tmp_path, double)
            await applied(file)
            sources = Sources(file, {})
            async with running(sources, load(sources)) as server:
                configuration(tmp_path, double, "collection: Other")
                assert not await server.reloader.reload()
                assert "Other: create the collection" in str([vars(record) for record in caplog.records])
                assert await searches(server.address) == 0
                await applied(file)
                assert await server.reloader.reload()
                assert await searches(server.address) == 0

    async def test_with_another_embedder_is_another_schema(self, tmp_path: Path) -> None:
        with weaviate_beside() as double:
            file = configuration(tmp_path, double)
            await applied(file)
            sources = Sources(file, {})
            async with running(sources, load(sources)) as server:
                configuration(tmp_path, double, "embedder: local")
                assert not await server.reloader.reload()


async def test_a_server_over_a_module_of_weaviates_stores_and_finds(tmp_path: Path, double: FakeWeaviate) -> None:
    file = configuration(tmp_path, double, "embedder: inside")
    module = "embedders: {inside: {kind: weaviate, module: text2vec-transformers}}\n"
    file.write_text(module + file.read_text())
    await applied(file)
    sources = Sources(file, {})
    async with running(sources, load(sources)) as server:
        offer = server.reloader.current.snapshot
        document = Document("post", "Parcels wait in the mail room.", allowed_principals=frozenset({"*"}))
        await offer.ingest.store(Caller("acme", "alice"), document, NEVER)
        assert await searches(server.address) == 1
    assert "Where do parcels wait?" in double.world.embedded
    # A change of it is made only when somebody allows documents to be lost.
    file.write_text(file.read_text().replace("transformers", "ollama"))
    assert "text2vec-ollama@" in await begun(file)
    assert await asyncio.to_thread(run, ["corpus", "apply", "--config", str(file), "--yes"]) != 0
    arguments = ["corpus", "apply", "--config", str(file), "--yes", "--delete-documents"]
    assert await asyncio.to_thread(run, arguments) == 0


@pytest.mark.process
def test_a_server_without_one_does_not_import_its_client() -> None:
    program = """
import asyncio, sys, tempfile
from pathlib import Path
from groundwire_server.app.configuration.load import load
from groundwire_server.app.serve import running
from tests.doubles.configured import beside

async def main():
    with tempfile.TemporaryDirectory() as folder:
        sources = beside(Path(folder), embedder=None)
        async with running(sources, load(sources)):
            sys.exit("imported" if {"weaviate", "httpx"} & set(sys.modules) else 0)

asyncio.run(main())
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=180, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.process
def test_what_is_sent_to_a_weaviate_is_not_logged_request_by_request() -> None:
    program = (
        "import logging, sys; from groundwire_server.app.logs import logging_to; "
        "from groundwire_server.telemetry.line_sums import LineSums\n"
        "with logging_to(sys.stderr, 'INFO', LineSums(lambda: 0.0)): print(logging.getLogger('httpx').level)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=180, check=False)
    assert ran.stdout == f"{logging.WARNING}\n"
