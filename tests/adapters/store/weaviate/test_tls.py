"""TLS to both of Weaviate's ports, with an authority of the operator's own."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import trustme

from groundwire_server.adapters.store.weaviate.failures import StoreFailure, WeaviateFault
from groundwire_server.adapters.store.weaviate.options import WeaviateTlsOptions
from groundwire_server.adapters.store.weaviate.store import WeaviateStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.deadline import NEVER
from tests.contract.stores import ALICE, AXES, Store, altered, opened_weaviate, weaviate_options
from tests.doubles.spans import Spans
from tests.doubles.weaviate.server import FakeWeaviate


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def double(authority: trustme.CA) -> AsyncIterator[FakeWeaviate]:
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    chain = b"".join(each.bytes() for each in certificate.cert_chain_pems)
    credentials = grpc.ssl_server_credentials([(certificate.private_key_pem.bytes(), chain)])
    async with FakeWeaviate(tls=(context, credentials)) as started:
        started.world.key = "secret-key"
        yield started


async def test_with_the_operators_authority_works_on_both_ports(
    double: FakeWeaviate, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    options = altered(weaviate_options(double), tls=WeaviateTlsOptions(ca=tmp_path / "ca.pem"))
    async with opened_weaviate(options) as opened:
        store = Store(opened.retriever, opened.corpus, opened.sentence_vectors)
        await store.put("post", "Parcels.")
        assert await store.found("parcels") == ["post/0"]


@pytest.mark.parametrize("trusted", ["none", "system", "another"])
async def test_with_another_is_refused(double: FakeWeaviate, trusted: str, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = {"system": WeaviateTlsOptions(), "another": WeaviateTlsOptions(ca=tmp_path / "ca.pem")}.get(trusted)
    options = altered(weaviate_options(double), tls=tls, max_attempts=1)
    store = WeaviateStore.open(options, AXES, SystemClock(), Spans().recording)
    with pytest.raises(StoreFailure) as failure:
        await store.corpus.version(ALICE, NEVER)
    assert failure.value.fault is WeaviateFault.UNAVAILABLE
    await store.close()
