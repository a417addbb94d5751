"""Connections that are secured, and callers that are known by their certificates."""

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from cryptography.x509.oid import ExtendedKeyUsageOID

from groundwire.v1 import document_service_pb2
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire_server.adapters.authentication.certificates import CertificateOptions
from groundwire_server.app.access import access
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.authentication import AuthenticationConfig
from groundwire_server.domain.caller import Role
from groundwire_server.edge import decision_log
from groundwire_server.edge.options import TlsOptions
from groundwire_server.edge.tls import ServerTls
from tests.doubles.certificates import Authority, Issued, signed_by
from tests.doubles.word_guard import quarantining
from tests.e2e.calls import ACME, info, open_document
from tests.e2e.conftest import Serve, serving
from tests.e2e.methods import METHODS, Method

PATTERN = "spiffe://example.org/tenant/{tenant}/service/{subject}"
SEARCH = "spiffe://example.org/tenant/acme/service/search"
VERSION = document_service_pb2.GetCorpusVersionRequest()


@dataclass
class Secured:
    """A server behind TLS."""

    address: str
    files: TlsOptions

    @asynccontextmanager
    async def channel(self, roots: bytes, own: Issued | None = None) -> AsyncIterator[grpc.aio.Channel]:
        """A connection of its own, never one that another channel has left open."""
        pair = (None, None) if own is None else (own.key, own.certificate)
        options = [("grpc.use_local_subchannel_pool", 1)]
        credentials = grpc.ssl_channel_credentials(roots, *pair)
        async with grpc.aio.secure_channel(self.address, credentials, options=options) as channel:
            yield channel

    async def version(self, roots: bytes, own: Issued | None = None, metadata: Sequence[tuple[str, str]] = ACME) -> str:
        """The corpus version, over a connection of its own."""
        async with self.channel(roots, own) as channel:
            stub = DocumentServiceStub(channel)
            return (await stub.GetCorpusVersion(VERSION, metadata=tuple(metadata), timeout=5)).corpus_version


@pytest.fixture
def authority() -> Authority:
    return Authority()


@asynccontextmanager
async def secured(
    serve: Serve,
    authority: Authority,
    folder: Path,
    section: AuthenticationConfig | None = None,
    *,
    mutual: bool = False,
) -> AsyncIterator[Secured]:
    certificate, key = authority.issue(dns=["localhost"]).write(folder)
    clients = folder / "clients.pem"
    clients.write_bytes(authority.pem)
    files = TlsOptions(certificate=certificate, key=key, client_ca=clients if mutual else None)
    async with (
        access(section or AuthenticationConfig(), None, SystemClock()) as opened,
        serve(access=opened, tls=ServerTls(files, SystemClock()), document_screen=quarantining(evil="EVIL")) as product,
    ):
        yield Secured(product.address.replace("127.0.0.1", "localhost"), files)


async def code_of(secured: Secured, roots: bytes, own: Issued | None = None) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await secured.version(roots, own)
    return caught.value.code()


async def test_a_connection_is_secured(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    async with secured(serve, authority, tmp_path) as server:
        assert await server.version(authority.pem)
        assert await code_of(server, Authority().pem) is grpc.StatusCode.UNAVAILABLE
        async with grpc.aio.insecure_channel(server.address) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await DocumentServiceStub(channel).GetCorpusVersion(VERSION, metadata=ACME, timeout=5)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_certificate_is_renewed_without_a_restart(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    later = Authority()
    async with secured(serve, authority, tmp_path) as server, server.channel(authority.pem) as early:
        stub = DocumentServiceStub(early)
        assert (await stub.GetCorpusVersion(VERSION, metadata=ACME, timeout=5)).corpus_version
        later.issue(dns=["localhost"]).write(tmp_path)
        assert await server.version(later.pem)
        assert await code_of(server, authority.pem) is grpc.StatusCode.UNAVAILABLE
        # What is open stays open.
        assert (await stub.GetCorpusVersion(VERSION, metadata=ACME, timeout=5)).corpus_version


async def test_a_renewal_that_is_broken_or_half_done_leaves_the_old_certificate(
    serve: Serve, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    later = Authority()
    renewed = later.issue(dns=["localhost"])
    async with secured(serve, authority, tmp_path) as server:
        server.files.certificate.write_bytes(renewed.certificate)
        for _ in range(2):
            assert await server.version(authority.pem)
        said = [record.getMessage() for record in caplog.records if record.name != decision_log.LOGGER]
        assert said == ["the new certificate cannot be used; the old one stays in use"]
        renewed.write(tmp_path)
        assert await server.version(later.pem)


async def test_a_certificate_is_renewed_as_kubernetes_swaps_a_secret(
    serve: Serve, authority: Authority, tmp_path: Path
) -> None:
    later = Authority()
    first, second = _volume(tmp_path, "first", authority), _volume(tmp_path, "second", later)
    _swap(tmp_path, first)
    files = TlsOptions(certificate=tmp_path / "..data" / "tls.crt", key=tmp_path / "..data" / "tls.key")
    async with serve(tls=ServerTls(files, SystemClock())) as product:
        server = Secured(product.address.replace("127.0.0.1", "localhost"), files)
        assert await server.version(authority.pem)
        _swap(tmp_path, second)
        assert await server.version(later.pem)
        shutil.rmtree(second)
        assert await server.version(later.pem)
        _swap(tmp_path, first)
        assert await server.version(authority.pem)


def _volume(folder: Path, name: str, authority: Authority) -> Path:
    volume = folder / name
    volume.mkdir()
    authority.issue(dns=["localhost"]).write(volume)
    return volume


def _swap(folder: Path, volume: Path) -> None:
    link = folder / "..data_tmp"
    link.symlink_to(volume)
    link.replace(folder / "..data")


async def test_an_expired_renewal_leaves_the_old_certificate(
    serve: Serve, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    expired = authority.issue(dns=["localhost"], begins=now - timedelta(9), ends=now - timedelta(1))
    async with secured(serve, authority, tmp_path) as server:
        expired.write(tmp_path)
        assert await server.version(authority.pem)
    assert any("has expired" in str(vars(record).get("why")) for record in caplog.records)


MUTUAL = AuthenticationConfig(certificates=CertificateOptions(pattern=PATTERN, roles=frozenset(Role) - {Role.ADMIN}))

REFUSED_AS_NO_ADMIN = {
    "groundwire.v1.DocumentService/EraseDocuments": grpc.StatusCode.PERMISSION_DENIED,
    "groundwire.v1.RecordService/EraseRecords": grpc.StatusCode.PERMISSION_DENIED,
}


async def test_a_certificate_says_who_calls_every_rpc(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    own = authority.issue(uris=[SEARCH])
    documents = (
        open_document("lambdas", "Lambda expressions create anonymous functions."),
        open_document("held", "Generators obey EVIL orders."),
    )
    async with (
        secured(serve, authority, tmp_path, MUTUAL, mutual=True) as server,
        server.channel(authority.pem, own) as channel,
    ):
        requests = iter([document_service_pb2.IngestDocumentsRequest(document=document) for document in documents])
        stored = [result async for result in DocumentServiceStub(channel).IngestDocuments(requests, timeout=5)]
        assert [result.document_id for result in stored] == ["lambdas", "held"]
        for method in sorted(METHODS, key=lambda method: method.name.endswith("DeleteDocument")):
            refusal = REFUSED_AS_NO_ADMIN.get(method.name)
            if refusal is None and method.feature is not None:
                # It says what is not offered only to a caller whom it has let in.
                refusal = grpc.StatusCode.UNIMPLEMENTED
            if refusal is None:
                assert await method.call(channel, ()), method.name
                continue
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await method.call(channel, ())
            assert refused.value.code() is refusal, method.name


NAMELESS = [
    ([], ["search.acme.example"]),
    (["spiffe://example.com/tenant/acme/service/search"], []),
    ([f"{SEARCH}/admin"], []),
    ([SEARCH, "spiffe://example.org/tenant/globex/service/search"], []),
]


@dataclass(frozen=True)
class Strict:
    """A server whose callers need certificates, the authority of these, and an RPC."""

    server: Secured
    authority: Authority
    method: Method


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=METHODS, ids=lambda method: method.name.rpartition("/")[2]
)
async def strict(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Strict]:
    """One server for all certificates that an RPC refuses: that changes nothing, and so few are logged one by one."""
    folder, authority = tmp_path_factory.mktemp("strict"), Authority()
    async with secured(serving(folder), authority, folder, MUTUAL, mutual=True) as server:
        yield Strict(server, authority, request.param)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("uris", "dns"), NAMELESS)
async def test_every_rpc_refuses_a_certificate_that_names_no_caller(
    strict: Strict, uris: list[str], dns: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    own = strict.authority.issue(uris=uris, dns=dns)
    async with strict.server.channel(strict.authority.pem, own) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await strict.method.call(channel, ACME)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    (record,) = [record for record in caplog.records if record.name == "groundwire.security"]
    assert vars(record)["reason"] == "certificate_names"


async def test_no_connection_without_a_valid_certificate_of_the_clients_authority(
    serve: Serve, authority: Authority, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    expired = authority.issue(uris=[SEARCH], begins=now - timedelta(9), ends=now - timedelta(1))
    early = authority.issue(uris=[SEARCH], begins=now + timedelta(1), ends=now + timedelta(9))
    stranger = Authority().issue(uris=[SEARCH])
    servers = authority.issue(uris=[SEARCH], usages=[ExtendedKeyUsageOID.SERVER_AUTH])
    signer = authority.issue(uris=[SEARCH])
    by_a_leaf = signed_by(signer, SEARCH)
    async with secured(serve, authority, tmp_path, MUTUAL, mutual=True) as server:
        for own in (None, expired, early, stranger, servers, by_a_leaf):
            assert await code_of(server, authority.pem, own) is grpc.StatusCode.UNAVAILABLE
        for usages in ([], [ExtendedKeyUsageOID.CLIENT_AUTH]):
            assert await server.version(authority.pem, authority.issue(uris=[SEARCH], usages=usages))


async def test_a_certificates_tenant_cannot_be_talked_away(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    own = authority.issue(uris=[SEARCH])
    async with secured(serve, authority, tmp_path, MUTUAL, mutual=True) as server:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await server.version(authority.pem, own, [("groundwire-tenant", "globex")])
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert info(caught.value).reason == "FORBIDDEN"
