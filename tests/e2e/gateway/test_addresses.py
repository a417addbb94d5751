"""Where a gateway listens: with TLS, behind a proxy, beside other workers, and until it drains."""

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest

from groundwire_server.adapters.authentication.certificates import CertificateOptions
from groundwire_server.app.access import access
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.authentication import AuthenticationConfig
from groundwire_server.app.serve import running
from groundwire_server.domain.caller import Role
from groundwire_server.edge.gateway.options import GatewayOptions
from groundwire_server.edge.gateway.server import Gateway
from groundwire_server.edge.gateway.tls import GatewayTls
from groundwire_server.edge.options import TlsOptions
from tests.doubles.certificates import Authority
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait, draft
from tests.e2e.calls import ingest
from tests.e2e.conftest import Serve
from tests.e2e.gateway.conftest import ANSWER, EVENTS, JSON, LISTEN, QUESTION, TENANT, browsing, events

INFO = "/groundwire.v1.ServerInfoService/GetServerInfo"
PATTERN = "spiffe://example.org/tenant/{tenant}/service/{subject}"


def trusting(authority: Authority, own: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    """What a client connects with."""
    context = ssl.create_default_context(cadata=authority.pem.decode())
    if own is not None:
        context.load_cert_chain(*own)
    return context


async def health(gateway: Gateway, authority: Authority) -> int:
    """The status of a request over a connection of its own."""
    url = f"{gateway.address}/healthz"
    async with aiohttp.ClientSession() as session, session.get(url, ssl=trusting(authority)) as response:
        return response.status


async def test_tls_and_a_new_certificate_without_a_restart(serve: Serve, tmp_path: Path) -> None:
    first, second = Authority(), Authority()
    certificate, key = first.issue(dns=["localhost"]).write(tmp_path)
    options = GatewayOptions(listen="localhost:0", tls=TlsOptions(certificate=certificate, key=key))
    assert options.tls is not None
    async with serve() as product:
        gateway = await Gateway.of(product.server, options, product.current)
        await gateway.start(GatewayTls(options.tls, SystemClock()).context)
        try:
            assert gateway.address.startswith("https://localhost:")
            assert await health(gateway, first) == 200
            second.issue(dns=["localhost"]).write(tmp_path)
            assert await health(gateway, second) == 200
            key.write_text("nonsense")
            assert await health(gateway, second) == 200
        finally:
            await gateway.drain(0.0, 0.0)


async def test_a_caller_is_known_by_its_certificate(serve: Serve, tmp_path: Path) -> None:
    authority = Authority()
    server, client = tmp_path / "server", tmp_path / "client"
    for folder in (server, client):
        folder.mkdir()
    certificate, key = authority.issue(dns=["localhost"]).write(server)
    uri = "spiffe://example.org/tenant/acme/service/search"
    own = authority.issue(uris=[uri]).write(client)
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    tls = TlsOptions(certificate=certificate, key=key, client_ca=tmp_path / "ca.pem")
    config = AuthenticationConfig(certificates=CertificateOptions(pattern=PATTERN, roles=(Role.READER,)))
    async with access(config, None, SystemClock()) as admitted, serve(access=admitted) as product:
        gateway = await Gateway.of(product.server, GatewayOptions(listen="localhost:0", tls=tls), product.current)
        await gateway.start(GatewayTls(tls, SystemClock()).context)
        try:
            async with aiohttp.ClientSession() as session:
                url = gateway.address + INFO
                async with session.post(url, json={}, ssl=trusting(authority, own)) as response:
                    caller = (await response.json())["serverInfo"]["caller"]
                    assert (caller["tenant"], caller["subject"]) == ("acme", "search")
                with pytest.raises(aiohttp.ClientError):
                    async with session.post(url, json={}, ssl=trusting(authority)) as response:
                        await response.read()
        finally:
            await gateway.drain(0.0, 0.0)


async def test_the_security_log_has_the_client_behind_the_proxy(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    options = GatewayOptions(listen=LISTEN, trusted_proxies=("127.0.0.0/8",))
    async with serve(gateway=options) as product, browsing(product) as browser:
        with caplog.at_level("WARNING", "groundwire.security"):
            forwarded = {"x-forwarded-for": "203.0.113.9, 198.51.100.1"}
            assert (await browser.send(ANSWER, QUESTION, JSON | forwarded)).status == 401
    (denied,) = [each for each in caplog.records if each.name == "groundwire.security"]
    assert denied.__dict__["peer"] == "198.51.100.1"


async def test_a_drain_lets_a_stream_finish(serve: Serve) -> None:
    script: list[Move] = [Wait(0.5), *draft(("Lambda expressions create anonymous functions.", ["p1"])), DONE]
    generator = ScriptedGenerator(script)
    async with serve(generator, gateway=GatewayOptions(listen=LISTEN)) as product, browsing(product) as browser:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        asking = asyncio.create_task(browser.send(EVENTS, QUESTION, JSON | TENANT))
        await generator.began.wait()
        assert product.gateway is not None
        draining = asyncio.create_task(product.gateway.drain(0.2, 10.0))
        await asyncio.sleep(0.05)
        health = await browser.send("/healthz", method="GET")
        assert (health.status, health.json) == (503, {"status": "NOT_SERVING"})
        assert events((await asking).body)[-1]["event"] == "end"
        await draining
        with pytest.raises(aiohttp.ClientConnectorError):
            await browser.send("/healthz", method="GET")


async def test_a_configuration_opens_a_gateway(tmp_path: Path) -> None:
    file = tmp_path / "groundwire.yaml"
    file.write_text(f"""
server: {{listen: "127.0.0.1:0"}}
gateway: {{listen: "127.0.0.1:0"}}
stores: {{main: {{kind: embedded, folder: "{tmp_path}/data"}}}}
models: {{extract: {{kind: extractive}}}}
routes: {{default: {{models: [extract], store: main, thresholds: {{min_relevance: 0.05}}}}}}
""")
    sources = Sources(file)
    async with (
        running(sources, load(sources)) as server,
        aiohttp.ClientSession() as session,
        session.post(f"{server.gateway}{INFO}", json={}, headers=TENANT) as response,
    ):
        assert (await response.json())["serverInfo"]["caller"]["tenant"] == "acme"
