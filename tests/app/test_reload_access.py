"""What a new configuration must not do to who is let in."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import grpc
import grpc.aio
import pytest
from aiohttp import web

from groundwire.v1 import document_service_pb2
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire_server.adapters.authentication import key_file
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.reload import ConfigReloader
from groundwire_server.app.serve import Running, running
from tests.doubles.issuer import AUDIENCE, Issuer

KEPT = "the new configuration is invalid; the old one stays in use"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "groundwire.yaml"


def configured(folder: Path, jwks: str = "", more: str = "") -> str:
    tokens = f"tokens: [{{issuer: {Issuer().name}, audience: {AUDIENCE}, jwks: '{jwks}'}}]" if jwks else ""
    with key_file.changing(folder / "keys.json"):
        pass
    written = f"""\
        stores: {{main: {{kind: embedded, folder: {folder / "data"}}}}}
        models: {{extractive: {{kind: extractive, store: main}}}}
        routes: {{default: {{store: main, models: [extractive]}}}}
        authentication:
          api_keys: {{file: {folder / "keys.json"}}}
          {tokens}
        """
    return dedent(written) + more


@asynccontextmanager
async def served(file: Path) -> AsyncIterator[Running]:
    sources = Sources(file, {}, {"--listen": (("server", "listen"), "127.0.0.1:0")})
    async with running(sources, load(sources)) as server:
        yield server


def write(file: Path, text: str) -> None:
    file.write_text(text)


async def code_of(server: Running, **credential: str) -> grpc.StatusCode:
    async with grpc.aio.insecure_channel(server.address) as channel:
        metadata = tuple((name.replace("_", "-"), value) for name, value in credential.items())
        call: Any = DocumentServiceStub(channel).GetCorpusVersion(
            document_service_pb2.GetCorpusVersionRequest(), metadata=metadata, timeout=10
        )
        code: grpc.StatusCode = await call.code()
        return code


async def kept(in_force: ConfigReloader, caplog: pytest.LogCaptureFixture) -> str:
    """Reload what cannot be used; return what is said of it."""
    caplog.clear()
    assert not await in_force.reload()
    (record,) = [record for record in caplog.records if record.getMessage() == KEPT]
    return str(vars(record)["why"])


@pytest.mark.parametrize("found", ["", "# half written\n", "telemetry: {log_level: INFO}\n"])
async def test_a_file_that_is_half_written_opens_nothing(
    file: Path, found: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(file, configured(file.parent))
    async with served(file) as server:
        write(file, found)
        said = await kept(server.reloader, caplog)
        assert "authentication: cannot be removed while the server runs" in said
        assert await code_of(server, groundwire_tenant="acme") is grpc.StatusCode.UNAUTHENTICATED


async def test_an_issuer_that_is_down_at_a_reload_is_known_from_before(file: Path) -> None:
    issuer = Issuer()
    up = True

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=issuer.jwks) if up else web.Response(status=503)

    application = web.Application()
    application.router.add_get("/jwks.json", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    jwks = f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json"
    authorization = f"Bearer {issuer.sign(issuer.claims(time.time()))}"
    try:
        write(file, configured(file.parent, jwks))
        async with served(file) as server:
            assert await code_of(server, authorization=authorization) is grpc.StatusCode.OK
            up = False
            for tenants in ("[acme]", "[acme, globex]"):
                write(file, configured(file.parent, jwks, f"tenants: {tenants}\n"))
                assert await server.reloader.reload()
                assert await code_of(server, authorization=authorization) is grpc.StatusCode.OK
            # An issuer that was given up is not remembered.
            for others in ("", jwks):
                write(file, configured(file.parent, others))
                assert await server.reloader.reload()
                assert await code_of(server, authorization=authorization) is grpc.StatusCode.UNAUTHENTICATED
    finally:
        await runner.cleanup()


async def test_a_file_nested_without_end_ends_no_reloading(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(file, configured(file.parent))
    async with served(file) as server:
        write(file, "[" * 20_000)
        assert "is nested over" in await kept(server.reloader, caplog)
        write(file, configured(file.parent, more="tenants: [acme]\n"))
        assert await server.reloader.reload()
